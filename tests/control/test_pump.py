"""The pump is a fold of `step` over the call log, whatever happens to pokes, activities and hosts.

The orchestrator runs on the real SDK, its actions on the engine of the local host, which gives them
out as the Durable extension does; activities are the real ones, on a carrier in memory.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from azure.durable_functions.models import DurableOrchestrationContext
from azure.durable_functions.orchestrator import Orchestrator
from hypothesis import given, settings
from hypothesis import strategies as st

from activities import commands
from activities import log as call_log
from adapters.archive import whole_log
from adapters.plane import Plane
from core import facts as f
from core.call import COMMAND, CallState, Limits, Phase, fold
from core.call_store import NewFact, StoredCall
from localdev.functions_host.durable.clock import VirtualClock
from localdev.functions_host.durable.engine import Engine
from localdev.functions_host.durable.functions import Kind, Raised, Returned
from localdev.functions_host.durable.lives import TERMINAL
from orchestrators.call import run_call
from tests.call.test_laws import FACTS
from tests.control.fakes import FakeDurable, plane_of

CALL = "call-1"


@dataclass
class App:
    """The functions that the engine runs. `crashes`: how many activities die after their work."""

    plane: Plane
    crashes: int = 0
    feed: bool = False
    histories: list[str] = field(default_factory=list)

    def names(self, kind: Kind) -> list[str]:
        orchestrators, activities = ["call"], ["read_log", "perform", "append_overdue"]
        return {Kind.ORCHESTRATOR: orchestrators, Kind.ACTIVITY: activities}.get(kind, [])

    async def run(self, kind: Kind, name: str, payload: str) -> Returned | Raised:
        if kind is Kind.ORCHESTRATOR:
            context = DurableOrchestrationContext.from_json(payload)
            try:
                return Returned(value=Orchestrator(run_call).handle(context))
            except Exception as error:  # noqa: BLE001 the SDK's way to say that code failed
                return Raised(message=str(error))
        try:
            result = await self._activity(name, json.loads(payload))
        except sqlite3.Error as error:
            return Raised(message=str(error))
        if self.crashes:
            self.crashes -= 1
            return Raised(message="the process died")
        return Returned(value=json.dumps(result))

    async def _activity(self, name: str, order: dict[str, object]) -> object:
        match name, order:
            case "read_log", {"call_id": str(call_id), "after": int(after)}:
                if self.feed:
                    await feed(self.plane.store, after)
                return await call_log.read(call_id, after, self.plane)
            case "perform", {"call_id": str(call_id), "command": command}:
                known = COMMAND.validate_python(command)
                await commands.perform(call_id, known, self.plane, FakeDurable())
            case "append_overdue", {"deadline": str(name), "due": float(due)}:
                await call_log.append_overdue(CALL, name, due, self.plane)
        return None


async def feed(store, after):
    """Append more than a page of what means nothing."""
    noise = [
        NewFact(source="feed", source_id=f"{after}.{n}", fact=f.OtherEvent(type="New"))
        for n in range(call_log.PAGE + 10)
    ]
    await store.append(CALL, noise)


class Life:
    """One call: its log, its orchestration and the clock of both."""

    def __init__(self, **limits: float) -> None:
        self.limits = Limits(**limits)
        self.clock = VirtualClock()
        self.plane = plane_of(self.clock)
        self.app = App(self.plane)
        self.folder = TemporaryDirectory()
        self.engine = self._engine()
        self.told = 0

    def _engine(self) -> Engine:
        return Engine(Path(self.folder.name) / "hub.db", self.app, clock=self.clock)

    async def __aenter__(self) -> Life:
        await self.plane.store.claim(
            StoredCall(
                call_id=CALL,
                created_at=self.clock(),
                direction=f.Direction.INBOUND,
                caller="+15550100",
                called="+15550199",
                scenario="banking",
                scenario_sha="x",
            )
        )
        self.engine.open()
        order = {"call_id": CALL, "scenario": "x", "graph": {}, "limits": asdict(self.limits)}
        self.engine.start("call", CALL, json.dumps(json.dumps(order)))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.engine.drain(1)
        self.engine.close()
        self.folder.cleanup()
        await self.plane.aclose()

    async def tell(self, fact: f.Fact, *, poke: bool = True) -> None:
        self.told += 1
        if isinstance(fact, f.Connected | f.Answered):
            await self.plane.store.bind_leg(CALL, "leg")
        new = NewFact(source="world", source_id=str(self.told), fact=fact)
        await self.plane.store.append(CALL, [new])
        if poke:
            self.poke()

    def poke(self) -> None:
        self.engine.raise_event(CALL, "poke", "{}")

    async def killed(self) -> None:
        """The host dies in the middle of whatever it does, and another goes on."""
        await self.engine.drain(0)
        self.engine.close()
        self.engine = self._engine()
        self.engine.open()

    async def state(self) -> CallState:
        return fold(CallState(call_id=CALL), await whole_log(CALL, self.plane.store))

    async def live_to_the_end(self) -> None:
        self.plane.calls.state = f.LegState.GONE  # type: ignore[attr-defined]
        for _ in range(12):
            if self.engine.status(CALL).status in TERMINAL:
                return
            await self.engine.advance(600)


MOVES = st.lists(
    st.one_of(
        st.tuples(st.just("tell"), FACTS),
        st.tuples(st.just("tell and settle"), FACTS),
        st.tuples(st.just("tell, but the poke is lost"), FACTS),
        st.just(("poke for nothing",)),
        st.just(("an activity's process dies",)),
        st.just(("the host dies",)),
        st.just(("settle",)),
        st.tuples(st.just("wait"), st.sampled_from([1.0, 5.0, 20.0, 130.0])),
    ),
    max_size=10,
)


@given(MOVES)
@settings(max_examples=14, deadline=None, derandomize=True)
def test_every_call_ends_as_the_fold_of_its_log_says(moves):
    asyncio.run(_lives_and_ends(moves))


async def _lives_and_ends(moves):
    async with Life() as life:
        for move in moves:
            await _make(move, life)
        await life.live_to_the_end()

        found = life.engine.status(CALL)
        state = await life.state()
        entries = await whole_log(CALL, life.plane.store)

        assert found.status == "Completed", found.output
        assert state.closed
        summary = json.loads(found.output)
        assert (summary["outcome"], summary["ended_by"]) == (state.outcome, state.ended_by)
        done = [e.source_id for e in entries if e.source == "command"]
        assert len(done) == len(set(done))
        assert [entry.n for entry in entries] == list(range(1, len(entries) + 1))


async def _make(move, life):
    match move:
        case ("tell", fact):
            await life.tell(fact)
        case ("tell and settle", fact):
            await life.tell(fact)
            await life.engine.settled()
        case ("tell, but the poke is lost", fact):
            await life.tell(fact, poke=False)
        case ("poke for nothing",):
            life.poke()
        case ("an activity's process dies",):
            life.app.crashes += 1
        case ("the host dies",):
            await life.killed()
        case ("settle",):
            await life.engine.settled()
        case ("wait", seconds):
            await life.engine.advance(seconds)


async def test_a_poke_during_a_command_is_not_lost():
    async with Life() as life:
        for fact in (f.Answered(connection_id="leg"), f.Connected(connection_id="leg")):
            await life.tell(fact)
        await life.engine.settled()
        await life.tell(f.MediaFailed())
        await life.tell(f.HangUpRequested(by="api"))
        await life.engine.settled()

        done = [what[0] for what in life.plane.calls.done]

        assert done == ["start_media", "hang_up"]


async def test_a_fact_whose_poke_was_lost_is_found_at_the_next_deadline():
    async with Life() as life:
        await life.engine.settled()
        await life.tell(f.AnswerRefused(reason="8587"), poke=False)

        await life.engine.advance(61)

        assert life.engine.status(CALL).status == "Completed"


async def test_a_store_that_is_away_for_a_while_costs_nothing():
    async with Life() as life:
        life.app.crashes = 5

        await life.tell(f.Answered(connection_id="leg"))
        await life.tell(f.Connected(connection_id="leg"))
        await life.tell(f.Disconnected())
        await life.engine.advance(40)

        assert (await life.state()).phase is Phase.ENDED
        assert life.engine.status(CALL).status == "Completed"


async def test_the_pump_is_never_deaf_for_long(caplog):
    async with Life() as life:
        life.app.crashes = 2
        for fact in (f.Answered(connection_id="leg"), f.Connected(connection_id="leg")):
            await life.tell(fact)
        for fact in (f.SessionOpened(epoch=1, relay_id="r"), f.HangUpRequested(by="agent")):
            await life.tell(fact)
            await life.engine.settled()
        await life.live_to_the_end()

        assert life.engine.status(CALL).status == "Completed"
        assert [r.message for r in caplog.records if "deaf" in r.message] == []


async def test_a_call_that_is_fed_without_end_is_ended_though_the_feeding_goes_on():
    async with Life(facts=200) as life:
        life.app.feed = True
        await life.tell(f.Connected(connection_id="leg"))

        await life.engine.wait(CALL)

        assert ("hang_up",) in life.plane.calls.done
        assert json.loads(life.engine.status(CALL).output)["outcome"] == "failed"


async def test_a_call_that_is_fed_without_end_is_ended_loudly_and_kept():
    async with Life(facts=200) as life:
        await life.tell(f.Connected(connection_id="leg"))
        noise = [
            NewFact(source="noise", source_id=str(n), fact=f.OtherEvent(type="New"))
            for n in range(210)
        ]
        await life.plane.store.append(CALL, noise)
        life.poke()

        await life.engine.wait(CALL)

        call = await life.plane.store.call(CALL)
        assert json.loads(life.engine.status(CALL).output)["outcome"] == "failed"
        assert ("hang_up",) in life.plane.calls.done
        assert call.record is not None
