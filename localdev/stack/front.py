"""One address before several relays, as the ingress of the cloud is before its replicas.

Each connection goes to the ready relay with the fewest of them; one that drains or died is passed
over. While there is none, connections wait: for one to come back, or for one that is woken.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

READY_S = 0.5  # a relay that lives says so within a few milliseconds
LOOK_S = 0.1
PATIENCE_S = 30.0  # then nobody waits at the other end any more
CHUNK = 64 * 1024
UNAVAILABLE = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


@dataclass(slots=True, eq=False)
class _Relay:
    port: int
    connections: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class OnDemand:
    """How a relay is brought to life when a connection comes, and put to rest after the last.

    `start` returns when it is ready, or fails; `idle_s`: for how long nobody must have come.
    """

    start: Callable[[], Awaitable[None]]
    stop: Callable[[], Awaitable[None]]
    idle_s: float


class Front:
    """Passes connections on, byte for byte. `on_demand` None: relays live by themselves.

    `patience_s`: how long a connection waits for a relay; `ready_s`: how long one is waited for
    that does not say whether it is ready.
    """

    def __init__(
        self,
        ports: Sequence[int],
        *,
        on_demand: OnDemand | None = None,
        patience_s: float = PATIENCE_S,
        ready_s: float = READY_S,
    ) -> None:
        self._relays = [_Relay(port) for port in ports]
        self._on_demand = on_demand
        self._patience_s = patience_s
        self._ready_s = ready_s
        self._visitors = 0
        self._waking: asyncio.Task[None] | None = None
        self._changing = asyncio.Lock()
        self._rest: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def listening(self, port: int) -> AsyncIterator[int]:
        """Listen on this port of the loopback; gives the port."""
        server = await asyncio.start_server(self._visited, "127.0.0.1", port)
        try:
            yield int(server.sockets[0].getsockname()[1])
        finally:
            server.close()
            if self._rest is not None:
                self._rest.cancel()
            if self._waking is not None:
                self._waking.cancel()
            for task in tuple(self._tasks):
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _visited(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 a callback of the server runs as one
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        self._visitors += 1
        try:
            relay = await self._ready_relay()
            if relay is None:
                writer.write(UNAVAILABLE)
                await writer.drain()
            else:
                await _pass_on(relay, reader, writer)
        except OSError:
            pass  # either end is gone, which the other end is told by the closing
        finally:
            writer.close()
            self._visitors -= 1
            self._left()

    # --- which relay -----------------------------------------------------------------------------

    async def _ready_relay(self) -> _Relay | None:
        """Choose one, and count the connection that it gets."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._patience_s):
                while True:
                    for relay in sorted(self._relays, key=lambda relay: relay.connections):
                        if await self._chosen(relay):
                            return relay
                    self._wake()
                    await asyncio.sleep(LOOK_S)
        return None

    async def _chosen(self, relay: _Relay) -> bool:
        relay.connections += 1  # at once: others choose meanwhile
        ready = False
        try:
            ready = await _is_ready(relay.port, self._ready_s)
        finally:  # also when nobody waits for it any more
            relay.connections -= not ready
        return ready

    def _wake(self) -> None:
        if self._on_demand is not None and (self._waking is None or self._waking.done()):
            self._waking = asyncio.create_task(self._woken(self._on_demand))

    async def _woken(self, on_demand: OnDemand) -> None:
        async with self._changing:
            await on_demand.start()
        self._left()

    def _left(self) -> None:
        """Put the relay to rest after a while, unless somebody comes before."""
        if self._on_demand is None:
            return
        if self._rest is not None:
            self._rest.cancel()
        if not self._visitors:
            loop = asyncio.get_running_loop()
            self._rest = loop.call_later(self._on_demand.idle_s, self._idle, self._on_demand)

    def _idle(self, on_demand: OnDemand) -> None:
        if not self._visitors:
            task = asyncio.create_task(self._rested(on_demand))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _rested(self, on_demand: OnDemand) -> None:
        async with self._changing:
            await on_demand.stop()


async def _is_ready(port: int, within_s: float) -> bool:
    """Ask `/readyz` of a relay."""
    asked = f"GET /readyz HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n"
    try:
        async with asyncio.timeout(within_s):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                writer.write(asked.encode())
                return (await reader.readline()).split()[1:2] == [b"200"]
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return False


# --- bytes ----------------------------------------------------------------------------------------


async def _pass_on(
    relay: _Relay, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    """Carry both directions until either end closes or breaks; the other end sees the same."""
    try:
        there, back = await asyncio.open_connection("127.0.0.1", relay.port)
    except OSError:
        relay.connections -= 1
        raise
    try:
        carrying = [asyncio.create_task(_carry(reader, back)),
                    asyncio.create_task(_carry(there, writer))]  # fmt: skip
        done, others = await asyncio.wait(carrying, return_when=asyncio.FIRST_COMPLETED)
        for other in others:
            other.cancel()
        await asyncio.gather(*carrying, return_exceptions=True)
        if any(each.exception() for each in done):
            back.transport.abort()
            writer.transport.abort()
    finally:
        back.close()
        relay.connections -= 1


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while chunk := await reader.read(CHUNK):
        writer.write(chunk)
        await writer.drain()
