"""The media socket and what the caller hears, on one clock."""

from __future__ import annotations

import asyncio
import base64
import itertools
from datetime import datetime
from typing import Any

import pytest
from azure.communication.callautomation import FileSource

from localdev.acs_simulator import Call
from tests.acs_simulator.app import DEAD, Socket
from tests.acs_simulator.conftest import Bench
from tests.acs_simulator.sounds import silence, tone


async def streaming(bench: Bench, *faults: str, **changes: Any) -> tuple[Call, Socket]:
    """Return a call whose media socket is open."""
    simulator = await bench.simulator()
    client = await bench.client(simulator)
    options = {"media_streaming": bench.streaming(**changes)}
    call, _ = await bench.answered(simulator, client, faults=faults, **options)
    return call, await bench.app.socket()


def media_ms(call: Call, frame: dict[str, Any]) -> float:
    """Place a frame on the call's clock by its timestamp."""
    return (datetime.fromisoformat(frame["timestamp"]) - call.clock.epoch).total_seconds() * 1000


async def test_the_metadata_comes_first_and_once(bench: Bench) -> None:
    _, socket = await streaming(bench)

    await bench.app.until(lambda: len(socket.messages) >= 20)

    kinds = [message["kind"] for message in socket.messages]
    assert kinds == ["AudioMetadata"] + ["AudioData"] * (len(kinds) - 1)
    metadata = socket.messages[0]["audioMetadata"]
    assert metadata | {"subscriptionId": ""} == {
        "subscriptionId": "",
        "encoding": "PCM",
        "sampleRate": 16000,
        "channels": 1,
        "length": 640,
    }


async def test_frames_keep_time_without_drift(bench: Bench) -> None:
    call, socket = await streaming(bench)

    await bench.app.until(lambda: len(socket.frames()) >= 3000)

    times = [media_ms(call, frame) for frame in socket.frames()]
    assert {round(b - a, 3) for a, b in itertools.pairwise(times)} == {20.0}
    assert times[0] % 20 == 0
    assert call.clock.now_ms() == pytest.approx(times[-1] + 20, abs=25)
    assert call.stats()["late_ticks"] == 0


async def test_a_quiet_caller_sends_silence(bench: Bench) -> None:
    _, socket = await streaming(bench)

    await bench.app.until(lambda: len(socket.frames()) >= 5)

    frame = socket.frames()[0]
    assert frame["silent"] is True
    assert base64.b64decode(frame["data"]) == bytes(640)
    assert "participantRawID" not in frame


async def test_what_the_caller_says_arrives_sample_by_sample_at_its_time(bench: Bench) -> None:
    call, socket = await streaming(bench)
    words = tone(130)

    call.say(words, at_ms=1000, text="hello")
    ended = await call.timeline.wait_for("utterance_ended", index=0)
    await bench.app.until(lambda: len(socket.frames()) > 60)

    spoken = [frame for frame in socket.frames() if not frame["silent"]]
    assert media_ms(call, spoken[0]) == ended.facts["start_ms"] == 1000
    assert ended.facts["end_ms"] == 1130
    assert b"".join(base64.b64decode(f["data"]) for f in spoken) == words + silence(10)
    assert call.said_pcm()[32_000 : 32_000 + len(words)] == words


async def test_what_the_app_sends_is_heard_in_real_time(bench: Bench) -> None:
    call, socket = await streaming(bench)

    await socket.play(tone(500) + silence(400) + tone(100))
    first = await call.timeline.wait_for("heard")
    second = await call.timeline.wait_for("heard", after=first.n + 1)

    assert first.facts["end_ms"] - first.facts["start_ms"] == 500
    assert second.facts["start_ms"] - first.facts["end_ms"] == 400
    start = round(first.facts["start_ms"]) * 32
    assert call.heard_pcm()[start : start + 500 * 32] == tone(500)


async def test_a_stop_ends_what_is_heard_within_a_frame(bench: Bench) -> None:
    call, socket = await streaming(bench)
    await socket.play(tone(5000))
    started = await call.timeline.wait_for("heard_started")
    await bench.app.until(lambda: len(socket.frames()) > 50)

    await socket.stop_audio()
    stop = await call.timeline.wait_for("stop_audio")
    heard = await call.timeline.wait_for("heard")

    assert heard.facts["end_ms"] <= stop.at_ms + 20
    assert heard.facts["end_ms"] > started.facts["start_ms"] + 500
    assert stop.facts["cleared_ms"] == pytest.approx(
        5000 - (heard.facts["end_ms"] - heard.facts["start_ms"]), abs=1
    )
    assert call.stats()["buffered_ms"] == 0


async def test_the_caller_answers_when_the_agent_has_finished(bench: Bench) -> None:
    call, socket = await streaming(bench)
    call.say(tone(300), quiet_ms=700)

    await socket.play(tone(1000))
    ended = await call.timeline.wait_for("utterance_ended", index=0)

    [heard] = call.timeline.of("heard")
    assert 700 <= ended.facts["start_ms"] - heard.facts["end_ms"] < 740


