"""A caller is heard, understood and answered in his language, whoever he is handed to."""

from dataclasses import replace
from datetime import date

import pytest

from adapters.scripted import ScriptedHearing, ScriptedSpeaking
from core.agents import HandoffType, SpeechSpec
from core.chat import TextDelta, ToolCalled, UserSaid
from core.errors import Cause, EngineError
from core.facts import LanguageRecognised, TurnDone
from core.record import call_record
from core.speech import Voice
from core.tools import ToolCall
from media_relay.registry_catalog import RegistryCatalog
from tests.bank import bank
from tests.relay.calls import agent, calling, edge, scenario
from tests.virtual_time import VIRTUAL

GERMAN = ("Ich möchte meinen Kontostand wissen", "ja")
BANK = scenario(
    agent(
        "Ann",
        speech=SpeechSpec(languages=("de-DE", "es-ES")),
        voices={"de": Voice(name="Katja"), "es-ES": Voice(name="Elvira")},
    ),
    agent("Bob"),
    edges=[edge("Ann", "Bob", HandoffType.DISCRETE)],
)


@pytest.fixture
def anyio_backend():
    return VIRTUAL


def polyglot():
    return ScriptedHearing(language_of=lambda text: "de-DE" if text in GERMAN else "en-US")


def handoff():
    return [ToolCalled(call=ToolCall(id="h", name="handoff_bob", arguments={}))]


async def test_the_callers_language_is_a_fact_and_changes_the_voice():
    speaking = ScriptedSpeaking()
    hearing = polyglot()
    async with calling(["Zehn Euro."], scenario=BANK, hearing=hearing, speaking=speaking) as call:
        await call.until(TurnDone)
        call.says(GERMAN[0])
        await call.until(TurnDone, count=2)

        voices = [(said.voice.name, said.voice.language) for said in speaking.said]
        assert voices == [("voice of Ann", "en-US"), ("Katja", "de-DE")]
        assert call.facts(LanguageRecognised) == [LanguageRecognised(language="de-DE")]
        assert call_record("call", call.control.logs["call"])["language"] == "de-DE"
        assert len(hearing.streams) == 1  # it was heard in his language already


async def test_what_we_say_ourselves_is_in_the_callers_language():
    broken = [[EngineError(cause=Cause.BAD_REQUEST)]]
    async with calling(broken, scenario=BANK, hearing=polyglot()) as call:
        await call.until(TurnDone)
        call.says(GERMAN[0])
        turn = await call.until(TurnDone, count=2)

        assert turn.heard.startswith("Entschuldigung, da ist mir etwas schiefgegangen.")


async def test_the_language_is_kept_across_a_handoff_to_an_agent_that_does_not_list_it():
    speaking, hearing = ScriptedSpeaking(), polyglot()
    replies = [handoff(), [TextDelta(text="Gern.")], "Jawohl."]
    async with calling(replies, scenario=BANK, hearing=hearing, speaking=speaking) as call:
        await call.until(TurnDone)
        call.says(GERMAN[0])
        turn = await call.until(TurnDone, count=2)

        assert turn.agent == "Bob"
        assert (speaking.said[-1].voice.name, speaking.said[-1].voice.language) == (
            "voice of Bob",
            "de-DE",
        )
        heard_as = hearing.streams[-1].config
        assert (heard_as.language, heard_as.languages) == ("de-DE", ("en-US",))


async def test_a_short_word_does_not_change_the_language_of_a_call():
    async with calling(["One.", "Two."], scenario=BANK, hearing=polyglot()) as call:
        await call.until(TurnDone)
        call.says("what is my balance please")
        await call.until(TurnDone, count=2)
        call.says("ja")
        await call.until(TurnDone, count=3)

        assert call.facts(LanguageRecognised) == [LanguageRecognised(language="en-US")]


async def test_another_relay_goes_on_in_the_callers_language():
    hearing = polyglot()
    async with calling(["Zehn Euro."], scenario=BANK, hearing=hearing) as call:
        await call.until(TurnDone)
        call.says(GERMAN[0])
        await call.until(TurnDone, count=2)
        control = call.control
    async with calling(scenario=BANK, control=control, hearing=hearing) as again:
        await again.after(3)

        assert "ich hatte Sie kurz verloren" in again.heard


