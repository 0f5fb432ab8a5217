"""Supervisors and persons who take callers: what the relay does at the control plane's word."""

import pytest

from adapters.scripted import ScriptedHearing
from core.chat import Note
from core.conversation import WHISPERED
from core.facts import (
    AgentHeard,
    CallerSaid,
    ConsultAnswered,
    TransferAnnounced,
    TurnDone,
    Whispered,
)
from core.transfers import HOW_TO_ANSWER, briefing
from tests.relay.calls import calling, told
from tests.virtual_time import VIRTUAL

NOTE = Whispered(id="w1", text="he may keep the gold card", by="Kim")
BRIEF = briefing("a lost card")


@pytest.fixture
def anyio_backend():
    return VIRTUAL


async def consulted(call):
    """Let the caller be told that he is transferred, and the person come."""
    await call.until(TurnDone)
    call.session.obey(told("announce", "t1", text="One moment."))
    await call.until(TransferAnnounced)
    call.session.obey(told("consult", "t1", text=BRIEF))


async def test_a_whisper_is_there_in_the_agents_next_turn_and_is_never_heard():
    async with calling(["You may keep it."]) as call:
        await call.until(TurnDone)
        for _ in range(2):
            call.session.obey(told("whisper", "w1", whispered=NOTE))
        call.says("what about my card")
        await call.until(TurnDone, count=2)

        notes = [m.text for m in call.chat.requests[-1].messages if isinstance(m, Note)]
        assert notes == [f"{WHISPERED} {NOTE.text}"]
        assert NOTE.text not in call.heard


async def test_an_announcement_is_heard_to_its_end_before_it_is_reported():
    async with calling([]) as call:
        await call.until(TurnDone)
        call.session.obey(told("announce", "t1", text="A colleague takes over now."))
        announced = await call.until(TransferAnnounced)

        assert announced.request_id == "t1"
        assert call.heard.endswith("A colleague takes over now.")


async def test_an_announced_caller_is_not_asked_whether_he_is_still_there():
    async with calling([]) as call:
        await call.until(TurnDone)
        call.session.obey(told("announce", "t1", text="A colleague takes over now."))
        await call.until(TransferAnnounced)
        await call.after(40)

        assert "still there" not in call.heard


@pytest.mark.parametrize(
    ("words", "taken"),
    [
        ("yes please", True),
        ("no I can't", False),
        ("no problem, put him through", True),
        ("I'm busy, maybe later", False),
    ],
)
async def test_a_person_is_told_what_it_is_about_and_says_whether_he_takes_the_caller(words, taken):
    async with calling([]) as call:
        await consulted(call)
        await call.after(20)
        call.says(words)
        answered = await call.until(ConsultAnswered)

        assert call.heard.endswith(f"One moment. {BRIEF}")
        assert answered == ConsultAnswered(request_id="t1", taken=taken)
        assert call.facts(CallerSaid) == []
        assert all("lost card" not in fact.text for fact in call.facts(AgentHeard))


async def test_a_person_is_asked_once_whose_words_are_told_again_with_their_language():
    hearing = ScriptedHearing(language_of=lambda _: "en-US", delay_s=1, finals_only=True)
    async with calling([], hearing=hearing) as call:
        await consulted(call)
        await call.after(20)
        call.says("what is it")
        await call.after(20)

        assert call.heard.count(HOW_TO_ANSWER) == 2  # with the briefing


LONG = "There is a lot to tell about that. Some of it is long. And some of it is even longer."


async def test_a_caller_who_is_put_on_hold_in_mid_sentence_heard_just_that_much_of_it():
    async with calling([LONG]) as call:
        await call.until(TurnDone)
        call.session.obey(told("announce", "t1", text="One moment."))
        await call.until(TransferAnnounced)
        call.says("tell me more")
        await call.until(CallerSaid)
        await call.after(1.5)
        call.session.obey(told("consult", "t1", text=BRIEF))
        await call.after(20)

        *_, last = call.facts(AgentHeard)
        assert last.cut
        assert 0 < len(last.text) < len(LONG)
        assert LONG.startswith(last.text)
        assert call.facts(TurnDone)[-1].heard == last.text
        assert call.heard.endswith(BRIEF)


async def test_what_a_caller_on_hold_waited_for_is_not_said_to_the_person():
    async with calling([[30.0, LONG]]) as call:
        await call.until(TurnDone)
        call.session.obey(told("announce", "t1", text="One moment."))
        await call.until(TransferAnnounced)
        call.says("tell me more")
        await call.until(CallerSaid)
        call.session.on_key("5")
        await call.after(0.1)
        call.session.obey(told("consult", "t1", text=BRIEF))
        await call.after(60)

        assert call.chat.cancelled == 1
        assert call.heard.endswith(f"One moment. {BRIEF}")
        assert [said.text for said in call.facts(CallerSaid)] == ["tell me more"]


async def test_a_person_takes_the_caller_by_a_key_at_any_time():
    async with calling([]) as call:
        await consulted(call)
        await call.after(1)
        call.session.on_key("7")
        call.session.on_key("1")
        answered = await call.until(ConsultAnswered)

        assert answered.taken


async def test_a_person_who_says_something_else_is_asked_again():
    async with calling([]) as call:
        await consulted(call)
        await call.after(20)
        call.says("who is this")
        await call.after(20)

        assert call.heard.endswith(HOW_TO_ANSWER)
        assert call.facts(ConsultAnswered) == []


async def test_a_caller_who_is_back_from_hold_is_spoken_to_and_heard_again():
    async with calling(["I am sorry, nobody is free.", "Your balance is fine."]) as call:
        await consulted(call)
        await call.after(3)
        call.session.obey(told("transfer_failed", "t1", text="no_answer"))
        await call.after(5)
        apology = call.heard
        call.says("my balance please")
        said = await call.until(CallerSaid)
        await call.until(TurnDone, count=2)

        assert apology.endswith("I am sorry, nobody is free.")
        assert said.text == "my balance please"
        assert call.heard.endswith("Your balance is fine.")
        notes = [m.text for m in call.chat.requests[-1].messages if isinstance(m, Note)]
        assert any("because nobody answered" in note for note in notes)
