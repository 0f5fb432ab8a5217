"""A functions host is killed at every point of a call: all is recorded, nothing is done twice."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from adapters.customers import SqliteCustomers
from core import facts as f
from localdev.acs_simulator import Behaviour, Manner, Simulator, SimulatorSettings
from tests.bank import TODAY
from tests.control.stack import (
    ACCESS_KEY,
    APP,
    CALLED,
    CALLER,
    DESK,
    RESOURCE,
    PaperRelay,
    environment,
    relay_server,
)
from tests.control.test_approvals import ASKED, YES
from tests.control.test_killed_host import free_port

# Every point is walked with WALK_EVERY=1 (some minutes); the suite takes every so many.
EVERY = int(os.environ.get("WALK_EVERY", "40"))
MOST = 2_000


@dataclass
class Nursery:
    """The process that bears hosts; when one dies, another is born at once."""

    process: asyncio.subprocess.Process
    order: dict[str, Any] = field(default_factory=dict)
    deaths: int = 0
    host: int = 0
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    over: asyncio.Event = field(default_factory=asyncio.Event)

    @asynccontextmanager
    async def bears(self, order: dict[str, Any], die_at: int) -> AsyncIterator[None]:
        """Have a host that dies at a point, and others after it, until the end of the block."""
        self.order, self.deaths = order, 0
        self._bear(die_at)
        await asyncio.wait_for(self.ready.wait(), 20)
        try:
            yield
        finally:
            await self.ready.wait()
            self.order = {}
            os.kill(self.host, signal.SIGKILL)
            await self.over.wait()

    async def watch(self) -> None:
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            match line.decode().split():
                case ["ready", pid, _]:
                    self.host = int(pid)
                    self.ready.set()
                case ["dead"]:
                    self.ready.clear()
                    self.deaths += 1
                    if self.order:
                        self._bear(0)
                    else:
                        self.over.set()

    def _bear(self, die_at: int) -> None:
        assert self.process.stdin is not None
        self.over.clear()
        line = json.dumps({**self.order, "die_at": die_at})
        self.process.stdin.write(f"{line}\n".encode())


@asynccontextmanager
async def nursery() -> AsyncIterator[Nursery]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.control.mortal_host",
        cwd=APP, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    hosts = Nursery(process=process)
    watching = asyncio.create_task(hosts.watch())
    try:
        yield hosts
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()
        watching.cancel()


class StubbornRelay(PaperRelay):
    """Sends again what no host took, as the real one does."""

    async def post(self, path, body, headers=None):
        async with asyncio.timeout(20):
            while True:
                try:
                    status, answer = await super().post(path, body, headers)
                except aiohttp.ClientError:
                    status, answer = 503, b""
                if status < 500:
                    return status, answer
                await asyncio.sleep(0)


@dataclass
class World:
    """What stays while hosts come and go."""

    simulator: Simulator
    relay: StubbornRelay
    hosts: Nursery
    base: str

    async def ask(self, method: str, path: str, **more: Any) -> Any:
        async with asyncio.timeout(20), aiohttp.ClientSession() as http:
            while True:
                await self.hosts.ready.wait()
                try:
                    async with http.request(method, f"{self.base}/api/v1/{path}", **more) as answer:
                        if answer.status < 500:
                            return await answer.json()
                except aiohttp.ClientError:
                    await asyncio.sleep(0)

    async def until(self, path: str, holds: Any) -> Any:
        async with asyncio.timeout(60):  # who died while acting is believed to act for 30 s
            found = await self.ask("GET", path)
            while not holds(found):
                found = await self.ask("GET", path)
        return found


async def a_call(world: World) -> dict[str, Any]:
    """A call with money, a transfer that nobody takes, and a hang-up of ours; its record."""
    call = await world.simulator.ring(from_=CALLER, to=CALLED)
    session = await world.relay.session()
    said = f.CallerSaid(turn=1, text="one")
    await world.relay.report(session, said, ASKED)
    listed = await world.until("approvals", lambda found: found["approvals"])
    approval = listed["approvals"][0]["id"]
    await world.ask("POST", f"approvals/{approval}", json=YES)
    await world.relay.report(session, f.TransferRequested(request_id="t1", target="call_center"))
    await call.timeline.wait_for("event", type="CallTransferFailed")
    two = f.TurnDone(turn=2, agent="A", caller="two", reply="yes", heard="yes")
    await world.relay.report(session, two, f.HangUpRequested(by="agent", reason="done"))
    await call.finished()
    await world.until("approvals?status=approved", lambda found: is_done(found["approvals"]))
    path = f"calls/{session.call_id}"
    record = await world.until(path, lambda found: found["status"] == "ended")
    listed = await world.ask("GET", "calls")
    rest = call.timeline.of("rest", repeated=False)
    asked = [entry.facts["operation"] for entry in rest if entry.facts["status"] < 300]
    return {**record, "calls": listed["calls"], "asked": asked}


def is_done(approvals):
    return [each["outcome"] for each in approvals] == ["done"]


async def lived(tmp_path: Path, hosts: Nursery, die_at: int) -> dict[str, Any]:
    """Live a call whose host dies at a point; return what is left of it."""
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    simulator = Simulator(
        SimulatorSettings(
            access_key=ACCESS_KEY, control_token="c", resource_id=RESOURCE, retry_scale=0.02,
            functions_base_url=base, connect_delay_s=0.01, transfer_delay_s=0.01,
            callee_delay_s=0.01,
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
        )
        customers = SqliteCustomers(tmp_path / "store" / "customers.db", today=TODAY)
        before = customers.accounts("emily_chen")[0].balance
        order = {"port": port, "db": str(tmp_path / "hub.db"), "environ": environ}
        async with hosts.bears(order, die_at):
            left = await a_call(World(simulator, relay, hosts, base))
        left["moved"] = customers.accounts("emily_chen")[0].balance - before
        left["died"] = hosts.deaths > 1  # the last one is the end of the block
        return left


async def test_a_call_whose_host_is_killed_at_any_point_is_whole_and_does_nothing_twice(tmp_path):
    async with nursery() as hosts:
        for die_at in range(1, MOST, EVERY):
            left = await lived(tmp_path / str(die_at), hosts, die_at)

            assert (left["outcome"], left["ended_by"]) == ("completed", "agent"), die_at
            assert [turn["caller"] for turn in left["turns"]] == ["one", "two"], die_at
            assert left["moved"] == 65_00, die_at
            assert len(left["calls"]) == 1, die_at
            assert left["asked"].count("transferToParticipant") == 1, die_at
            if not left["died"]:
                break
    assert die_at > EVERY, "no host died: the walk was no walk"
