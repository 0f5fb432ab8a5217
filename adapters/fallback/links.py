"""The engines of one chain with their circuits, shared by all calls of a process."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from adapters.closing import let_go
from core import circuit as circuits
from core.circuit import Circuit, CircuitSettings, Standing
from core.errors import Cause, EngineError, EngineFailed
from core.served import Passed

log = logging.getLogger("artvoice.engines")


class Engine(Protocol):
    """What every kind of engine has."""

    async def warm(self) -> None: ...

    async def aclose(self) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineState:
    """How one engine of a chain stands. `again_s`: until it is tried again."""

    kind: str
    name: str
    standing: Standing
    failures: int
    again_s: float


class Link[E: Engine]:
    """One engine and its circuit."""

    def __init__(self, name: str, engine: E) -> None:
        self.name = name
        self.engine = engine
        self.circuit = Circuit()


class Links[E: Engine]:
    """The engines of a chain, first choice first. `kind` is `thinking`, `hearing` or `speaking`.

    `rest`: what failed a moment ago comes after what did not. `on_change` is told of an
    engine whose circuit opens or closes.
    """

    def __init__(
        self,
        kind: str,
        engines: Sequence[tuple[str, E]],
        *,
        rest: bool = True,
        settings: CircuitSettings | None = None,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self.kind = kind
        self.on_change: Callable[[EngineState], None] = lambda _: None
        self._links = [Link(name, engine) for name, engine in engines]
        self._rest = rest
        self._settings = settings or CircuitSettings()
        self._clock = clock or (lambda: asyncio.get_running_loop().time())

    def __iter__(self) -> Iterator[Link[E]]:
        return iter(self._links)

    def __len__(self) -> int:
        return len(self._links)

    def in_turn(self, *, dropped: int = 0) -> list[Link[E]]:
        """Return all engines in the order in which to ask them now.

        Open circuits come last: they are asked only when nothing else is left. `dropped`: so
        many have failed this caller; it goes on behind them.
        """
        now, count = self._clock(), len(self._links)
        turned = [self._links[(n + dropped) % count] for n in range(count)]
        return sorted(turned, key=lambda link: self._rank(link, now))

    def others_wait(self, behind: Sequence[Link[E]]) -> bool:
        """Whether any of these would be worth asking instead of waiting on."""
        now = self._clock()
        return any(link.circuit.standing(now) is not Standing.OPEN for link in behind)

    def passed(self, link: Link[E], failures: Sequence[Passed]) -> tuple[Passed, ...]:
        """Return who was passed over for this engine, those with open circuits included."""
        known = {each.engine for each in failures}
        now = self._clock()
        skipped = [
            Passed(engine=each.name, cause=_why(each.circuit, now))
            for each in self._links[: self._links.index(link)]
            if each.name not in known
        ]
        return (*skipped, *failures)

    def is_first(self, link: Link[E]) -> bool:
        """Whether this engine is the one that should answer."""
        return link is self._links[0]

    def ask(self, link: Link[E]) -> None:
        """Note that it is asked now."""
        link.circuit = circuits.asked(link.circuit, self._clock())

    def succeeded(self, link: Link[E]) -> None:
        """Note that it did its work."""
        opened = bool(link.circuit.pause_s)
        link.circuit = circuits.succeeded(link.circuit)
        if opened:
            log.info("engine is back", extra={"kind": self.kind, "engine": link.name})
            self.on_change(self._state(link))

    def failed(self, link: Link[E], error: EngineError) -> Passed:
        """Note that it failed."""
        before = link.circuit.pause_s
        link.circuit = circuits.failed(link.circuit, self._clock(), error.cause, self._settings)
        facts = {"kind": self.kind, "engine": link.name, "cause": str(error.cause)}
        log.warning("engine failed", extra={**facts, "detail": error.detail})
        if link.circuit.pause_s > before:
            log.warning("circuit opened", extra={**facts, "pause_s": link.circuit.pause_s})
            self.on_change(self._state(link))
        return Passed(engine=link.name, cause=str(error.cause))

    def states(self) -> tuple[EngineState, ...]:
        """Return how every engine stands."""
        return tuple(self._state(link) for link in self._links)

    async def warm(self) -> None:
        """Warm all; those that cannot be are asked when they are needed. Raises if none can."""
        outcomes = await asyncio.gather(
            *(link.engine.warm() for link in self._links), return_exceptions=True
        )
        errors = [each for each in outcomes if isinstance(each, BaseException)]
        for link, outcome in zip(self._links, outcomes, strict=True):
            if isinstance(outcome, EngineFailed):
                self.failed(link, outcome.error)
            elif isinstance(outcome, BaseException):
                raise outcome
        if len(errors) == len(self._links):
            raise errors[0]

    async def aclose(self) -> None:
        """Let go of all."""
        await asyncio.gather(*(let_go(link.engine) for link in self._links))

    def _state(self, link: Link[E]) -> EngineState:
        now = self._clock()
        return EngineState(
            kind=self.kind,
            name=link.name,
            standing=link.circuit.standing(now),
            failures=link.circuit.failures,
            again_s=round(max(0.0, link.circuit.until - now), 1),
        )

    def _rank(self, link: Link[E], now: float) -> tuple[bool, bool]:
        is_open = link.circuit.standing(now) is Standing.OPEN
        return is_open, self._rest and now < link.circuit.rested


def _why(circuit: Circuit, now: float) -> str:
    return "open" if circuit.standing(now) is Standing.OPEN else "resting"


def links_of(engines: Iterable[object]) -> list[Links[Any]]:
    """Return the links of those engines that are chains."""
    found = (getattr(engine, "links", None) for engine in engines)
    return [links for links in found if isinstance(links, Links)]


def troubles(chains: Iterable[Links[Any]]) -> list[str]:
    """Return a line for each engine that is left alone now, for people."""
    return [
        f"{state.kind}: {state.name} is left alone after {state.failures} failures, "
        + (
            f"tried again in {state.again_s:g} s"
            if state.again_s
            else "tried with the next request"
        )
        for links in chains
        for state in links.states()
        if state.standing is not Standing.CLOSED
    ]


def exhausted(passed: Sequence[Passed], last: EngineError) -> EngineFailed:
    """Return the failure of a whole chain."""
    told = ", ".join(f"{each.engine} {each.cause}" for each in passed)
    return EngineFailed(EngineError(cause=last.cause, detail=f"all failed: {told}"[:200]))


TOO_SLOW = EngineError(cause=Cause.TIMEOUT, detail="nothing in time, and others wait")
