"""What counts as expected."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localdev.evaluate.checked import Checked
from localdev.evaluate.checking import check, wait_of
from localdev.evaluate.files import Conversation, ConversationShape
from localdev.evaluate.words import is_meant, is_said
from registries import load_scenario

RUN = {"name": "refund_fee", "arguments": {"fee": "overdraft"}, "ok": True, "ms": 1, "error": ""}
SUMMARY = {"name": "get_account_summary", "arguments": {}, "ok": True, "ms": 1, "error": ""}


def turn(caller: str = "", said: str = "Well.", **more: Any) -> dict[str, Any]:
    empty = {"tools": [], "handoffs": [], "latency_ms": {}, "agent": "BankingConcierge"}
    return {**empty, "caller": caller, "heard": said, **more}


def checked(shape: dict[str, Any], *turns: dict[str, Any], **record: Any) -> Checked:
    """Return what becomes of a conversation whose record is this."""
    whole = ConversationShape.model_validate({"name": "x", **shape})
    conversation = Conversation(file="x.yaml", shape=whole, scenario=load_scenario("banking"))
    rest = {"ended": "open", "agent": "BankingConcierge", "timeline": [], **record}
    return check(conversation, {"turns": list(turns), **rest})


def failed(checked: Checked) -> list[str]:
    return [each.name for each in checked.every_check() if not each.ok]


def failures(
    expect: dict[str, Any], *turns: dict[str, Any], end: dict[str, Any] | None = None, **record: Any
) -> list[str]:
    """Return the names of checks that fail for a conversation of one line."""
    shape = {"turns": [{"say": "hi", "expect": expect}], "end": end or {}}
    return failed(checked(shape, turn(said="Hello."), *turns, **record))


def test_tools_come_in_order_with_others_between() -> None:
    answered = turn("hi", tools=[SUMMARY, RUN])

    assert failures({"tools": ["refund_fee"]}, answered) == []
    assert failures({"tools": ["get_account_summary", "refund_fee"]}, answered) == []
    assert failures({"tools": ["refund_fee", "get_account_summary"]}, answered) == [
        "uses get_account_summary"
    ]


def test_no_tools_means_none_and_a_forbidden_one_is_named() -> None:
    answered = turn("hi", tools=[RUN])

    assert failures({"tools": []}, answered) == ["uses no tool"]
    assert failures({"must_not_use": ["refund_fee"]}, answered) == ["does not use refund_fee"]


@pytest.mark.parametrize(
    ("wanted", "met"),
    [
        ({"arguments": {"fee": "Overdraft"}}, True),
        ({"arguments": {"fee": "/over/"}}, True),
        ({"arguments": {"fee": "wire"}}, False),
        ({"arguments": {"amount": 3}}, False),
        ({"ok": True}, True),
        ({"ok": False}, False),
    ],
)
def test_arguments_and_outcome_of_a_tool_are_compared(wanted: dict[str, Any], met: bool) -> None:
    expect = {"tools": [{"name": "refund_fee", **wanted}]}

    assert (failures(expect, turn("hi", tools=[RUN])) == []) is met


def test_words_are_looked_for_in_what_was_heard() -> None:
    said = turn("hi", "It is   $35, I\u2019m sure.")

    assert failures({"must_say": ["i'm SURE", "/\\$\\d+/"], "say_any": ["x", "35"]}, said) == []
    assert len(failures({"must_say": ["40"], "say_any": ["x", "y"]}, said)) == 2
    assert failures({"must_not_say": ["$35"]}, said) == ["does not say \u201c$35\u201d"]


def test_a_slow_answer_is_too_late() -> None:
    slow = turn("hi", "Yes.", latency_ms={"llm_first_token": 900.0, "tool": 200.0})

    assert failures({"max_ms": 1000}, slow) == ["answers within 1000 ms"]
    assert wait_of({"total": 1.5, "tool": 700.0}) == 1.5


@pytest.mark.parametrize(
    "expect", [{}, {"tools": ["refund_fee"]}, {"must_not_say": ["no"]}, {"must_not_use": []}]
)
def test_an_answer_that_nobody_heard_is_none_whatever_was_done(expect: dict[str, Any]) -> None:
    mute = turn("hi", "", tools=[RUN], reply="Done.", latency_ms={})

    assert failures(expect, mute) == ["the caller is answered"]
    (told,) = checked({"turns": [{"say": "hi"}]}, turn(), mute).turns[1].checks
    assert told.reason == "nothing was heard of \u201cDone.\u201d"


def test_a_caller_who_cut_in_at_the_first_sound_was_answered() -> None:
    assert failures({}, turn("hi", "", interrupted=True)) == []


def test_a_wait_that_nobody_knows_is_not_short() -> None:
    asked = {"turns": [{"say": "hi", "expect": {"max_ms": 900}}], "overall": {"max_ms": 900}}

    found = checked(asked, turn(), turn("hi", latency_ms={}))

    assert failed(found) == ["answers within 900 ms"] * 2
    assert found.turns[1].wait_ms is None


def test_the_longest_wait_for_an_answer_counts_for_all_together() -> None:
    turns = [{"say": "hi"}, {"say": "hi"}]
    quick, slow = turn("hi", latency_ms={"total": 100.0}), turn("hi", latency_ms={"total": 900.0})

    assert failed(checked({"turns": turns, "overall": {"max_ms": 800}}, turn(), quick, slow)) == [
        "answers within 800 ms"
    ]
    assert failed(checked({"turns": turns, "overall": {"max_ms": 900}}, turn(), quick, slow)) == []


def test_a_greeting_is_timed_on_the_telephone_and_must_be_heard() -> None:
    shape = {"turns": [{"say": "hi"}], "greeting": {"max_ms": 1000}}
    answer = turn("hi", latency_ms={"total": 1.0})

    assert failed(checked(shape, turn(), answer, greeted_ms=999.0)) == []
    assert failed(checked(shape, turn(), answer, greeted_ms=1001.0)) == ["answers within 1000 ms"]
    assert failed(checked(shape, turn(said=""), answer, greeted_ms=None)) == [
        "the caller is greeted",
        "answers within 1000 ms",
    ]
    in_text = checked(shape, turn(), answer)
    assert failed(in_text) == []
    assert "--audio" in in_text.notes[0]


@pytest.mark.parametrize(
    ("stumble", "fails"),
    [
        ({"engine": "thinking", "cause": "auth", "spoken": True}, True),
        ({"engine": "thinking", "cause": "auth", "spoken": False}, False),
        ({"engine": "thinking", "cause": "length", "spoken": True}, False),
        ({"engine": "tool", "cause": "timeout", "spoken": True}, False),
    ],
)
def test_an_apology_on_the_telephone_is_no_answer(stumble: dict[str, Any], fails: bool) -> None:
    found = failures({}, turn("hi"), greeted_ms=1.0, stumbles=[stumble])

    assert found == (["no engine fails the caller"] if fails else [])


def test_a_call_without_a_turn_is_no_success() -> None:
    played = checked({"simulate": {"goal": "Hear your balance."}})

    assert failed(played) == ["the caller is greeted", "the caller is heard"]


def test_a_handoff_and_who_answers_are_checked() -> None:
    passed = turn("hi", handoffs=[{"to": "CardRecommendation"}], agent="CardRecommendation")

    assert failures({"handoff": "CardRecommendation", "agent": "CardRecommendation"}, passed) == []
    assert len(failures({"handoff": "InvestmentAdvisor"}, passed)) == 1


def test_how_the_conversation_is_left_is_checked() -> None:
    asked = [{"kind": "transfer_requested", "target": "call_center"}]
    transferred = {"ended": "transfer", "timeline": asked}
    end = {"ended": "transfer", "target": "call_center", "agent": "BankingConcierge"}

    assert failures({}, turn("hi"), end=end, **transferred) == []
    assert failures({}, turn("hi"), end=end) == [
        "is left by a transfer",
        "is transferred to call_center",
    ]


def test_a_line_that_was_never_answered_fails_even_without_expectations() -> None:
    assert failures({}) == ["the caller is answered"]
    assert failures({}, turn("hi"), failures={1: "timeout: no token"}) == ["the caller is answered"]


@pytest.mark.parametrize(
    ("line", "heard", "understood"),
    [
        ({"say": "hi"}, "Hi!", ""),
        ({"say": "hi"}, "high", "high"),
        ({"press": "1"}, "pressed 1", ""),
        ({"press": "4127"}, "keyed in digits, kept secret: [keys-A]", ""),
    ],
)
def test_words_that_were_recognised_otherwise_are_shown(
    line: dict[str, str], heard: str, understood: str
) -> None:
    assert checked({"turns": [line]}, turn(), turn(heard)).turns[1].understood == understood


def test_a_line_heard_as_two_is_told() -> None:
    assert failures({}, turn("hi"), turn("there")) == ["one turn for each line"]


@settings(derandomize=True, deadline=None)
@given(st.text(min_size=1), st.text(), st.text())
def test_words_are_found_wherever_they_stand(words: str, before: str, after: str) -> None:
    plain = words.replace("/", " ")

    assert is_said(plain, f"{before} {plain} {after}")


@settings(derandomize=True, deadline=None)
@given(st.integers() | st.text(alphabet=st.characters(exclude_characters="/")))
def test_every_value_means_itself_and_a_hidden_one_anything(value: Any) -> None:
    assert is_meant(value, value)
    assert is_meant(value, "***")
