"""A carrier and a blob store that live in memory, and a plane made of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from adapters.plane import Plane
from adapters.settings import Settings
from adapters.sqlite_calls import SqliteCalls
from adapters.sqlite_promises import SqlitePromises
from adapters.sqlite_targets import SqliteTargets
from adapters.stores import customer_store
from adapters.tokens import TokenVerifier
from core.agents import AgentSpec, Scenario
from core.callbacks import CALLBACK
from core.campaigns import CAMPAIGN
from core.carrier import CarrierError, Invitee, Links, Once, Trouble
from core.control_ports import Piece
from core.facts import LegState
from core.promises import APPROVAL
from tests.control.stack import environment


@dataclass
class FakeCarrier:
    """Does what it is told, once per key, and keeps a list of it."""

    done: list[tuple[str, ...]] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)
    troubles: list[CarrierError] = field(default_factory=list)
    state: LegState = LegState.CONNECTED
    there: set[str] = field(default_factory=set)

    def _do(self, once: Once | None, *what: str) -> None:
        if self.troubles:
            raise self.troubles.pop(0)
        if once is None or once.key not in self.keys:
            self.done.append(what)
        if once:
            self.keys.add(once.key)

    async def answer(self, offer: str, links: Links, once: Once, *, streaming: bool) -> str:
        self._do(once, "answer" if streaming else "answer silently")
        return "leg"

    async def reject(self, offer: str, once: Once) -> None:
        self._do(once, "reject")

    async def redirect(self, offer: str, number: str, once: Once) -> None:
        self._do(once, "redirect", number)

    async def create(self, number: str, links: Links, once: Once, *, streaming: bool) -> str:
        self._do(once, "create" if streaming else "create silently", number)
        return "leg"

    async def hang_up(self, connection_id: str, once: Once) -> None:
        if self.state is LegState.GONE:
            raise CarrierError(Trouble.GONE, "8522")
        self._do(once, "hang_up")

    async def transfer(self, connection_id: str, to: Invitee, context: str, once: Once) -> None:
        self._do(once, "transfer", to.address, context)

    async def invite(
        self, connection_id: str, to: Invitee, *, ring_s: float, context: str, once: Once
    ) -> str:
        self._do(once, "invite", to.address, context)
        return "invitation"

    async def withdraw(self, connection_id: str, invitation: str, address: str, once: Once) -> None:
        self._do(once, "withdraw", address)
        self.there.discard(address)

    async def people(self, connection_id: str) -> frozenset[str]:
        if self.state is LegState.GONE:
            raise CarrierError(Trouble.GONE, "8522")
        return frozenset(self.there)

    async def hold(self, connection_id: str, address: str, music_url: str) -> None:
        self._do(None, "hold", address)

    async def unhold(self, connection_id: str, address: str) -> None:
        self._do(None, "unhold", address)

    async def leave(self, connection_id: str) -> None:
        if ("leave",) in self.done:
            raise CarrierError(Trouble.GONE, "8522")
        self._do(None, "leave")

    async def start_media(self, connection_id: str) -> None:
        self._do(None, "start_media")

    async def play(self, connection_id: str, url: str, context: str) -> None:
        self._do(None, "play", context)

    async def leg(self, connection_id: str) -> LegState:
        return self.state

    async def start_recording(self, connection_id, where, once, *, paused) -> str:
        self._do(once, "start_recording", "paused" if paused else "")
        return "recording-1"

    async def pause_recording(self, recording_id: str) -> None:
        self._do(None, "pause_recording", recording_id)

    async def resume_recording(self, recording_id: str) -> None:
        self._do(None, "resume_recording", recording_id)

    async def stop_recording(self, recording_id: str) -> None:
        self._do(None, "stop_recording", recording_id)

    async def check(self) -> None:
        if self.troubles:
            raise self.troubles.pop(0)

    async def aclose(self) -> None:
        return


@dataclass
class PaperDoor:
    """Relays that are there, or come after having been asked so often (`asleep` times)."""

    asleep: int = 0
    asked: int = 0

    async def ready(self, within_s: float) -> bool:
        self.asked += 1
        return self.asked > self.asleep


@dataclass
class MemoryBlobs:
    """A dictionary of files."""

    files: dict[str, bytes] = field(default_factory=dict)

    async def put(self, name: str, content: bytes, content_type: str) -> None:
        self.files[name] = content

    async def get(self, name: str) -> bytes | None:
        return self.files.get(name)

    async def piece(self, name: str, first: int, most: int) -> Piece | None:
        content = self.files.get(name)
        if content is None:
            return None
        return Piece(content=content[first : first + most], size=len(content))

    async def delete(self, name: str) -> None:
        self.files.pop(name, None)

    async def aclose(self) -> None: ...


@dataclass
class FakeDurable:
    """Counts births and pokes; `alive` says whether there is anything to poke."""

    born: list[Mapping[str, Any]] = field(default_factory=list)
    pokes: list[str] = field(default_factory=list)
    begun: list[tuple[str, str]] = field(default_factory=list)
    alive: bool = True

    async def start(self, order: Mapping[str, Any]) -> None:
        self.born.append(order)
        self.alive = True

    async def begin(self, name: str, instance_id: str, order: Mapping[str, Any]) -> None:
        self.begun.append((name, instance_id))

    async def poke(self, call_id: str) -> bool:
        self.pokes.append(call_id)
        return self.alive


SCENARIO = Scenario(name="banking", start_agent="A", agents=(AgentSpec(name="A", prompt="Hi"),))


def scenarios(name: str) -> Scenario:
    if name != "banking":
        raise KeyError(name)
    return SCENARIO


def plane_of(clock: Callable[[], float], **more: str) -> Plane:
    """Wire a plane whose carrier and blobs are fakes and whose store is in memory."""
    settings = Settings.read(
        environment(
            ACS_ENDPOINT="http://127.0.0.1:1",
            FUNCTIONS_BASE_URL="http://127.0.0.1:2",
            RELAY_BASE_URL="http://127.0.0.1:3",
            **more,
        )
    )
    return Plane(
        settings=settings,
        store=SqliteCalls(":memory:", clock=clock),
        approvals=SqlitePromises(":memory:", "approvals", APPROVAL),
        callbacks=SqlitePromises(":memory:", "callbacks", CALLBACK),
        campaigns=SqlitePromises(":memory:", "campaigns", CAMPAIGN),
        targets=SqliteTargets(":memory:"),
        customers=customer_store(settings, today=datetime.fromtimestamp(clock(), UTC).date()),
        calls=FakeCarrier(),
        door=PaperDoor(),
        blobs=MemoryBlobs(),
        tokens=TokenVerifier(audience="a"),
        load_scenario=scenarios,
        clock=clock,
    )