async def test_the_caller_does_not_talk_into_a_prompt(bench: Bench) -> None:
    simulator = await bench.simulator()
    client = await bench.client(simulator)
    call, _ = await bench.answered(simulator, client, media_streaming=None)
    await call.until("connected")
    call.say(tone(100), quiet_ms=0)

    await client.get_call_connection(call.connection_id).play_media_to_all(
        FileSource(url=f"{bench.app.url}/prompt.wav")
    )
    ended = await call.timeline.wait_for("utterance_ended")

    [prompt] = call.timeline.of("prompt_ended")
    assert ended.facts["start_ms"] > prompt.at_ms


async def test_both_sides_are_recorded_on_one_clock(bench: Bench) -> None:
    call, socket = await streaming(bench)
    call.say(tone(100), at_ms=2000)
    await socket.play(tone(100))
    await call.timeline.wait_for("utterance_ended")

    call.hang_up()
    await call.finished()

    assert len(call.heard_pcm()) == len(call.said_pcm())
    assert call.said_pcm()[:64_000] == bytes(64_000)


async def test_a_call_may_run_at_24_khz(bench: Bench) -> None:
    call, socket = await streaming(bench, audio_format="pcm24KMono")
    call.say(tone(100), at_ms=1000)

    ended = await call.timeline.wait_for("utterance_ended")

    assert socket.messages[0]["audioMetadata"]["sampleRate"] == 24000
    assert len(base64.b64decode(socket.frames()[0]["data"])) == 960
    assert ended.facts["end_ms"] - ended.facts["start_ms"] == pytest.approx(100, abs=3)


async def test_unmixed_frames_name_the_caller(bench: Bench) -> None:
    _, socket = await streaming(bench, audio_channel_type="unmixed")

    await bench.app.until(socket.frames)

    assert socket.frames()[0]["participantRawID"] == "4:+15550100"


async def test_a_one_way_stream_is_not_heard(bench: Bench) -> None:
    call, socket = await streaming(bench, enable_bidirectional=False)

    await socket.play(tone(200))
    await bench.app.until(lambda: len(socket.frames()) > 60)

    assert call.stats()["received_ms"] == 0


@pytest.mark.parametrize("wanted", [True, False])
async def test_keys_arrive_if_they_were_asked_for(bench: Bench, wanted: bool) -> None:
    call, socket = await streaming(bench, enable_dtmf_tones=wanted)

    call.press("5", at_ms=500)
    pressed = await call.timeline.wait_for("dtmf")
    await bench.app.until(lambda: len(socket.frames()) > 40)

    assert pressed.at_ms == pytest.approx(500, abs=1)
    keys = [m["dtmfData"]["data"] for m in socket.messages if m["kind"] == "DtmfData"]
    assert keys == (["5"] if wanted else [])


@pytest.mark.parametrize("status", [503, DEAD])
async def test_a_socket_the_app_refuses_fails_and_can_be_dialled_again(
    bench: Bench, status: int
) -> None:
    simulator = await bench.simulator()
    client = await bench.client(simulator)
    bench.app.socket_status = status
    call, _ = await bench.answered(simulator, client)
    failed = await bench.app.event("MediaStreamingFailed")
    bench.app.socket_status = 101

    await client.get_call_connection(call.connection_id).start_media_streaming()
    await bench.app.socket()

    assert failed["data"]["resultInformation"]["subCode"] == 8581
    details = failed["data"]["mediaStreamingUpdate"]["mediaStreamingStatusDetails"]
    assert details == "initialWebSocketConnectionFailed"


async def test_a_socket_the_app_closes_is_lost_and_the_call_goes_on(bench: Bench) -> None:
    call, socket = await streaming(bench)

    await socket.ws.close()
    failed = await bench.app.event("MediaStreamingFailed")

    details = failed["data"]["mediaStreamingUpdate"]["mediaStreamingStatusDetails"]
    assert details == "streamConnectionInterrupted"
    assert call.state.phase == "connected"
    assert call.timeline.of("media_closed")[0].facts == {"by": "app", "code": 1000}


async def test_the_socket_is_closed_when_the_call_ends(bench: Bench) -> None:
    call, socket = await streaming(bench)

    call.hang_up()
    await socket.closed.wait()

    assert socket.ws.close_code == 1000


async def test_the_socket_can_be_refused_once(bench: Bench) -> None:
    simulator = await bench.simulator()
    client = await bench.client(simulator)
    call, _ = await bench.answered(simulator, client, faults=("ws_refuse",))
    await bench.app.event("MediaStreamingFailed")

    await client.get_call_connection(call.connection_id).start_media_streaming()

    await bench.app.event("MediaStreamingStarted")


async def test_the_socket_can_come_late(bench: Bench) -> None:
    call, _ = await streaming(bench, "ws_late=4")

    opened = await call.timeline.wait_for("media_open")
    [connected] = call.timeline.of("phase", phase="connected")
    assert opened.at_ms - connected.at_ms == pytest.approx(4000, abs=50)


