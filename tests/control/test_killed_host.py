"""A functions host that is killed in the middle of a call loses nothing of it."""

from __future__ import annotations

import asyncio
import os
import random
import sys
from contextlib import asynccontextmanager
from itertools import repeat
from pathlib import Path
from typing import Any

import aiohttp

from core import facts as f
from localdev.acs_simulator import Simulator, SimulatorSettings
from localdev.stack.layout import is_free
from tests.control.nursery import in_time
from tests.control.stack import (
    ACCESS_KEY,
    APP,
    CALLED,
    CALLER,
    PATIENT,
    RESOURCE,
    PaperRelay,
    environment,
    relay_server,
)

POLL_S = 0.05  # another process does what is waited for


@asynccontextmanager
async def host_process(port: int, tmp_path: Path, environ: dict[str, str]):
    """Run a host; kill it with SIGKILL on the way out."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.control.host_process", str(port), str(tmp_path / "hub.db"),
        cwd=APP, env={**os.environ, **environ}, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        line = await in_time("the host", process.stdout.readline())
        url = line.decode().strip()
        assert url, "the host did not start"
        yield url
    finally:
        process.kill()
        await process.wait()


def free_port() -> int:
    """Return a port that stays nobody's while its host is dead.

    Those that the system gives away by itself, to every connection, begin at 32768.
    """
    ports = (random.randrange(27_000, 32_000) for _ in repeat(None))
    return next(port for port in ports if is_free(port))


async def test_a_call_survives_the_death_of_its_host_and_its_record_is_whole(tmp_path):
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    simulator = Simulator(
        SimulatorSettings(
            access_key=ACCESS_KEY, control_token="c", resource_id=RESOURCE, functions_base_url=base
        )
    )
    async with simulator, relay_server(PaperRelay(functions_url=base)) as relay:
        environ = environment(
            ACS_ENDPOINT=simulator.url,
            ACS_JWKS_URL=f"{simulator.url}/calling/keys",
            FUNCTIONS_BASE_URL=base,
            RELAY_BASE_URL=relay.url,
            STORE_PATH=str(tmp_path / "store"),
            BLOB_PATH=str(tmp_path / "blobs"),
            TASK_HUB_NAME="tests",
            **PATIENT,
        )
        async with host_process(port, tmp_path, environ):
            call = await simulator.ring(from_=CALLER, to=CALLED)
            session = await relay.session()
            await call.until("connected")
            await relay.report(session, f.CallerSaid(turn=1, text="before"))

        async with host_process(port, tmp_path, environ), aiohttp.ClientSession() as http:
            done = f.TurnDone(turn=2, agent="A", caller="after", reply="yes", heard="yes")
            await relay.report(session, done, f.HangUpRequested(by="agent", reason="done"))
            await call.finished()
            record = await ended(http, f"{base}/api/v1/calls/{session.call_id}")

    assert (record["outcome"], record["ended_by"]) == ("completed", "agent")
    assert [turn["caller"] for turn in record["turns"]] == ["before", "after"]


async def ended(http: aiohttp.ClientSession, url: str):
    """Ask until a call is kept; another process does that, so there is nothing to wait on."""

    async def kept() -> Any:
        while True:
            async with http.get(url) as answer:
                record = await answer.json()
            if record["status"] == "ended":
                return record
            await asyncio.sleep(POLL_S)

    return await in_time("the record", kept())
