"""A transfer is announced, tried once and looked after; a caller whom nobody took comes back."""

from __future__ import annotations

import json
import sqlite3
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import pytest

from activities import transfers
from adapters import orders
from adapters.archive import whole_log
from core import facts as f
from core.call_store import NewFact, StoredCall
from core.carrier import CarrierError, Trouble
from core.promises import promise_id
from localdev.functions_host.durable.clock import VirtualClock
from localdev.functions_host.durable.engine import Engine
from tests.control.fakes import FakeDurable, plane_of
from tests.control.promised import App

CALL, CALLER, DESK = "call-1", "+15550100", "+15550142"
ID = promise_id(CALL, "transfer", "t1")
ASKED = f.TransferRequested(request_id="t1", target="call_center", summary="a lost card")
COLD = '{"call_center": {"to": "+15550142", "seconds": 30}}'
WARM = '{"call_center": {"to": "+15550142", "seconds": 30, "kind": "warm"}}'
TAKEN = f.TransferAccepted(request_id="t1")
JOINED = f.PersonJoined(request_id="t1")
MOVED = f.ParticipantsChanged(count=2)
YES, NO = (f.ConsultAnswered(request_id="t1", taken=taken) for taken in (True, False))


@dataclass
class Pokes(FakeDurable):
    """Reaches the one orchestration that these tests have."""

    engine: Engine | None = None

    async def poke(self, call_id: str) -> bool:
        if call_id == ID and self.engine is not None:
            self.engine.raise_event(ID, "poke", "{}")
        return await super().poke(call_id)


@dataclass
class Forgetful:
    """A store whose next writes are lost with their process."""

    store: object
    losses: int = 0

    def __getattr__(self, name):
        return getattr(self.store, name)

    async def append(self, call_id, facts, *, epoch=None):
        if self.losses and facts[0].source == transfers.SOURCE:
            self.losses -= 1
            raise sqlite3.OperationalError("database is locked")
        return await self.store.append(call_id, facts, epoch=epoch)


@dataclass
class Life:
    app: App
    engine: Engine
    clock: VirtualClock
    told: int = field(default=0)

    @property
    def carrier(self):
        return self.app.plane.calls

    async def tell(self, *facts: f.Fact, poke: bool = True) -> None:
        for fact in facts:
            self.told += 1
            new = NewFact(source="world", source_id=str(self.told), fact=fact)
            await self.app.plane.store.append(CALL, [new])
        if poke:
            self.engine.raise_event(ID, "poke", "{}")
            await self.engine.settled()

    async def facts(self, kind: type) -> list:
        log = await whole_log(CALL, self.app.plane.store)
        return [entry.fact for entry in log if isinstance(entry.fact, kind)]

    async def directives(self) -> list[str]:
        return [each.kind for each in await self.app.plane.store.directives([CALL])]

    @property
    def over(self) -> bool:
        return self.engine.status(ID).status == "Completed"


@asynccontextmanager
async def living(targets=COLD, asked=ASKED, losses=0, trouble=None):
    clock = VirtualClock()
    plane = plane_of(clock, TRANSFER_TARGETS=targets)
    app = App(replace(plane, store=Forgetful(plane.store, losses)), "transfer", transfers.review)
    app.durable = Pokes()
    life = Life(app, Engine(":memory:", app, clock=clock), clock)
    app.durable.engine = life.engine
    plane.calls.troubles += [trouble] if trouble else []
    plane.calls.there |= {"bot", CALLER}
    await plane.store.claim(
        StoredCall(
            call_id=CALL, created_at=clock(), direction=f.Direction.INBOUND, caller=CALLER,
            called="+15550199", scenario="banking", scenario_sha="x",
        )
    )  # fmt: skip
    await plane.store.bind_leg(CALL, "leg")
    life.engine.open()
    session = f.SessionOpened(epoch=1, relay_id="r")
    await life.tell(f.Connected(connection_id="leg"), session, asked, poke=False)
    life.engine.start("transfer", ID, json.dumps(json.dumps({"id": ID})))
    await life.engine.settled()
    try:
        yield life
    finally:
        await life.engine.drain(1)
        life.engine.close()
        await plane.aclose()


