"""How many relays a stack has behind one address, and whether they live before anybody calls."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from localdev.stack.front import Front, OnDemand
from localdev.stack.layout import Layout
from localdev.stack.supervisor import PartFailed, Say, Stack


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """The relays that were asked for. `idle_s`: they start from nothing, and stop after so long.

    `never`: the one that is woken never comes, which is a fault to hear what callers hear then.
    """

    relays: int = 1
    idle_s: float | None = None
    never: bool = False

    def __str__(self) -> str:
        if self.never:
            return "a relay that never comes"
        if self.idle_s is not None:
            return f"a relay that starts when it is called and stops after {self.idle_s:g} s"
        return f"{self.relays} relays"

    @property
    def behind_front(self) -> int:
        """How many there may be behind a front; 0: a single one needs none."""
        if self.never or self.idle_s is not None:
            return 1
        return self.relays if self.relays > 1 else 0

    @property
    def names(self) -> list[str]:
        """The parts of the stack that they are."""
        return [f"relay-{n}" for n in range(1, self.behind_front + 1)]

    @property
    def awake(self) -> list[str]:
        """Those that live from the beginning."""
        return [] if self.never or self.idle_s is not None else self.names

    @property
    def settings(self) -> Mapping[str, str]:
        """What the other parts must know: nothing is kept warm."""
        return {"PROFILE": "zero"} if self.never or self.idle_s is not None else {}

    def front(self, layout: Layout, stack: Stack, say: Say) -> Front:
        """Return the address before them."""
        ports = [layout.ports[name] for name in self.names]
        if self.awake:
            return Front(ports)
        relay = self.names[0]

        async def start() -> None:
            say(f"{relay} is woken")
            if self.never:
                await asyncio.Event().wait()
            try:
                await stack.start(relay)
            except PartFailed as error:
                say(str(error))

        async def stop() -> None:
            say(f"{relay} goes to sleep")
            await stack.stop(relay)

        idle_s = 0.0 if self.idle_s is None else self.idle_s
        return Front(ports, on_demand=OnDemand(start=start, stop=stop, idle_s=idle_s))
