"""Media frames: every spelling in, the documented one out, garbage never raises."""

import json

import pybase64
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.media_wire import (
    MAX_MESSAGE,
    STOP_AUDIO,
    AudioData,
    AudioMetadata,
    DtmfData,
    Garbage,
    UnknownKind,
    encode_audio,
    parse,
)

PCM = bytes(range(256)) * 2 + bytes(128)


def audio(kind="AudioData", body="audioData", **fields):
    return json.dumps({"kind": kind, body: fields}).encode()


@given(st.binary(max_size=2000).map(lambda b: b[: len(b) // 2 * 2]))
@settings(max_examples=100, deadline=None, derandomize=True)
def test_what_is_encoded_is_the_documented_frame(pcm):
    frame = json.loads(encode_audio(pcm))

    assert frame["Kind"] == "AudioData"
    assert pybase64.b64decode(frame["AudioData"]["Data"]) == pcm
    assert frame["StopAudio"] is None
    assert json.loads(STOP_AUDIO) == {"Kind": "StopAudio", "AudioData": None, "StopAudio": {}}


@given(st.one_of(st.binary(max_size=300), st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["kind", "Kind", "audioData", "audioMetadata", "dtmfData", "data", "x"]),
        inner | st.sampled_from(["AudioData", "AudioMetadata", "DtmfData"]), max_size=4),
    max_leaves=12,
).map(lambda value: json.dumps(value).encode())))  # fmt: skip
@settings(max_examples=150, deadline=None, derandomize=True)
def test_no_message_raises(message):
    assert isinstance(parse(message), AudioData | AudioMetadata | DtmfData | UnknownKind | Garbage)


def test_audio_is_read_whatever_the_spelling():
    data = pybase64.b64encode(PCM).decode()
    now = "2024-11-15T19:16:12.925Z"
    documented = audio(data=data, timestamp=now, participantRawID="4:+1", silent=True)
    lower = json.dumps({"kind": "audioData", "AUDIODATA": {"Data": data, "Timestamp": now,
                        "participantId": "4:+1", "isSilence": True}}).encode()  # fmt: skip

    expected = AudioData(PCM, now, True, "4:+1")

    assert parse(documented) == expected
    assert parse(lower) == expected
    assert parse(audio(data=data)) == AudioData(PCM)


@given(
    pcm=st.binary(max_size=100).map(lambda b: b[: len(b) // 2 * 2]),
    timestamp=st.text(max_size=70) | st.none() | st.integers(),
    silent=st.booleans() | st.none() | st.text(max_size=3),
    participant=st.text(max_size=10) | st.none(),
)
@settings(max_examples=150, deadline=None, derandomize=True)
def test_the_documented_spelling_says_what_any_other_says(pcm, timestamp, silent, participant):
    data = pybase64.b64encode(pcm).decode()
    documented = audio(data=data, timestamp=timestamp, silent=silent, participantRawID=participant)
    other = documented.replace(b'"kind"', b'"Kind"')

    read = parse(documented)

    assert read == parse(other)
    assert read.pcm == pcm
    assert len(read.timestamp) <= 64


def test_audio_is_read_in_any_order_but_not_without_its_kind():
    data = pybase64.b64encode(PCM).decode()
    body = {"silent": False, "later": [1], "data": data}

    turned = json.dumps({"audioData": body, "kind": "AudioData"}).encode()
    nameless = json.dumps({"audioData": body}).encode()

    assert parse(turned) == AudioData(PCM)
    assert parse(nameless) == Garbage(reason="no kind")


def test_metadata_and_keys_are_read():
    metadata = audio(
        "AudioMetadata", "audioMetadata", subscriptionId="s", encoding="PCM",
        sampleRate=24000, channels=1, length=960,
    )  # fmt: skip

    assert parse(metadata) == AudioMetadata(sample_rate=24000)
    assert parse(audio("DtmfData", "dtmfData", data="3")) == DtmfData(key="3")
    assert parse(audio("dtmfdata", "DtmfData", Data="#", timestamp="x")) == DtmfData(key="#")
    assert parse(audio("MarkData", "markData", id="1")) == UnknownKind(kind="MarkData")


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (b"{", "not JSON"),
        (b"[]", "not an object"),
        (b"{}", "no kind"),
        (b" " * (MAX_MESSAGE + 1), "too large"),
        (audio(data="!"), "audio is not base64"),
        (audio(data="AAAA"), "audio is not 16 bit"),
        (audio(data=5), "audio is not base64"),
        (audio("DtmfData", "dtmfData", data="x"), "not a key"),
        (audio("AudioMetadata", "audioMetadata"), "metadata without a rate"),
        (b'{"kind":"AudioData"}', "AudioData without its body"),
    ],
)
def test_garbage_is_named(message, reason):
    assert parse(message) == Garbage(reason=reason)