# --- cold -----------------------------------------------------------------------------------------


async def test_the_carrier_is_asked_once_and_a_taken_caller_needs_nothing_more():
    async with living() as life:
        await life.tell()
        await life.tell(TAKEN)

        assert life.carrier.done == [("transfer", DESK, ID)]
        assert life.over
        assert await life.facts(f.TransferFailed) == []


async def test_a_caller_who_is_found_gone_is_not_waited_for():
    async with living() as life:
        life.carrier.state = f.LegState.GONE
        await life.engine.advance(29)
        before = list(life.app.durable.pokes)
        await life.engine.advance(2)

        assert [fact.state for fact in await life.facts(f.Reconciled)] == [f.LegState.GONE]
        assert (before, life.app.durable.pokes) == ([], [CALL])


async def test_a_caller_whom_the_carrier_gives_back_is_not_given_back_twice():
    async with living() as life:
        busy = f.TransferFailed(request_id="t1", code=486)
        await life.tell(busy)
        await life.engine.advance(60)

        assert await life.facts(f.TransferFailed) == [busy]
        assert life.over


async def test_a_transfer_of_which_nothing_is_heard_is_looked_after_and_given_up():
    async with living() as life:
        await life.engine.advance(29)
        early = await life.facts(f.TransferFailed)
        await life.engine.advance(2)

        assert early == []
        assert [fact.code for fact in await life.facts(f.TransferFailed)] == [408]
        assert life.over


async def test_a_transfer_whose_end_was_lost_with_the_call_ends_the_call():
    async with living() as life:
        life.carrier.state = f.LegState.GONE
        await life.engine.advance(31)

        assert await life.facts(f.Reconciled) == [f.Reconciled(state=f.LegState.GONE)]
        assert await life.facts(f.TransferFailed) == []
        assert life.over


async def test_a_name_that_is_not_configured_is_given_up_at_once():
    async with living(targets="other=+15550142") as life:
        assert life.carrier.done == []
        assert [fact.code for fact in await life.facts(f.TransferFailed)] == [500]
        assert life.over


@pytest.mark.parametrize("trouble", [Trouble.REFUSED, Trouble.CONFLICT, Trouble.UNAVAILABLE])
async def test_a_carrier_that_will_not_is_told_to_the_caller_at_once(trouble):
    async with living(trouble=CarrierError(trouble, "8523")) as life:
        (stepped,) = await life.facts(f.TransferStepped)

        assert (stepped.step, stepped.outcome, stepped.code) == ("transfer", "failed", "8523")
        assert [fact.code for fact in await life.facts(f.TransferFailed)] == [500]


async def test_what_the_carrier_did_is_done_once_though_its_outcome_was_not_logged():
    async with living(losses=3) as life:
        await life.engine.advance(20)

        assert life.carrier.done == [("transfer", DESK, ID)]
        assert [fact.outcome for fact in await life.facts(f.TransferStepped)] == ["ok"]


async def test_a_hang_up_is_never_behind_a_transfer():
    async with living() as life:
        await life.tell(f.HangUpRequested(by="api"))

        assert life.over
        assert await life.facts(f.TransferFailed) == []


# --- announced ------------------------------------------------------------------------------------

SAID = '{"call_center": {"to": "+15550142", "announcement": "One moment."}}'


async def test_an_announcement_is_heard_before_the_carrier_is_asked():
    async with living(targets=SAID) as life:
        before = list(life.carrier.done)
        kinds = await life.directives()
        await life.tell(f.TransferAnnounced(request_id="t1"))

        assert (before, kinds) == ([], ["announce"])
        assert life.carrier.done == [("transfer", DESK, ID)]


async def test_a_relay_that_does_not_announce_holds_nobody_up():
    async with living(targets=SAID) as life:
        await life.engine.advance(9)

        assert life.carrier.done == [("transfer", DESK, ID)]