async def test_an_agent_of_another_language_speaks_it_before_anybody_was_heard():
    silent = replace(BANK.agents[0], greeting="", speech=SpeechSpec(language="fr-FR"))
    async with calling(scenario=scenario(silent)) as call:
        turn = await call.until(TurnDone)

        assert turn.heard == "Bonjour. Comment puis-je vous aider ?"


async def test_a_number_may_be_dictated_in_the_language_that_is_spoken():
    bank = scenario(agent("Ann", speech=SpeechSpec(languages=("de-DE",))))
    waits = []
    for text in ("Meine Kontonummer ist vier eins zwei", "Ich habe meine Karte verloren"):
        ears = ScriptedHearing(language_of=lambda _: "de-DE")
        replies = ["Nennen Sie bitte Ihre Kontonummer.", "Danke."]
        async with calling(replies, scenario=bank, hearing=ears) as call:
            await call.until(TurnDone)
            call.says(GERMAN[0])
            await call.until(TurnDone, count=2)
            call.says(text)
            turn = await call.until(TurnDone, count=3)
            waits.append(turn.latency.endpointing)

    number, sentence = waits
    assert number > 1_100
    assert sentence < 700


async def test_a_guess_tells_the_language_where_the_final_comes_too_late():
    hearing, speaking = (
        ScriptedHearing(language_of=polyglot().language_of, delay_s=1),
        ScriptedSpeaking(),
    )
    async with calling(["Zehn Euro."], scenario=BANK, hearing=hearing, speaking=speaking) as call:
        await call.until(TurnDone)
        call.says(GERMAN[0])
        await call.until(TurnDone, count=2)

        assert speaking.said[-1].voice.name == "Katja"
        assert len(call.chat.requests) == 1


def late(delay_s=1.0):
    """Ears whose finals come late, and alone tell the language."""
    return ScriptedHearing(language_of=polyglot().language_of, delay_s=delay_s, finals_only=True)


async def test_an_answer_of_which_nothing_was_heard_is_made_anew_in_the_callers_language():
    speaking = ScriptedSpeaking()
    replies = [[5.0, TextDelta(text="Ten euros.")], "Zehn Euro."]
    async with calling(replies, scenario=BANK, hearing=late(), speaking=speaking) as call:
        await call.until(TurnDone)
        call.says(GERMAN[0])
        turn = await call.until(TurnDone, count=2)

        assert turn.heard == "Zehn Euro."
        assert speaking.said[-1].voice.name == "Katja"


async def test_a_reply_is_spoken_to_its_end_in_one_voice_and_the_next_one_in_the_callers():
    speaking = ScriptedSpeaking()
    halves = [TextDelta(text="You have ten euros. "), 3.0, TextDelta(text="Anything else?")]
    replies = [halves, "Gern."]
    async with calling(replies, scenario=BANK, hearing=late(), speaking=speaking) as call:
        await call.until(TurnDone)
        call.says(GERMAN[0])
        await call.until(TurnDone, count=2)
        first = [said.voice.name for said in speaking.said[1:]]
        call.says("nein")
        await call.until(TurnDone, count=3)

        assert first == ["voice of Ann", "voice of Ann"]
        assert speaking.said[-1].voice.name == "Katja"
        assert call.facts(LanguageRecognised)[0].language == "de-DE"


async def test_a_returning_caller_and_one_who_is_passed_on_are_spoken_to_in_their_language(
    tmp_path,
):
    graph = scenario(
        BANK.agents[0],
        agent("Bob"),
        edges=[
            edge("Ann", "Bob", HandoffType.DISCRETE, farewell="One moment, I connect you."),
            edge("Bob", "Ann", HandoffType.ANNOUNCED),
        ],
    )
    catalog = RegistryCatalog(bank(tmp_path), today=lambda: date(2026, 1, 1))
    back = [ToolCalled(call=ToolCall(id="h", name="handoff_ann", arguments={}))]

    def answer(request):
        first = not any(m == UserSaid(text=GERMAN[1]) for m in request.messages)
        ann = request.agent.name == "Ann"
        return (handoff() if ann else "Gern.") if first else ("Bitte?" if ann else back)

    async with calling(answer, scenario=graph, catalog=catalog, hearing=polyglot()) as call:
        await call.until(TurnDone)
        call.says(GERMAN[0])
        away = await call.until(TurnDone, count=2)
        call.says(GERMAN[1])
        again = await call.until(TurnDone, count=3)

        assert away.heard == "Einen Moment, ich gebe Sie weiter. Gern."
        assert again.heard == "Schön, dass Sie wieder da sind! Bitte?"
