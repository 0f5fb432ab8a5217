"""The real Speech SDK speaks: SSML on the wire, spares, interruptions, and failures as values.

The service runs on the loop of the test, so whoever waited for it there would wait for ever.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import aclosing, suppress
from itertools import repeat
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.azure_speech import AzureSpeaking
from adapters.azure_speech.ssml import DEFAULT_VOICE, ssml_of
from adapters.scripted import ScriptedSpeaking, decode_spoken
from core.audio import Piece, heard_of
from core.errors import Cause, EngineFailed
from core.speech import SpeakingEvent, SpokenAudio, SpokenWord, Voice
from localdev.emulators.azure_speech import Close, Drop, Fault, Hang, Refuse, SpeechEmulator
from tests.engines.azure_service import MUTE, account_at, until

AVA = Voice(name="en-US-AvaMultilingualNeural")
XML = "{http://www.w3.org/2001/10/synthesis}"
MSTTS = "{https://www.w3.org/2001/mstts}"


async def events_of(speaking: AzureSpeaking, text: str, voice: Voice = AVA) -> list[SpeakingEvent]:
    async with asyncio.timeout(60):
        return [event async for event in speaking.speak(text, voice)]


def said_in(events: Iterable[SpeakingEvent]) -> list[str]:
    pcm = b"".join(event.pcm for event in events if isinstance(event, SpokenAudio))
    return [text for _, text in decode_spoken(pcm)]


async def outcome_of(fault: Fault | None) -> Cause | list[str]:
    """Return what is said through a fault, or why it is not."""
    async with SpeechEmulator(speaking_faults=repeat(fault)) as service:
        audio_s = 1.0 if isinstance(fault, Hang) else 60.0
        speaking = AzureSpeaking(account_at(service), audio_s=audio_s)
        try:
            return said_in(await events_of(speaking, "Hello there, my friend."))
        except EngineFailed as failed:
            return failed.error.cause
        finally:
            await speaking.aclose()


async def test_a_clause_is_spoken_with_its_words_and_where_they_sound() -> None:
    async with SpeechEmulator() as service:
        speaking = AzureSpeaking(account_at(service))
        events = await events_of(speaking, "Your balance is ten.")
        await speaking.aclose()

    words = [event.word for event in events if isinstance(event, SpokenWord)]
    assert said_in(events) == ["Your balance is ten."]
    assert [word.text for word in words] == ["Your", "balance", "is", "ten."]
    piece = Piece(text="Your balance is ten.", ms=1_000, complete=True, words=words)
    assert heard_of(piece, words[1].end_ms) == "Your balance"


async def test_an_agents_voice_style_rate_pitch_and_endpoint_arrive() -> None:
    voice = Voice(
        name="de-DE-KatjaNeural",
        type="azure-custom",
        style="cheerful",
        rate="-4%",
        pitch="+6%",
        endpoint_id="deployment-1",
    )
    async with SpeechEmulator() as service:
        speaking = AzureSpeaking(account_at(service))
        await events_of(speaking, "Guten Tag.", voice)
        await speaking.aclose()

    spoke = next(seen for seen in service.spoke if seen.turns)
    assert spoke.query == {"deploymentId": "deployment-1"}
    output = spoke.turns[0].context["synthesis"]["audio"]["outputFormat"]
    assert output == "raw-16khz-16bit-mono-pcm"
    speak = ElementTree.fromstring(spoke.turns[0].ssml)  # noqa: S314
    assert speak.get("{http://www.w3.org/XML/1998/namespace}lang") == "de-DE"
    (spoken_by,) = speak
    (styled,) = spoken_by
    (prosody,) = styled
    assert spoken_by.get("name") == "de-DE-KatjaNeural"
    assert styled.get("style") == "cheerful"
    assert (prosody.attrib, prosody.text) == ({"rate": "-4%", "pitch": "+6%"}, "Guten Tag.")


@given(text=st.text(max_size=80), name=st.text(max_size=20), style=st.text(max_size=10))
@settings(derandomize=True, max_examples=200, deadline=None)
def test_ssml_is_well_formed_and_says_the_text_whatever_it_holds(
    text: str, name: str, style: str
) -> None:
    voice = Voice(name=name, style=style, rate=f"+5%{style}", pitch="'\"<&")

    ssml = ssml_of(text, voice)

    speak = ElementTree.fromstring(ssml.encode())  # noqa: S314
    said = "".join(speak.itertext())
    assert len(said) == len(text)
    assert {a for a, b in zip(said, text, strict=True) if a != b} <= {" ", "\n"}
    assert [element.tag for element in speak] == [f"{XML}voice"]


def test_a_voice_of_another_engine_is_spoken_by_the_default() -> None:
    ssml = ssml_of("Hello.", Voice(name="caller", type="embedded"))

    assert f'<voice name="{DEFAULT_VOICE}">' in ssml
    assert "Hello.</voice>" in ssml


def pauses_of(text: str, name: str, type_: str = "azure-standard") -> dict[str, int]:
    """Return the silences that a voice is told to make around a text, in ms."""
    speak = ElementTree.fromstring(ssml_of(text, Voice(name=name, type=type_)))  # noqa: S314
    told = speak.iterfind(f"{XML}voice/{MSTTS}silence")
    return {each.attrib["type"]: int(each.attrib["value"].removesuffix("ms")) for each in told}


@pytest.mark.parametrize(
    "name",
    ["en-US-AvaMultilingualNeural", "de-DE-KatjaNeural", "zh-CN-liaoning-XiaobeiNeural",
     "sr-Latn-RS-NicholasNeural", "en-US-AlloyTurboMultilingualNeural"],
)  # fmt: skip
def test_the_pause_between_two_pieces_is_that_of_a_sentence_or_of_a_clause(name: str) -> None:
    sentence, quoted = pauses_of("I am here.", name), pauses_of('"Are you?"', name)
    clause, words = pauses_of("If you like,", name), pauses_of("so that you", name)

    assert 200 <= sum(sentence.values()) <= 400
    assert quoted == sentence
    assert 50 <= sum(clause.values()) < 200
    assert words == clause
    assert {*sentence, *clause} == {"Leading-exact", "Tailing-exact"}


@pytest.mark.parametrize(
    ("name", "type_"),
    [
        ("en-US-Ava:DragonHDLatestNeural", "azure-standard"),
        ("en-US-AlloyMultilingualNeural", "azure-standard"),
        ("en-US-AlloyMultilingualNeuralHD", "azure-standard"),
        ("DragonLatestNeural", "azure-standard"),
        ("OurVoiceNeural", "azure-custom"),
    ],
)
def test_a_voice_that_cannot_be_told_of_pauses_is_not(name: str, type_: str) -> None:
    assert pauses_of("I am here.", name, type_) == {}


def test_a_voice_of_many_languages_is_told_which_one_this_is() -> None:
    german = Voice(name="en-US-AvaMultilingualNeural", language="de-DE")
    english = Voice(name="en-US-AvaMultilingualNeural", language="en-GB")
    only = Voice(name="en-US-JennyNeural", language="de-DE")

    assert '<lang xml:lang="de-DE">Guten Tag.</lang>' in ssml_of("Guten Tag.", german)
    assert "<lang" not in ssml_of("Hello.", english)
    assert "<lang" not in ssml_of("Guten Tag.", only)


async def test_a_warmed_voice_speaks_through_the_connection_that_was_open() -> None:
    async with SpeechEmulator() as service:
        speaking = AzureSpeaking(account_at(service))
        await speaking.warm()
        async with asyncio.timeout(60):
            await service.speaks.wait()
        for _ in range(3):
            await events_of(speaking, "Hello.")
        await until(lambda: len(service.spoke) > 1)
        turns = [len(seen.turns) for seen in service.spoke]
        await speaking.aclose()

    assert turns[0] >= 1
    assert sum(turns) == 3
    assert len(turns) == 2  # it, and the spare


async def test_an_interrupted_clause_ends_at_the_service_and_a_spare_goes_on() -> None:
    slow = ScriptedSpeaking(next_audio_ms=60_000)
    async with SpeechEmulator(speaking=slow) as service:
        speaking = AzureSpeaking(account_at(service))
        async with aclosing(speaking.speak("A long story about a bank.", AVA)) as story:
            await anext(story)
        async with asyncio.timeout(60):
            cut = next(seen for seen in service.spoke if seen.turns)
            await cut.closed.wait()
        after = await events_of(speaking, "Yes.")
        await speaking.aclose()

    assert slow.said[0].cancelled
    assert said_in(after) == ["Yes."]
    assert len(cut.turns) == 1


async def test_every_way_a_service_gives_up_is_a_failure_with_its_cause() -> None:
    outcomes = await asyncio.gather(*(outcome_of(fault) for fault in MUTE))

    assert dict(zip(MUTE, outcomes, strict=True)) == MUTE


async def test_a_stumble_of_the_service_is_not_noticed() -> None:
    for status in (429, 503):
        async with SpeechEmulator(speaking_faults=[Refuse(status=status)]) as service:
            speaking = AzureSpeaking(account_at(service))
            events = await events_of(speaking, "Hello.")
            await speaking.aclose()
        assert said_in(events) == ["Hello."]


async def test_slow_audio_is_waited_for_piece_by_piece() -> None:
    slow = ScriptedSpeaking(next_audio_ms=400)
    async with SpeechEmulator(speaking=slow) as service:
        speaking = AzureSpeaking(account_at(service), audio_s=1.0)
        events = await events_of(speaking, "Your balance is ten.")
        await speaking.aclose()

    assert said_in(events) == ["Your balance is ten."]


@pytest.mark.parametrize("text", ["", " ... ", "\n"])
async def test_what_has_no_words_is_not_sent(text: str) -> None:
    async with SpeechEmulator() as service:
        speaking = AzureSpeaking(account_at(service))
        events = await events_of(speaking, text)
        await speaking.aclose()

    assert events == []
    assert service.spoke == []


async def test_a_text_without_bounds_is_refused() -> None:
    async with SpeechEmulator() as service:
        speaking = AzureSpeaking(account_at(service))
        with pytest.raises(EngineFailed) as failed:
            await events_of(speaking, "word " * 2_000)
        await speaking.aclose()

    assert failed.value.error.cause is Cause.BAD_REQUEST


async def test_ten_calls_at_a_time_never_speak_each_others_words() -> None:
    names = "zero one two three four five six seven eight nine".split()

    async def call(speaking: AzureSpeaking, name: str) -> list[list[str]]:
        clauses = (f"Hello {name}.", f"Goodbye {name}.")
        return [said_in(await events_of(speaking, clause)) for clause in clauses]

    async with SpeechEmulator() as service:
        speaking = AzureSpeaking(account_at(service))
        said = await asyncio.gather(*(call(speaking, name) for name in names))
        await speaking.aclose()

    assert said == [[[f"Hello {name}."], [f"Goodbye {name}."]] for name in names]


async def test_a_text_is_spoken_while_it_is_being_written() -> None:
    more: asyncio.Queue[str | None] = asyncio.Queue()

    async def texts() -> AsyncIterator[str]:
        while (text := await more.get()) is not None:
            yield text

    voice = Voice(name="de-DE-SeraphinaMultilingualNeural", rate="+5%", language="de-DE")
    async with SpeechEmulator() as service:
        speaking = AzureSpeaking(account_at(service), streams_text=True)
        more.put_nowait("Your balance ")
        events: list[SpeakingEvent] = []
        async with asyncio.timeout(60), aclosing(speaking.speak_written(texts(), voice)) as spoken:
            async for event in spoken:
                events.append(event)
                if len(said_in(events)) == 1 and more.empty() and len(events) > 3:
                    more.put_nowait("is ten.")
                    more.put_nowait(None)
        again = await events_of(speaking, "Yes.", voice)
        await speaking.aclose()

    streamed = next(seen for seen in service.spoke if any(turn.pieces for turn in seen.turns))
    wanted = streamed.turns[0].context["synthesis"]["input"]
    words = [event.word for event in events if isinstance(event, SpokenWord)]
    assert streamed.path.endswith("/tts/cognitiveservices/websocket/v2")
    assert streamed.turns[0].pieces == ["Your balance ", "is ten."]
    assert wanted["voiceName"] == voice.name
    assert wanted["rate"] == "+5%"
    assert " ".join(said_in(events)) == "Your balance is ten."
    assert [word.text for word in words] == ["Your", "balance", "is", "ten."]
    assert [word.start_ms for word in words] == sorted(word.start_ms for word in words)
    assert said_in(again) == ["Yes."]


async def test_a_custom_voice_is_given_whole_clauses_which_name_its_deployment() -> None:
    voice = Voice(name="OwnNeural", type="azure-custom", endpoint_id="deployment-1")
    async with SpeechEmulator() as service:
        speaking = AzureSpeaking(account_at(service), streams_text=True)
        streams = [speaking.streams_text(each) for each in (AVA, voice)]
        await events_of(speaking, "Hello.", voice)
        await speaking.aclose()

    assert streams == [True, False]
    assert all(seen.query == {"deploymentId": "deployment-1"} for seen in service.spoke)


@pytest.mark.parametrize("fault", [None, Refuse(status=401), Close(code=1007), Drop(), Hang()])
async def test_a_text_that_is_never_written_to_its_end_is_let_go_of(fault: Fault | None) -> None:
    """The SDK waits for more of it, so that its synthesizer could not be stopped."""

    async def texts() -> AsyncIterator[str]:
        yield "Your balance "
        await asyncio.Future()

    async with SpeechEmulator(speaking_faults=repeat(fault)) as service:
        speaking = AzureSpeaking(account_at(service), audio_s=0.5, streams_text=True)
        await speaking.warm()
        with suppress(EngineFailed):
            async with aclosing(speaking.speak_written(texts(), AVA)) as spoken:
                await anext(spoken)  # the caller interrupts
        async with asyncio.timeout(60):
            await speaking.aclose()
