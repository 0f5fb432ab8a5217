"""What comes again, because a host died before it had done all that follows, is done to its end."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest

from adapters import orders
from adapters.tokens import session_token
from api import relays
from api.http import Request
from core import facts as f
from core import session as s
from core.call_store import NewFact
from core.control_ports import OrchestrationTrouble
from tests.control.fakes import FakeDurable, plane_of
from tests.control.test_approvals import ASKED
from tests.control.test_store import CALL

CALLBACK = f.CallbackRequested(request_id="c1", agent="A", topic="t")
SAID = f.CallerSaid(turn=1, text="One more thing.")
HANG_UP = f.HangUpRequested(by="agent", reason="done")


@dataclass
class Dying(FakeDurable):
    """Begins nothing as long as `dead`: the host died just before it."""

    dead: bool = True

    async def begin(self, name: str, instance_id: str, order: Mapping[str, Any]) -> None:
        if self.dead:
            raise OrchestrationTrouble("died")
        await super().begin(name, instance_id, order)


@dataclass
class Lossy:
    """A store to whose log nothing is written any more: the host dies just before it."""

    store: Any

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)

    async def append(self, call_id: str, facts: Any, *, epoch: int | None = None) -> Any:
        raise sqlite3.OperationalError("the host died")


@pytest.fixture
async def plane():
    made = plane_of(lambda: 1000.0, OUTBOUND_ENABLED="true", OUTBOUND_ALLOWED_PREFIXES="+1555")
    await made.store.claim(CALL)
    await made.store.open_session(CALL.call_id, "r1")
    yield made
    await made.aclose()


async def report(plane, durable, *facts):
    """Report facts as the first ones of a session."""
    events = tuple(s.Reported(seq=n, at=0.0, fact=fact) for n, fact in enumerate(facts, start=1))
    token = session_token(plane.signing_key, CALL.call_id, 1)
    request = Request(
        params={"call_id": CALL.call_id},
        headers={"x-session-token": token},
        body=s.REPORT.dump_json(s.Report(epoch=1, events=events)),
    )
    answer = await relays.report(request, plane, durable)
    return s.ACKNOWLEDGED.validate_json(answer.body).seq


async def test_what_was_promised_in_the_last_words_of_a_call_is_begun_all_the_same(plane):
    durable = Dying()
    await plane.store.finish(CALL.call_id, {}, keep_words=True)
    with pytest.raises(OrchestrationTrouble):
        await report(plane, durable, SAID, ASKED, CALLBACK)
    durable.dead = False

    seq = await report(plane, durable, SAID, ASKED, CALLBACK)

    n = (await plane.store.find(CALL.call_id, f"{CALL.call_id}/1", "3")).n
    call = await plane.store.call(CALL.call_id)
    assert seq == 3
    assert durable.begun == [
        ("approval", "c1:approval:r1"),
        ("callback", "c1:callback:c1"),
        ("wrap_up", f"c1:wrap_up:{n}"),
    ]
    assert [turn["caller"] for turn in call.record["turns"]] == [SAID.text]
    assert len((await plane.approvals.page()).promises) == 1


async def test_a_promise_outlives_a_host_that_dies_after_it_dropped_the_earlier_ones(plane):
    durable = FakeDurable()
    told = (CALLBACK, f.CallbacksDropped(), f.CallbackRequested(request_id="c2", agent="A"))
    dying = replace(plane, store=Lossy(plane.store))
    await report(plane, durable, CALLBACK)
    with pytest.raises(sqlite3.OperationalError):
        await report(dying, durable, *told)

    await report(plane, durable, *told)

    promised = (await plane.callbacks.page()).promises
    assert {each.request_id: each.status for each in promised} == {
        "c1": "cancelled", "c2": "scheduled",
    }  # fmt: skip


async def test_a_report_that_comes_again_wakes_the_call_and_is_kept_once(plane):
    durable = FakeDurable()

    acknowledged = [await report(plane, durable, SAID, HANG_UP) for _ in range(2)]

    page = await plane.store.log(CALL.call_id)
    assert acknowledged == [2, 2]
    assert durable.pokes == [CALL.call_id] * 2
    assert [entry.fact for entry in page.entries][2:] == [SAID, HANG_UP]


async def test_words_that_come_again_in_a_live_call_wake_nobody(plane):
    durable = FakeDurable()

    for _ in range(2):
        await report(plane, durable, SAID)

    assert durable.pokes == []


@pytest.mark.parametrize(
    ("fact", "woken"),
    [
        (f.Connected(connection_id="leg"), ["c1"]),
        (f.PersonRefused(request_id="t1"), ["c1:transfer:t1"]),
        (f.MediaStarted(), []),
    ],
)
async def test_an_event_that_is_delivered_again_wakes_whom_it_concerns(plane, fact, woken):
    durable = FakeDurable()
    new = NewFact(source="carrier", source_id="1", fact=fact)

    for _ in range(2):
        await orders.append(replace(CALL), [new], plane, durable)

    assert durable.pokes == woken * 2
