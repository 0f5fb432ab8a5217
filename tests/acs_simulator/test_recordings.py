"""Recordings through the real SDK: what is in the file, what is not, and what the app is told."""

from __future__ import annotations

import io
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from azure.communication.callautomation import (
    AzureBlobContainerRecordingStorage,
    RecordingChannel,
    RecordingContent,
    RecordingFormat,
    ServerCallLocator,
)
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError

from localdev.acs_simulator import Call
from tests.acs_simulator.conftest import Bench
from tests.acs_simulator.sounds import tone

CONTAINER = "http://127.0.0.1:10000/account/artvoice"


async def connected(bench: Bench, tmp_path: Path, *faults: str, **changes: Any) -> tuple[Call, Any]:
    simulator = await bench.simulator(recordings_dir=tmp_path, **changes)
    client = await bench.client(simulator)
    call, _ = await bench.answered(simulator, client, faults=faults)
    await bench.app.socket()
    return call, client


def wanted(bench: Bench, **changes: Any) -> dict[str, Any]:
    return {
        "recording_content_type": RecordingContent.AUDIO,
        "recording_channel_type": RecordingChannel.MIXED,
        "recording_format_type": RecordingFormat.WAV,
        "recording_storage": AzureBlobContainerRecordingStorage(CONTAINER),
        "recording_state_callback_url": bench.app.callback_url,
    } | changes


async def until_ms(call: Call, at_ms: float) -> None:
    await call.clock.reach(at_ms + 10)


def sound(tmp_path: Path) -> tuple[int, Any]:
    """Return length in ms and samples (one row per channel) of the only file."""
    (path,) = tmp_path.rglob("*.wav")
    with wave.open(io.BytesIO(path.read_bytes())) as file:
        frames, channels = file.readframes(file.getnframes()), file.getnchannels()
        ms = file.getnframes() * 1000 // file.getframerate()
    return ms, np.frombuffer(frames, "<i2").reshape(-1, channels).T.astype(int)


async def test_a_recording_is_started_looked_at_paused_resumed_and_stopped(
    bench: Bench, tmp_path: Path
) -> None:
    call, client = await connected(bench, tmp_path)
    options = wanted(bench, call_connection_id=call.connection_id)

    started = await client.start_recording(**options)
    await client.pause_recording(started.recording_id)
    paused = await client.get_recording_properties(started.recording_id)
    await client.resume_recording(started.recording_id)
    resumed = await client.get_recording_properties(started.recording_id)
    await client.stop_recording(started.recording_id)

    states = [str(each.recording_state) for each in (started, paused, resumed)]
    assert states == ["active", "inactive", "active"]
    with pytest.raises(ResourceNotFoundError):
        await client.get_recording_properties(started.recording_id)


async def test_what_is_paused_is_not_in_the_file(bench: Bench, tmp_path: Path) -> None:
    call, client = await connected(bench, tmp_path)
    started = await client.start_recording(**wanted(bench, call_connection_id=call.connection_id))
    at = call.clock.now_ms()
    call.say(tone(400), at_ms=at + 1000)  # while it is paused

    await until_ms(call, at + 500)
    await client.pause_recording(started.recording_id)
    await until_ms(call, at + 2000)
    await client.resume_recording(started.recording_id)
    await until_ms(call, at + 2500)
    call.hang_up()
    await call.finished()

    ms, samples = sound(tmp_path)
    assert ms == pytest.approx(1000, abs=60)
    assert np.abs(samples).max() == 0
    assert np.abs(np.frombuffer(call.said_pcm(), "<i2").astype(int)).max() > 1000


@pytest.mark.parametrize(
    ("channel", "sides"), [(RecordingChannel.MIXED, 1), (RecordingChannel.UNMIXED, 2)]
)
async def test_both_sides_are_in_the_file_together_or_apart(
    bench: Bench, tmp_path: Path, channel: RecordingChannel, sides: int
) -> None:
    call, client = await connected(bench, tmp_path)
    locator = ServerCallLocator(call.server_call_id)
    await client.start_recording(locator, **wanted(bench, recording_channel_type=channel))
    socket = await bench.app.socket()
    at = call.clock.now_ms()
    call.say(tone(200), at_ms=at + 300)

    await until_ms(call, at + 1000)
    await socket.play(tone(200))
    await until_ms(call, at + 2000)
    call.hang_up()
    await call.finished()

    _, samples = sound(tmp_path)
    loud = [[int(n) for n in np.flatnonzero(np.abs(side) > 1000)[[0, -1]]] for side in samples]
    first, last = loud[0][0] // 16, loud[-1][-1] // 16
    assert len(samples) == sides
    assert first == pytest.approx(300, abs=60)
    assert last == pytest.approx(1200, abs=100)


async def test_a_recording_that_begins_paused_holds_nothing_before_it_is_resumed(
    bench: Bench, tmp_path: Path
) -> None:
    call, client = await connected(bench, tmp_path)
    options = wanted(bench, call_connection_id=call.connection_id, pause_on_start=True)

    started = await client.start_recording(**options)
    await until_ms(call, call.clock.now_ms() + 1000)
    call.hang_up()
    await call.finished()

    ms, _ = sound(tmp_path)
    assert (str(started.recording_state), ms) == ("inactive", 0)


async def test_the_app_is_told_by_callbacks_how_a_recording_is(
    bench: Bench, tmp_path: Path
) -> None:
    call, client = await connected(bench, tmp_path)
    started = await client.start_recording(**wanted(bench, call_connection_id=call.connection_id))
    call.hang_up()
    await call.finished()

    told = bench.app.events("RecordingStateChanged")
    assert [event["data"]["state"] for event in told] == ["active", "inactive"]
    assert {event["data"]["recordingId"] for event in told} == {started.recording_id}
    assert told[0]["source"].endswith(f"{started.recording_id}/RecordingStateChanged")


async def test_a_call_is_recorded_once_at_a_time(bench: Bench, tmp_path: Path) -> None:
    call, client = await connected(bench, tmp_path)
    options = wanted(bench, call_connection_id=call.connection_id)
    started = await client.start_recording(**options)

    with pytest.raises(ResourceExistsError):
        await client.start_recording(**options)
    with pytest.raises(HttpResponseError, match="the recording is active"):
        await client.resume_recording(started.recording_id)


async def test_a_recording_may_fail_to_start(bench: Bench, tmp_path: Path) -> None:
    call, client = await connected(bench, tmp_path, "recording_fail")

    with pytest.raises(HttpResponseError):
        await client.start_recording(**wanted(bench, call_connection_id=call.connection_id))


async def test_storage_and_callbacks_beyond_this_machine_are_refused(
    bench: Bench, tmp_path: Path
) -> None:
    call, client = await connected(bench, tmp_path)
    away = AzureBlobContainerRecordingStorage("https://blobs.example.com/c")

    with pytest.raises(HttpResponseError, match="loopback"):
        await client.start_recording(
            **wanted(bench, call_connection_id=call.connection_id, recording_storage=away)
        )