async def test_a_supervisor_who_takes_over_himself_is_announced_and_rung():
    own = replace(ASKED, by="supervisor", target="supervisor", address="+15550177")
    async with living(asked=own) as life:
        await life.tell(f.TransferAnnounced(request_id="t1"))

        assert life.carrier.done == [("transfer", "+15550177", ID)]


# --- warm -----------------------------------------------------------------------------------------


def steps(life):
    return [what[0] for what in life.carrier.done]


async def person_comes(life):
    life.carrier.there.add(DESK)
    await life.tell(JOINED, MOVED)


async def test_a_person_is_told_first_and_then_the_two_are_left_alone():
    async with living(targets=WARM) as life:
        ringing = steps(life)
        await person_comes(life)
        kinds = await life.directives()
        await life.tell(YES)

        assert ringing == ["hold", "invite"]
        assert kinds == ["consult"]
        assert steps(life) == ["hold", "invite", "unhold", "leave"]
        assert await life.facts(f.TransferAccepted) == [TAKEN]
        assert life.over


async def test_a_person_who_declines_goes_before_the_caller_comes_back():
    async with living(targets=WARM) as life:
        await person_comes(life)
        await life.tell(NO)

        assert steps(life) == ["hold", "invite", "withdraw", "unhold"]
        assert [fact.code for fact in await life.facts(f.TransferFailed)] == [603]
        assert life.over


async def test_a_person_who_hangs_up_instead_of_answering_declines():
    async with living(targets=WARM) as life:
        await person_comes(life)
        life.carrier.there.discard(DESK)
        await life.tell(MOVED)

        assert steps(life) == ["hold", "invite", "unhold"]
        assert [fact.code for fact in await life.facts(f.TransferFailed)] == [603]


@pytest.mark.parametrize("news", [JOINED, f.PersonRefused(request_id="t1", code=486)])
async def test_whether_a_person_came_wakes_the_transfer_and_not_the_call(news):
    async with living(targets=WARM) as life:
        plane, durable = life.app.plane, FakeDurable()
        call = await plane.store.call(CALL)
        new = NewFact(source="carrier", source_id="news", fact=news)
        await orders.append(call, [new], plane, durable)

        assert durable.pokes == [ID]


async def test_a_person_who_does_not_come_is_told_with_the_carriers_reason():
    async with living(targets=WARM) as life:
        await life.tell(f.PersonRefused(request_id="t1", code=486, sub_code=560486))

        assert steps(life) == ["hold", "invite", "unhold"]
        assert [fact.code for fact in await life.facts(f.TransferFailed)] == [486]


async def test_a_telephone_that_rings_too_long_is_called_off():
    async with living(targets=WARM) as life:
        await life.engine.advance(31)

        assert steps(life) == ["hold", "invite", "withdraw", "unhold"]
        assert [fact.code for fact in await life.facts(f.TransferFailed)] == [408]
        assert life.over


async def test_a_person_whose_coming_was_not_told_is_found():
    async with living(targets=WARM) as life:
        life.carrier.there.add(DESK)
        await life.engine.advance(11)

        assert await life.directives() == ["consult"]


async def test_a_caller_who_hangs_up_on_hold_ends_the_call_for_everyone():
    async with living(targets=WARM) as life:
        await person_comes(life)
        life.carrier.there.discard(CALLER)
        await life.tell(MOVED)

        assert [fact.by for fact in await life.facts(f.HangUpRequested)] == ["caller"]
        assert life.over


async def test_a_caller_who_cannot_be_held_is_not_left_in_silence():
    async with living(targets=WARM, trouble=CarrierError(Trouble.REFUSED, "8523")) as life:
        assert steps(life) == []
        assert [fact.code for fact in await life.facts(f.TransferFailed)] == [500]


async def test_a_caller_comes_back_from_hold_though_the_carrier_was_away():
    async with living(targets=WARM) as life:
        await life.tell(f.PersonRefused(request_id="t1", code=486), poke=False)
        life.carrier.troubles += [CarrierError(Trouble.UNAVAILABLE, "503")] * 2
        await life.tell()
        await life.engine.advance(11)

        assert steps(life)[-1] == "unhold"
        assert life.over