@pytest.mark.parametrize("refused", [False, True])
async def test_the_socket_can_come_before_the_call_is_connected(
    bench: Bench, refused: bool
) -> None:
    bench.app.socket_status = 503 if refused else 101
    simulator = await bench.simulator()
    client = await bench.client(simulator)

    await bench.answered(simulator, client, faults=("ws_before_connected",))
    await bench.app.event("CallConnected")

    first = bench.app.event_types()[0]
    assert first == ("MediaStreamingFailed" if refused else "MediaStreamingStarted")


async def test_the_socket_can_be_cut(bench: Bench) -> None:
    call, socket = await streaming(bench, "ws_drop_after=2")

    await socket.closed.wait()
    await bench.app.event("MediaStreamingFailed")

    [fault] = call.timeline.of("media_fault", fault="ws_drop_after")
    [opened] = call.timeline.of("media_open")
    assert fault.at_ms - opened.at_ms == pytest.approx(2000, abs=50)
    assert socket.ws.close_code == 1006


async def test_the_socket_can_fall_silent_without_closing(bench: Bench) -> None:
    call, socket = await streaming(bench, "ws_half_open=1")
    await call.timeline.wait_for("media_fault", fault="ws_half_open")
    silent_since = len(socket.frames())

    await socket.play(tone(200))
    await call.clock.reach(5000)

    assert len(socket.frames()) == silent_since
    assert not socket.closed.is_set()
    assert call.stats()["received_ms"] == 0


async def test_the_callers_frames_can_come_late_and_in_bursts(bench: Bench) -> None:
    call, socket = await streaming(bench, "ws_jitter=300")

    await bench.app.until(lambda: len(socket.frames()) >= 45)

    times = [media_ms(call, frame) for frame in socket.frames()]
    assert {round(b - a, 3) for a, b in itertools.pairwise(times)} == {20.0}
    assert len(times) % 15 == 0


async def test_the_service_can_stop_reading_for_a_while(bench: Bench) -> None:
    call, socket = await streaming(bench, "ws_slow_read=1")

    await socket.play(tone(40))
    await call.timeline.wait_for("media_fault", fault="ws_slow_read")
    await asyncio.sleep(0.3)
    await socket.play(tone(500))
    await bench.app.until(lambda: len(call.timeline.of("heard_started")) == 2)

    first, second = call.timeline.of("heard_started")
    assert second.facts["start_ms"] - first.facts["start_ms"] >= 700  # 300 of them asked for


async def test_the_service_can_keep_little_audio(bench: Bench) -> None:
    call, socket = await streaming(bench, "buffer_limit=100")

    await socket.play(tone(1000))
    await bench.app.until(lambda: call.stats()["received_ms"] >= 1000)

    assert call.stats()["overflowed_ms"] >= 700


async def test_the_service_can_be_late_to_stop(bench: Bench) -> None:
    call, socket = await streaming(bench, "stop_audio_late=400")
    await socket.play(tone(5000))
    await call.timeline.wait_for("heard_started")

    asked_ms = call.clock.now_ms()
    await socket.stop_audio()
    stop = await call.timeline.wait_for("stop_audio")

    assert stop.at_ms - asked_ms >= 390


@pytest.mark.parametrize(
    ("fault", "shape"),
    [
        ("ws_garbage", lambda text: text.endswith('"data":')),
        ("ws_unknown_kind", lambda text: '"MarkData"' in text),
        ("ws_oversize", lambda text: len(text) > 1_000_000),
    ],
)
async def test_the_socket_can_carry_nonsense_and_goes_on(
    bench: Bench, fault: str, shape: Any
) -> None:
    _, socket = await streaming(bench, fault)

    await bench.app.until(lambda: len(socket.messages) > 10)

    assert sum(bool(shape(text)) for text in socket.texts) == 1
    assert socket.messages[-1]["kind"] == "AudioData"


async def test_the_metadata_can_name_a_wrong_rate(bench: Bench) -> None:
    _, socket = await streaming(bench, "ws_wrong_rate")

    await bench.app.until(lambda: socket.messages)

    assert socket.messages[0]["audioMetadata"]["sampleRate"] == 8000


async def test_nonsense_from_the_app_is_noted_and_ignored(bench: Bench) -> None:
    call, socket = await streaming(bench)

    await socket.ws.send_str("not json")
    await socket.play(tone(100))
    await call.timeline.wait_for("heard")

    assert call.timeline.of("media_not_understood")


async def test_a_call_that_never_ends_is_ended(bench: Bench) -> None:
    simulator = await bench.simulator(max_call_s=60)
    client = await bench.client(simulator)
    call, _ = await bench.answered(simulator, client)

    await call.finished()

    assert call.timeline.of("call_too_long")
    assert call.clock.now_ms() == pytest.approx(60_000, abs=100)
