"""Calls that began under older code go on under this code."""

import json
from datetime import UTC, datetime

import pytest
from azure.durable_functions.models.history import HistoryEvent

from orchestrators.wrap_up import run_wrap_up
from tests.control.golden import (
    APPROVAL,
    CALLBACK,
    CAMPAIGN,
    FILE,
    TRANSFER,
    WORDS,
    WRAP_UP,
    activities,
    replay,
    run_approval,
    run_callback,
    run_campaign,
    run_transfer,
)
from tests.control.stack import CALLER, DESK, RELAY_KEY, SIGNING_KEY


def test_a_recorded_call_replays_to_the_same_end():
    golden = json.loads(FILE.read_text())

    answer = replay(golden["call_id"], golden["history"])

    assert answer["isDone"]
    assert answer["output"] == json.loads(golden["output"])


def test_a_recorded_call_asks_for_the_same_work_in_the_same_order():
    golden = json.loads(FILE.read_text())
    scheduled = [(e["Name"], e["Input"]) for e in golden["history"] if e["EventType"] == 4]

    asked = activities(replay(golden["call_id"], golden["history"])["actions"])

    assert asked == scheduled


def test_the_times_of_a_history_are_read_as_what_they_are():
    read = [
        HistoryEvent(0, -1, False, text).timestamp
        for text in (
            "2026-03-18T10:00:00.1234567Z",
            "2026-03-18T10:00:00+00:00",
            "18 March 2026 10:00",
        )
    ]

    assert [each.tzinfo for each in read] == [UTC, UTC, None]  # dateutil's zone is one of its own
    assert {each.replace(microsecond=0, tzinfo=None) for each in read} == {
        datetime(2026, 3, 18, 10, 0)  # noqa: DTZ001
    }


def test_every_beginning_of_a_recorded_call_replays():
    golden = json.loads(FILE.read_text())
    history = golden["history"]
    turns = [n for n, event in enumerate(history, start=1) if event["EventType"] == 13]
    scheduled = [e["Name"] for e in history if e["EventType"] == 4]

    for end in turns[:-1]:
        asked = activities(replay(golden["call_id"], history[:end])["actions"])

        assert [name for name, _ in asked] == scheduled[: len(asked)]


@pytest.mark.parametrize("file", [FILE, TRANSFER, CALLBACK, CAMPAIGN])
def test_a_recorded_history_holds_no_secret_no_words_and_nobodys_number(file):
    text = file.read_text()

    secrets = (CALLER, DESK, WORDS, SIGNING_KEY, RELAY_KEY)
    assert [secret for secret in secrets if secret in text] == []


@pytest.mark.parametrize(
    ("file", "orchestrator"),
    [
        (APPROVAL, run_approval),
        (CALLBACK, run_callback),
        (CAMPAIGN, run_campaign),
        (TRANSFER, run_transfer),
        (WRAP_UP, run_wrap_up),
    ],
)
def test_what_outlives_a_call_replays_to_the_same_end_by_the_same_work(file, orchestrator):
    golden = json.loads(file.read_text())
    scheduled = [(e["Name"], e["Input"]) for e in golden["history"] if e["EventType"] == 4]

    answer = replay(golden["call_id"], golden["history"], orchestrator)

    assert answer["output"] == json.loads(golden["output"])
    assert activities(answer["actions"]) == scheduled
