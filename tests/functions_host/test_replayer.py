"""Ids that actions get: the extension's rules, and that the SDK counts alike."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localdev.functions_host.durable.actions import (
    Action,
    CallActivity,
    CreateTimer,
    Retry,
    RetryDelay,
    WaitForEvent,
    WhenAll,
    WhenAny,
    parse_failure,
    parse_reply,
)
from localdev.functions_host.durable.history import Event, EventType, event
from localdev.functions_host.durable.replayer import disagreement, replay

from .conftest import Bench

GOLDEN = Path(__file__).parent / "golden"


def allot(actions: tuple[Action, ...], history: list[Event]) -> dict[int, Any]:
    return dict(replay(actions, history).scheduled)


def activity(name: str = "a", attempts: int | None = None) -> CallActivity:
    retry = None if attempts is None else Retry(interval_ms=1000, attempts=attempts)
    return CallActivity(name=name, input=None, retry=retry)


def completed(task: int) -> Event:
    return event(EventType.TASK_COMPLETED, 0, TaskScheduledId=task)


def failed(task: int) -> Event:
    return event(EventType.TASK_FAILED, 0, TaskScheduledId=task)


def fired(timer: int) -> Event:
    return event(EventType.TIMER_FIRED, 0, TimerId=timer)


def raised(name: str) -> Event:
    return event(EventType.EVENT_RAISED, 0, Name=name)


def test_the_next_action_waits_for_the_one_before() -> None:
    actions = (activity("a"), activity("b"))

    before = allot(actions, [])
    after = allot(actions, [completed(0)])

    assert before == {0: activity("a")}
    assert after == {0: activity("a"), 1: activity("b")}


def test_attempts_and_pauses_have_ids_also_the_last_pause() -> None:
    history = [failed(0), fired(1), failed(2), fired(3)]

    ids = allot((activity("a", attempts=2), activity("b")), history)

    pause = RetryDelay(interval_ms=1000)
    again = activity("a", attempts=2)
    assert ids == {0: again, 1: pause, 2: again, 3: pause, 4: activity("b")}


def test_an_early_event_is_kept_for_the_next_waiter() -> None:
    actions = (activity("a"), WaitForEvent(name="e"), activity("b"))

    ids = allot(actions, [raised("e"), completed(0)])

    assert ids[1] == activity("b")


def test_a_canceled_timer_takes_an_id_and_stands_in_nobodys_way() -> None:
    timer = CreateTimer(fire_at=1.0, canceled=True)

    ids = allot((timer, activity("a")), [])

    assert ids == {0: timer, 1: activity("a")}


def test_compounds_complete_with_one_or_with_all() -> None:
    pair = (activity("a"), activity("b"))

    any_ids = allot((WhenAny(of=pair), activity("c")), [completed(1)])
    all_ids = allot((WhenAll(of=pair), activity("c")), [completed(1)])
    both_ids = allot((WhenAll(of=pair), activity("c")), [completed(1), completed(0)])

    assert (len(any_ids), len(all_ids), len(both_ids)) == (3, 2, 3)


def test_an_empty_compound_is_complete() -> None:
    ids = allot((WhenAll(of=()), activity("a")), [])

    assert ids == {0: activity("a")}


def test_the_end_counts_only_when_every_action_is_complete() -> None:
    actions = (WhenAny(of=(WaitForEvent(name="e"),)), activity("a"))

    states = [
        replay(actions, []),
        replay(actions, [raised("e")]),
        replay(actions, [raised("e"), completed(0)]),
    ]

    assert [s.caught_up for s in states] == [False, False, True]


@pytest.mark.parametrize(
    ("awaited", "history", "stalled"),
    [
        ((WaitForEvent(name="e"),), [], True),
        ((WaitForEvent(name="e"),), [raised("e")], False),
        ((WaitForEvent(name="e"), activity("a")), [], False),
        ((CreateTimer(fire_at=1000.0),), [], True),
        ((CreateTimer(fire_at=5.0), WaitForEvent(name="e")), [], False),
    ],
)
def test_a_wait_that_is_overtaken_is_told_if_nothing_will_end_it_soon(
    awaited: tuple[Action, ...], history: list[Event], stalled: bool
) -> None:
    state = replay((WhenAny(of=awaited), activity("next")), history)

    assert state.stalled_on(now=0.0) == (list(awaited) if stalled else [])


@pytest.mark.parametrize(
    ("recorded", "action", "agrees"),
    [
        (event(EventType.TASK_SCHEDULED, 0, 0, Name="a"), activity("a"), True),
        (event(EventType.TASK_SCHEDULED, 0, 0, Name="a"), activity("b"), False),
        (event(EventType.TASK_SCHEDULED, 0, 0, Name="a"), None, False),
        (event(EventType.TIMER_CREATED, 0, 0), CreateTimer(fire_at=1.0), True),
        (event(EventType.TIMER_CREATED, 0, 0), activity("a"), False),
        (event(EventType.SUB_CREATED, 0, 0, Name="a"), activity("a"), False),
        (completed(7), None, True),
    ],
)
def test_the_past_must_fit_the_actions(
    recorded: Event, action: CallActivity | None, agrees: bool
) -> None:
    scheduled: dict[int, Any] = {} if action is None else {0: action}

    assert (disagreement([recorded], scheduled) is None) is agrees


LEAVES: st.SearchStrategy[Action] = st.one_of(
    st.builds(activity, st.sampled_from("abc"), st.sampled_from([None, 1, 2])),
    st.builds(WaitForEvent, name=st.sampled_from("ef")),
    st.builds(CreateTimer, fire_at=st.just(1.0), canceled=st.booleans()),
)
ACTIONS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(WhenAny, of=st.lists(inner, max_size=3).map(tuple)),
        st.builds(WhenAll, of=st.lists(inner, max_size=3).map(tuple)),
    ),
    max_leaves=6,
)
EVENTS = st.one_of(
    st.builds(completed, st.integers(0, 8)),
    st.builds(failed, st.integers(0, 8)),
    st.builds(fired, st.integers(0, 8)),
    st.builds(raised, st.sampled_from("ef")),
)


@settings(derandomize=True, deadline=None, max_examples=100)
@given(st.lists(ACTIONS, max_size=6).map(tuple), st.lists(EVENTS, max_size=12))
def test_more_history_never_changes_ids_that_were_given_out(
    actions: tuple[Action, ...], history: list[Event]
) -> None:
    whole = list(allot(actions, history).items())

    parts = [list(allot(actions, history[:n]).items()) for n in range(len(history))]

    assert all(whole[: len(part)] == part for part in parts)


def test_the_reply_of_a_failed_orchestrator_stands_in_its_message() -> None:
    state = {"isDone": False, "actions": [[]], "error": "no"}

    with_state = parse_failure("no\n\n$OutOfProcData$:" + json.dumps(state))
    without = parse_failure("plain")

    assert (with_state.error, without.error) == ("no", "plain")
    assert parse_reply('{"isDone": true, "output": 1}').output == "1"


@pytest.mark.filterwarnings("ignore:Potential duplicate Task completion")
async def test_a_recorded_history_replays(bench: Bench) -> None:
    """The golden file was recorded by this host: it must replay with every later version of it."""
    golden = json.loads((GOLDEN / "conversation.json").read_text())
    store = bench.engine.store
    instance = await bench.start("conversation", golden["input"], "old")
    await bench.engine.settled()
    with store.transaction():
        store.clear_history(instance)
        store.append_history(instance, 0, golden["history"])

    bench.engine.raise_event(instance, "bye", "null")

    ended = await bench.engine.wait(instance)
    assert json.loads(ended.output) == golden["output"]
