"""Starts the parts of a stack as child processes, restarts one that dies, and stops them all."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from pathlib import Path

from localdev.stack.layout import Layout
from localdev.stack.running import Running, publish, withdraw

READY_WITHIN_S = 60.0
STOP_WITHIN_S = 12.0
QUICK_DEATHS = 3
PORT_TAKEN = os.EX_TEMPFAIL  # exit code of a part that cannot listen where it should
LAST_WORDS = 500

Say = Callable[[str], None]
type Begin = Callable[[Layout], AbstractAsyncContextManager[Stack]]


class PartFailed(Exception):
    """A part of the stack did not start; the message ends with its last words."""


class PortTaken(PartFailed):
    """Another program took the port of a part after it was found to be free."""


async def on_free_ports(
    layout: Layout, parts: Iterable[str], begin: Begin, *, within: AsyncExitStack, say: Say
) -> Stack:
    """Begin a stack on ports that are free; elsewhere, if somebody takes one meanwhile.

    It ends with `within`. Raises PartFailed.
    """
    try:
        return await within.enter_async_context(begin(layout.with_free_ports(parts)))
    except PortTaken as error:
        say(f"{error}; starting elsewhere")
        return await within.enter_async_context(begin(layout.apart().with_free_ports(parts)))


class Stack:
    """The parts named, supervised: `async with Stack(...) as stack` and they are ready.

    A part is a command of its own (`host`), or one of several (`relay-1`, `relay-2`). `passing`:
    it is up for one call of the one who starts it.
    """

    def __init__(
        self,
        layout: Layout,
        environ: Mapping[str, str],
        parts: Sequence[str],
        say: Say,
        *,
        passing: bool = False,
    ) -> None:
        self.layout = layout
        self._passing = passing
        self._up = False
        self._environ = dict(environ)
        self._parts = tuple(parts)
        self._say = say
        self._processes: dict[str, Process] = {}
        self._watchers: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Stack:
        (self.layout.home / "logs").mkdir(parents=True, exist_ok=True)
        starting = [asyncio.create_task(self.start(part)) for part in self._parts]
        async with AsyncExitStack() as started:  # failed or cancelled: no process is left behind
            started.push_async_callback(self._stop)
            started.push_async_callback(_ended, starting)
            await asyncio.gather(*starting)
            started.pop_all()
        self._watchers = [asyncio.create_task(self._watch(part)) for part in self._parts]
        self._up = True
        self._publish()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stop()

    @property
    def pids(self) -> dict[str, int]:
        """The process ids of the parts that run, by their names."""
        running = self._processes.items()
        return {part: process.pid for part, process in running if process.returncode is None}

    def log_of(self, part: str) -> Path:
        """Return the file a part's output goes to."""
        return self.layout.home / "logs" / f"{part}.log"

    async def start(self, part: str) -> None:
        """Start a part and wait until it is ready. Raises PartFailed."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "localdev.cli", _command(part)),
            *("--port", str(self.layout.ports[part]), "--until-stdin-ends"),
            # Never written to: its end tells a part that we are gone, even by kill -9.
            stdin=PIPE,
            stdout=PIPE,
            stderr=STDOUT,
            env={
                **self._environ,
                "ARTVOICE_HOME": str(self.layout.home),
                "PYTHONUNBUFFERED": "1",
            },
            # Ctrl-C reaches the supervisor alone, which stops its parts in order.
            start_new_session=True,
        )
        self._processes[part] = process
        ready = asyncio.Event()
        copying = asyncio.create_task(self._copy_output(part, process, ready))
        waiting = asyncio.create_task(ready.wait())
        await asyncio.wait(
            {copying, waiting}, timeout=READY_WITHIN_S, return_when=asyncio.FIRST_COMPLETED
        )
        waiting.cancel()
        if copying.done() and await process.wait() == PORT_TAKEN:
            raise PortTaken(f"port {self.layout.ports[part]} of the {part} is taken")
        if not ready.is_set():
            raise PartFailed(
                f"the {part} did not start: {self._last_words(part)} (see {self.log_of(part)})"
            )
        self._say(f"{part} ready on {self.layout.url(part)}")
        if self._up:
            self._publish()

    async def _copy_output(self, part: str, process: Process, ready: asyncio.Event) -> None:
        assert process.stdout is not None  # noqa: S101 it was asked for as a pipe
        with self.log_of(part).open("ab", buffering=0) as log:
            while line := await process.stdout.readline():
                log.write(line)
                if line.startswith(f"{_command(part)} ready".encode()):
                    ready.set()

    def _last_words(self, part: str) -> str:
        text = self.log_of(part).read_text(errors="replace") if self.log_of(part).exists() else ""
        lines = text.splitlines()
        return lines[-1][:LAST_WORDS] if lines else "it said nothing"

    def _publish(self) -> None:
        pids = self.pids
        urls = {part: self.layout.url(part) for part in pids}
        here = Running(pid=os.getpid(), urls=urls, pids=pids, passing=self._passing)
        publish(self.layout.home, here)

    async def _watch(self, part: str) -> None:
        """Bring a part back whenever it dies, unless it dies at once again and again."""
        loop = asyncio.get_running_loop()
        deaths = 0
        while deaths < QUICK_DEATHS:
            born = loop.time()
            code = await self._processes[part].wait()
            deaths = deaths + 1 if loop.time() - born < 5 else 0
            self._say(f"{part} died ({_cause(code)}); starting it again")
            try:
                await self.start(part)
            except PartFailed as error:
                self._say(str(error))
                return

    async def _stop(self) -> None:
        self._up = False
        for watcher in self._watchers:
            watcher.cancel()
        # The telephones first, which ends every call; then the relay, which says goodbye to the
        # host while the host still listens.
        relays = [part for part in self._processes if _command(part) == "relay"]
        await self.stop("simulator")
        await asyncio.gather(*(self.stop(relay) for relay in relays))
        await self.stop("host")
        withdraw(self.layout.home)

    async def stop(self, part: str) -> None:
        """Stop a part in good order; one that does not run is stopped already."""
        process = self._processes.get(part)
        if process is None or process.returncode is not None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(process.wait(), STOP_WITHIN_S)
        except TimeoutError:
            process.kill()
            await process.wait()
        if self._up:
            self._publish()


async def _ended(tasks: Iterable[asyncio.Task[None]]) -> None:
    """End those that still go on, when one has failed."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _command(part: str) -> str:
    return part.partition("-")[0]


def _cause(code: int) -> str:
    return signal.Signals(-code).name if code < 0 else f"exit code {code}"
