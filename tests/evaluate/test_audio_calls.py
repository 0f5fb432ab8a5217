"""Conversations as telephone calls: what counts is what sounded in the caller's ear."""

from asyncio import TaskGroup
from typing import Any

import pytest

from core.errors import Cause, EngineError, EngineFailed
from localdev.caller.exchange import NoAnswer
from localdev.caller.place import Placed
from localdev.caller.report import Ears, Span
from localdev.evaluate.by_ear import as_heard, wordless
from localdev.evaluate.calling import TROUBLE
from localdev.evaluate.checked import Checked
from localdev.evaluate.checking import check
from localdev.evaluate.files import Conversation, ConversationShape
from localdev.evaluate.holding import each_held
from registries import load_scenario

CONNECTED = {"kind": "phase", "phase": "connected", "at_ms": 100.0}
GREETING = Span(start_ms=700.0, end_ms=1_900.0)
FIRST = Span(start_ms=5_600.0, end_ms=6_500.0)
SECOND = Span(start_ms=10_600.0, end_ms=11_500.0)


def conversation(name: str = "x", **shape: Any) -> Conversation:
    lines = {"turns": [{"say": "one"}, {"say": "two"}], **shape}
    whole = ConversationShape.model_validate({"name": name, **lines})
    return Conversation(file=f"{name}.yaml", shape=whole, scenario=load_scenario("banking"))


def placed(*heard: Span, words: str = "Yes.") -> Placed:
    """Return a call of two lines, decided at 5 s and at 10 s, in which this sounded."""
    empty = {"agent": "A", "tools": [], "handoffs": [], "reply": words, "heard": words}
    said = words and "one"
    turns = (
        {**empty, "n": 0, "caller": "", "decided_ms": None, "latency_ms": {}},
        {**empty, "n": 1, "caller": said, "decided_ms": 5_000.0, "latency_ms": {"total": 600.0}},
        {**empty, "n": 2, "caller": said, "decided_ms": 10_000.0, "latency_ms": {"total": 600.0}},
    )
    return Placed(
        call_id="c",
        record={"ended_by": "agent", "timeline": []},
        turns=turns,
        timeline=(CONNECTED,),
        heard_wav=b"",
        caller_wav=b"",
        ears=Ears(utterances=(), heard=heard),
    )


def failed(*heard: Span, **shape: Any) -> list[tuple[int, str]]:
    found = check(conversation(**shape), as_heard(placed(*heard)))
    return [(turn.n, each.name) for turn in found.turns for each in turn.checks if not each.ok]


def test_a_call_in_which_everything_sounded_is_as_its_record_says() -> None:
    assert failed(GREETING, FIRST, SECOND) == []


@pytest.mark.parametrize(
    ("heard", "missing"),
    [
        ((), [(0, "the caller is greeted"), *((n, "the caller is answered") for n in (1, 2))]),
        ((FIRST, SECOND), [(0, "the caller is greeted")]),
        ((GREETING, SECOND), [(1, "the caller is answered")]),
        ((GREETING, FIRST), [(2, "the caller is answered")]),
    ],
)
def test_words_on_record_that_made_no_sound_were_not_heard(heard: Any, missing: Any) -> None:
    assert failed(*heard) == missing


def test_the_wait_of_an_answer_that_made_no_sound_is_not_that_of_the_next() -> None:
    found = check(conversation(), as_heard(placed(GREETING, SECOND)))

    assert [turn.wait_ms for turn in found.turns] == [600.0, None, 600.0]


def test_the_greeting_is_waited_for_from_when_the_call_was_answered() -> None:
    assert failed(GREETING, FIRST, SECOND, greeting={"max_ms": 600}) == []
    late = Span(start_ms=701.0, end_ms=1_900.0)
    assert failed(late, FIRST, SECOND, greeting={"max_ms": 600}) == [(0, "answers within 600 ms")]


def test_a_call_whose_words_were_not_kept_is_known() -> None:
    assert wordless(placed(GREETING, words=""))
    assert not wordless(placed(GREETING))


async def test_a_conversation_that_cannot_be_held_fails_and_the_next_one_is_held() -> None:
    troubles = {
        "refused": NoAnswer("the simulator refused: busy"),
        "mute": EngineFailed(EngineError(cause=Cause.UNAVAILABLE, detail="no voice")),
    }

    async def breaks() -> None:
        raise KeyError("x")

    async def hold(one: Conversation) -> Checked:
        if trouble := troubles.get(one.shape.name):
            raise trouble
        if one.shape.name == "broken":
            async with TaskGroup() as tasks:
                tasks.create_task(breaks())
        return check(one, as_heard(placed(GREETING, FIRST, SECOND)))

    asked = [conversation(name) for name in ("first", *troubles, "broken", "last")]
    held = [each async for each in each_held(asked, hold, TROUBLE)]

    assert [(each.name, each.ok, each.held) for each in held] == [
        ("first", True, True),
        ("refused", False, False),
        ("mute", False, False),
        ("broken", False, False),
        ("last", True, True),
    ]
    refused, mute, broken = [each.checks[0].reason for each in held[1:4]]
    assert refused == "the simulator refused: busy"
    assert mute == "unavailable: no voice"
    assert broken.startswith("KeyError: 'x' (test_audio_calls.py, line")
