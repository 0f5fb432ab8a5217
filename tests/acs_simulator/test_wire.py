"""The media socket's JSON and the small arithmetic of sound, without a network."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localdev.acs_simulator.audio import NotAudio, audible_span, mix, read_audio
from localdev.acs_simulator.faults import FAULTS, UnknownFault, parse_faults
from localdev.acs_simulator.media_wire import (
    AudioReceived,
    NotUnderstood,
    StopReceived,
    audio_data,
    parse_outbound,
)
from tests.acs_simulator.sounds import silence, tone, wav_bytes

DATA = base64.b64encode(b"\1\2\3\4").decode()


@pytest.mark.parametrize(
    "message",
    [
        {"Kind": "AudioData", "AudioData": {"Data": DATA}, "StopAudio": None},
        {"kind": "audioData", "audioData": {"data": DATA, "isSilent": False}, "stopAudio": {}},
        {"kind": "AudioData", "audioData": {"data": DATA}},
    ],
)
def test_audio_is_understood_in_every_spelling(message: dict[str, object]) -> None:
    assert parse_outbound(json.dumps(message).encode()) == AudioReceived(pcm=b"\1\2\3\4")


@pytest.mark.parametrize(
    "message",
    [
        {"Kind": "StopAudio", "AudioData": None, "StopAudio": {}},
        {"kind": "stopAudio", "stopAudio": {}},
    ],
)
def test_a_stop_is_understood_in_every_spelling(message: dict[str, object]) -> None:
    assert parse_outbound(json.dumps(message).encode()) == StopReceived()


@settings(derandomize=True, max_examples=200, deadline=None)
@given(st.binary(max_size=200) | st.text(max_size=100).map(lambda t: json.dumps(t).encode()))
def test_garbage_is_never_more_than_not_understood(message: bytes) -> None:
    assert isinstance(parse_outbound(message), NotUnderstood)


@pytest.mark.parametrize("data", [None, 5, "***", base64.b64encode(b"odd").decode()])
def test_audio_that_is_none_is_not_understood(data: object) -> None:
    message = {"kind": "AudioData", "audioData": {"data": data}}

    assert isinstance(parse_outbound(json.dumps(message).encode()), NotUnderstood)


@settings(derandomize=True, max_examples=50, deadline=None)
@given(st.binary(max_size=640), st.booleans(), st.sampled_from([None, "4:+15550100"]))
def test_a_frame_is_json_of_the_service(pcm: bytes, silent: bool, who: str | None) -> None:
    sent = audio_data(timestamp="2026-01-02T03:04:05.678Z", pcm=pcm, silent=silent, participant=who)

    frame = json.loads(sent)

    assert frame["kind"] == "AudioData"
    assert base64.b64decode(frame["audioData"]["data"]) == pcm
    assert frame["audioData"]["silent"] is silent
    assert frame["audioData"].get("participantRawID") == who


def test_the_audible_span_is_exact_to_the_sample() -> None:
    pcm = silence(10) + tone(5) + silence(7)

    assert audible_span(pcm) == (160, 240)
    assert audible_span(silence(20)) is None


def test_mixing_clips() -> None:
    assert mix(b"\xff\x7f", b"\xff\x7f") == b"\xff\x7f"


def test_a_stereo_wav_of_another_rate_becomes_the_line_s() -> None:
    stereo = b"".join(tone(100, rate=8000)[n : n + 2] * 2 for n in range(0, 1600, 2))

    pcm = read_audio(wav_bytes(stereo, rate=8000, channels=2))

    assert len(pcm) == pytest.approx(3200, abs=64)


@pytest.mark.parametrize("body", [b"", b"odd", b"RIFF....WAVE", wav_bytes(b"")])
def test_what_is_no_audio_is_refused(body: bytes) -> None:
    with pytest.raises(NotAudio):
        read_audio(body)


def test_every_fault_explains_itself_and_is_read_by_name() -> None:
    for fault in FAULTS.values():
        assert fault.help
        assert parse_faults([fault.name])[fault.name] == fault.default


def test_a_fault_s_value_follows_its_name() -> None:
    assert parse_faults(["rest_503=3", "drop_event:CallConnected"]) == {
        "rest_503": "3",
        "drop_event": "CallConnected",
    }


@pytest.mark.parametrize("text", ["rest_504", "rest_503=many", "ws_late=-1", "dup_events=2"])
def test_a_fault_that_cannot_be_is_refused(text: str) -> None:
    with pytest.raises(UnknownFault, match=r"known|needs|takes"):
        parse_faults([text])
