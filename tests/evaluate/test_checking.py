"""What counts as expected."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localdev.evaluate.checking import check, wait_of
from localdev.evaluate.files import Conversation, ConversationShape
from localdev.evaluate.words import is_meant, is_said
from registries import load_scenario

RUN = {"name": "refund_fee", "arguments": {"fee": "overdraft"}, "ok": True, "ms": 1, "error": ""}
SUMMARY = {"name": "get_account_summary", "arguments": {}, "ok": True, "ms": 1, "error": ""}


def turn(caller: str = "", said: str = "", **more: Any) -> dict[str, Any]:
    empty = {"tools": [], "handoffs": [], "latency_ms": {}, "agent": "BankingConcierge"}
    return {**empty, "caller": caller, "heard": said, **more}


def failures(
    expect: dict[str, Any], *turns: dict[str, Any], end: dict[str, Any] | None = None, **record: Any
) -> list[str]:
    """Return the names of checks that fail for a conversation of one line."""
    shape = ConversationShape.model_validate(
        {"name": "x", "turns": [{"say": "hi", "expect": expect}], "end": end or {}}
    )
    conversation = Conversation(file="x.yaml", shape=shape, scenario=load_scenario("banking"))
    whole = {"ended": "open", "agent": "BankingConcierge", "timeline": [], **record}
    checked = check(conversation, {"turns": [turn(said="Hello."), *turns], **whole})
    return [each.name for each in checked.every_check() if not each.ok]


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
    shape = ConversationShape.model_validate({"name": "x", "turns": [line]})
    conversation = Conversation(file="x.yaml", shape=shape, scenario=load_scenario("banking"))
    record = {"turns": [turn(), turn(heard)], "ended": "open", "agent": "A", "timeline": []}

    assert check(conversation, record).turns[1].understood == understood


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
