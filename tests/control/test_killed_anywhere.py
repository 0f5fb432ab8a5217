"""A functions host is killed at every point of a call: all is recorded, nothing is done twice."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from dataclasses import dataclass
from itertools import batched
from pathlib import Path
from typing import Any

import aiohttp

from adapters.customers import SqliteCustomers
from core import facts as f
from core.session import Session
from localdev.acs_simulator import Behaviour, Manner, Simulator, SimulatorSettings
from tests.bank import TODAY
from tests.control.nursery import Family, Nursery, in_time, nursery
from tests.control.stack import (
    ACCESS_KEY,
    CALLED,
    CALLER,
    DESK,
    RESOURCE,
    PaperRelay,
    environment,
    relay_server,
)
from tests.control.test_approvals import ASKED, YES
from tests.control.test_callbacks import ALL_DAY
from tests.control.test_killed_host import POLL_S, free_port

# Every point is walked with WALK_EVERY=1 (many minutes); the suite takes every so many.
EVERY = int(os.environ.get("WALK_EVERY", "200"))
AT_ONCE = int(os.environ.get("WALK_AT_ONCE", "3"))  # lives are mostly waits
MOST = 2_000
ORDERED = "+15550177"  # rung for a person's order
RUNG = sorted([CALLER, ORDERED])


class StubbornRelay(PaperRelay):
    """Sends again what no host took, as the real one does."""

    async def post(self, path, body, headers=None):
        async def taken():
            while True:
                try:
                    status, answer = await super(StubbornRelay, self).post(path, body, headers)
                except aiohttp.ClientError:
                    status, answer = 503, b""
                if status < 500:
                    return status, answer
                await asyncio.sleep(POLL_S)

        return await in_time(f"a host that takes {path.rpartition('/')[2]}", taken())


@dataclass
class World:
    """What stays while hosts come and go."""

    simulator: Simulator
    relay: StubbornRelay
    hosts: Family
    base: str

    async def ask(self, method: str, path: str, **more: Any) -> Any:
        return await in_time(f"an answer to {method} {path}", self._asked(method, path, **more))

    async def until(self, path: str, what: str, holds: Callable[[Any], Any]) -> Any:
        """Ask until something holds of the answer."""

        async def found() -> Any:
            while True:
                answer = await self._asked("GET", path)
                if holds(answer):
                    return answer
                await asyncio.sleep(POLL_S)

        return await in_time(what, found())

    async def _asked(self, method: str, path: str, **more: Any) -> Any:
        async with aiohttp.ClientSession() as http:
            while True:
                await self.hosts.ready.wait()
                try:
                    async with http.request(method, f"{self.base}/api/v1/{path}", **more) as answer:
                        if answer.status < 500:
                            assert answer.status < 300 or answer.status == 409, await answer.text()
                            return await answer.json()
                except aiohttp.ClientError:
                    await asyncio.sleep(POLL_S)

    async def log(self, call_id: str, kind: str) -> list[str]:
        """Wait until the log of a call has a fact of this kind; return the kinds of all."""
        has = lambda found: kind in kinds(found)  # noqa: E731
        found = await self.until(f"calls/{call_id}/log?limit=200", f"{kind} in the log", has)
        assert not found["more"], "the log is longer than a page"
        return kinds(found)

    async def outgoing(self) -> list[Session]:
        """Wait for the calls that we make; return a session of each."""
        relay = self.relay
        async with relay.opened:
            enough = relay.opened.wait_for(lambda: len(calls_out(relay)) >= len(RUNG))
            await in_time("the calls that we make", enough)
        return calls_out(relay)


def kinds(log: dict[str, Any]) -> list[str]:
    return [entry["fact"]["kind"] for entry in log["entries"]]


def calls_out(relay: PaperRelay) -> list[Session]:
    sessions = {session.call_id: session for session in relay.sessions}
    return [each for each in sessions.values() if each.leg.called != CALLED]


async def a_call(world: World) -> dict[str, Any]:
    """A call with all that must not happen twice, and a hang-up of ours; what is left of it.

    Money, a recording, a call that a person orders meanwhile, a promised one, a transfer that
    nobody takes, and what is made of a call when it is over.
    """
    call = await world.simulator.ring(from_=CALLER, to=CALLED)
    session = await in_time("a session of the call", world.relay.session())
    path = f"calls/{session.call_id}"
    proved = f.Remembered(slots={"client_id": "emily_chen"})
    said = f.CallerSaid(turn=1, text="one")
    await world.relay.report(session, proved, said, f.ConsentDecided(decision="given"), ASKED)
    listed = await world.until("approvals", "the approval", lambda found: found["approvals"])
    await world.ask("POST", f"approvals/{listed['approvals'][0]['id']}", json=YES)
    await in_time("the recording", call.timeline.wait_for("recording"))
    await world.ask(
        "POST", "calls/initiate",
        json={"target_number": ORDERED}, headers={"idempotency-key": "once"},
    )  # fmt: skip
    await world.relay.report(session, f.CallbackRequested(request_id="c1", agent="A", topic="t"))
    await world.relay.report(session, f.TransferRequested(request_id="t1", target="call_center"))
    await world.log(session.call_id, "transfer_failed")
    two = f.TurnDone(turn=2, agent="A", caller="two", reply="yes", heard="yes")
    await world.relay.report(session, two, f.HangUpRequested(by="agent", reason="done"))
    await in_time("the end of the call", call.finished())
    await world.until("approvals?status=approved", "what was approved, done", is_done)
    for other in await world.outgoing():
        await world.relay.report(other, f.HangUpRequested(by="agent", reason="done"))
        await world.until(f"calls/{other.call_id}", "the record of another call", is_over)
    record = await world.until(path, "the wrapped-up record with its recording", is_whole)
    rest = call.timeline.of("rest", repeated=False)
    return {
        **record,
        "calls": len((await world.ask("GET", "calls"))["calls"]),
        "attempts": [len(each["attempts"]) for each in await callbacks(world)],
        "rung": sorted(session.leg.called for session in await world.outgoing()),
        "legs": len(world.simulator.calls),
        # That the relay got: one that is opened as the host dies is asked for again.
        "sessions": [each.call_id for each in world.relay.sessions].count(session.call_id),
        "recordings": len(call.desk.recordings),
        "asked": [entry.facts["operation"] for entry in rest if entry.facts["status"] < 300],
        "facts": await world.log(session.call_id, "transfer_failed"),
    }


async def callbacks(world: World) -> list[dict[str, Any]]:
    listed = await world.ask("GET", "callbacks")
    return list(listed["callbacks"])


def is_over(record: dict[str, Any]) -> bool:
    return bool(record["status"] == "ended")


def is_whole(record: dict[str, Any]) -> bool:
    steps = (record["wrap_up"] or {"steps": {}})["steps"]
    return {"analysis", "customer"} <= steps.keys() and bool(record["recording"]["files"])


def is_done(listed: dict[str, Any]) -> bool:
    return [each["outcome"] for each in listed["approvals"]] == ["done"]


async def lived(tmp_path: Path, hosts: Nursery, die_at: int) -> dict[str, Any]:
    """Live a call whose host dies at a point; return what is left of it."""
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    simulator = Simulator(
        SimulatorSettings(
            access_key=ACCESS_KEY, control_token="c", resource_id=RESOURCE, retry_scale=0.1,
            functions_base_url=base, connect_delay_s=0.01, transfer_delay_s=0.01,
            callee_delay_s=0.01, recordings_dir=tmp_path / "blobs",
        )
    )  # fmt: skip
    async with simulator, relay_server(StubbornRelay(functions_url=base)) as relay:
        simulator.numbers[DESK] = Behaviour(manner=Manner.BUSY)
        environ = environment(
            ACS_ENDPOINT=simulator.url,
            ACS_JWKS_URL=f"{simulator.url}/calling/keys",
            FUNCTIONS_BASE_URL=base,
            RELAY_BASE_URL=relay.url,
            STORE_PATH=str(tmp_path / "store"),
            BLOB_PATH=str(tmp_path / "blobs"),
            KEEP_AUDIO="true",
            RECORDING_CONTAINER_URL="http://127.0.0.1:9/c",
            CALL_UNATTENDED_SECONDS="60",  # a relay of paper sends no heartbeats
            RELAY_SILENT_SECONDS="60",
            CALL_SPEECHLESS_SECONDS="60",  # a host is away while it is born
            CALL_TRANSFER_SECONDS="4",  # a host that dies may miss that nobody took the caller
            **ALL_DAY,
        )
        customers = SqliteCustomers(tmp_path / "store" / "customers.db", today=TODAY)
        before = customers.accounts("emily_chen")[0].balance
        order = {"port": port, "db": str(tmp_path / "hub.db"), "environ": environ}
        async with hosts.family(order, die_at) as family:
            left = await a_call(World(simulator, relay, family, base))
            left["died"] = family.deaths > 0
        left["moved"] = customers.accounts("emily_chen")[0].balance - before
        left["notes"] = len(customers.call_notes("emily_chen"))
        return left


def mistakes(left: dict[str, Any]) -> list[str]:
    """Return what is not as in a call whose host lives on."""
    due = {
        "outcome": "completed", "ended_by": "agent", "sessions": 1, "moved": 65_00,
        "rung": RUNG, "calls": 3, "legs": 3, "attempts": [1], "recordings": 1, "notes": 1,
        "turns": ["one", "two"], "transferToParticipant": 1,
        "call_analysed": 1, "transfer_failed": 1, "callback_requested": 1, "recording_kept": 1,
    }  # fmt: skip
    counted = [*left["facts"], *left["asked"]]
    found = {name: left[name] if name in left else counted.count(name) for name in due}
    found["turns"] = [turn["caller"] for turn in left["turns"]]
    return [f"{name}: {found[name]}, not {due[name]}" for name in due if found[name] != due[name]]


async def walked(tmp_path: Path, hosts: Nursery, die_at: int) -> tuple[bool, list[str]]:
    """Whether a host died in this life, and what was wrong with it."""
    try:
        left = await lived(tmp_path / str(die_at), hosts, die_at)
    except (AssertionError, LookupError) as error:
        return True, [str(error)]
    return left["died"], mistakes(left)


async def test_a_call_whose_host_is_killed_at_any_point_is_whole_and_does_nothing_twice(tmp_path):
    wrong: dict[int, list[str]] = {}
    walk: list[int] = []
    async with nursery() as hosts:
        for points in batched(range(1, MOST, EVERY), AT_ONCE, strict=False):
            lives = await asyncio.gather(*(walked(tmp_path, hosts, each) for each in points))
            wrong |= {at: found for at, (_, found) in zip(points, lives, strict=True) if found}
            walk += [at for at, (died, _) in zip(points, lives, strict=True) if died]
            if not all(died for died, _ in lives):
                break

    assert not wrong
    assert len(walk) > 1, "no host died: the walk was no walk"
