"""What survives when the host is killed or stopped: everything that was accepted."""

import asyncio
import json
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from localdev.functions_host import Host, StartError, VirtualClock

from .conftest import SAMPLE

ROOT = Path(__file__).parents[2]

# The activity writes a line and then waits for a file, so that it can be killed half way.
SLOW_APP = """
import asyncio, os
from datetime import timedelta
from pathlib import Path
import azure.durable_functions as df
app = df.DFApp()
HERE = Path(__file__).parent

@app.activity_trigger(input_name="x")
async def work(x: str) -> str:
    with (HERE / "runs").open("a") as runs:
        runs.write("run\\n")
    print("working", flush=True)
    if not (HERE / "finish").exists():
        await asyncio.Event().wait()
    return "done " + x

@app.orchestration_trigger(context_name="context")
def job(context: df.DurableOrchestrationContext):
    first = yield context.call_activity("work", "a")
    return first

@app.orchestration_trigger(context_name="context")
def nap(context: df.DurableOrchestrationContext):
    yield context.create_timer(context.current_utc_datetime + timedelta(hours=1))
    return "awake"
"""
CHILD = """
import asyncio, sys
from pathlib import Path
from localdev.functions_host import Host, VirtualClock

async def main():
    folder, name = Path(sys.argv[1]), sys.argv[2]
    host = Host(app_dir=folder, db=folder / "engine.db", clock=VirtualClock())
    await host.start()
    host.engine.start(name, name)
    await host.engine.wait(name, frozenset({"Running"}))
    print("running", flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "host.json").write_text('{"version": "2.0"}')
    (tmp_path / "function_app.py").write_text(SLOW_APP)
    return tmp_path


async def kill_when(folder: Path, name: str, words: set[str]) -> None:
    """Run the orchestration in another process and kill it when it has said all the words."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-W", "ignore", "-c", CHILD, str(folder), name),
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
    )
    assert child.stdout is not None
    try:
        async with asyncio.timeout(60):
            while words:
                line = (await child.stdout.readline()).decode().strip()
                assert line, "the child ended too early"
                words.discard(line)
    finally:
        child.send_signal(signal.SIGKILL)
        await child.wait()


@asynccontextmanager
async def running(folder: Path, db: Path) -> AsyncIterator[Host]:
    host = Host(app_dir=folder, db=db, clock=VirtualClock())
    await host.start()
    try:
        yield host
    finally:
        await host.stop()


async def test_an_activity_that_was_killed_runs_again(folder: Path) -> None:
    await kill_when(folder, "job", {"running", "working"})
    (folder / "finish").touch()

    async with running(folder, folder / "engine.db") as host:
        ended = await host.engine.wait("job")

    assert json.loads(ended.output) == "done a"
    assert (folder / "runs").read_text().split() == ["run", "run"]


async def test_a_timer_fires_after_a_kill(folder: Path) -> None:
    await kill_when(folder, "nap", {"running"})

    async with running(folder, folder / "engine.db") as host:
        before = host.engine.status("nap")
        await host.engine.advance(3600)
        ended = await host.engine.wait("nap")

    assert before.status == "Running"
    assert json.loads(ended.output) == "awake"


async def test_a_message_that_was_accepted_before_the_stop_is_delivered_after_it(
    tmp_path: Path,
) -> None:
    db = tmp_path / "engine.db"
    async with running(SAMPLE, db) as host:
        host.engine.start("wait_for_go", "x")
        await host.engine.settled()
        await host.engine.drain(1)
        host.engine.raise_event("x", "go", "1")

    async with running(SAMPLE, db) as host:
        ended = await host.engine.wait("x")

    assert json.loads(ended.output) == "went"


RING = {"id": "1", "source": "/s", "specversion": "1.0", "type": "T", "data": {"n": "x"}}


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/api/patient/x", {}, 200),
        ("/runtime/webhooks/EventGrid?functionName=on_patient", RING, 202),
    ],
)
async def test_stopping_lets_an_invocation_end_that_still_needs_the_host(
    tmp_path: Path, path: str, body: object, status: int
) -> None:
    db = tmp_path / "engine.db"
    headers = {"aeg-event-type": "Notification"}
    host = Host(app_dir=SAMPLE, db=db, clock=VirtualClock())
    await host.start()
    app = sys.modules["function_app"]
    async with aiohttp.ClientSession() as http, asyncio.TaskGroup() as group:
        asked = group.create_task(http.post(host.url + path, json=body, headers=headers))
        async with asyncio.timeout(60):
            await app.BEGUN.wait()
        stopping = group.create_task(host.stop())
        await nothing_more_happens()
        app.GO_ON.set()
        answer = await asked
        await stopping

    async with running(SAMPLE, db) as host:
        ended = await host.engine.wait("x")

    assert (answer.status, ended.status) == (status, "Completed")


async def nothing_more_happens() -> None:
    """Let every task go on until it waits for something outside."""
    for _ in range(50):
        await asyncio.sleep(0)


async def test_entities_keep_their_state(tmp_path: Path) -> None:
    db = tmp_path / "engine.db"
    async with running(SAMPLE, db) as host:
        host.engine.signal("@counter@k", "add", '"4"')
        await host.engine.settled()

    async with running(SAMPLE, db) as host:
        row = host.engine.store.entity("@counter@k")

    assert row is not None
    assert row.state == "4"


async def test_stopping_cancels_what_does_not_end(folder: Path) -> None:
    host = Host(app_dir=folder, clock=VirtualClock())
    await host.start()
    host.engine.start("job", "job")
    await host.engine.wait("job", frozenset({"Running"}))

    await host.engine.drain(0)
    left = host.engine.store.waiting_work()
    await host.stop()

    assert left == [1]


async def test_a_file_of_another_version_is_refused(tmp_path: Path) -> None:
    db = tmp_path / "engine.db"
    with sqlite3.connect(db) as other:
        other.execute("pragma user_version=99")
    other.close()

    with pytest.raises(StartError, match="another version"):
        await Host(app_dir=SAMPLE, db=db).start()
