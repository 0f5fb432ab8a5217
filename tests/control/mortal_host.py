"""Functions hosts that kill themselves (SIGKILL) at a chosen point of their work.

A nursery imports everything once and forks a host per line that it reads, so that a host is born
in a fraction of a second. A point is reached before and after every request to the call store, the
promises, the blobs and the carrier.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from adapters.plane import Plane, build, use
from adapters.settings import Settings
from localdev.functions_host import serve

APP = Path(__file__).parents[2]
PARTS = ("store", "approvals", "callbacks", "calls", "blobs")
# What a host would import when it is first used, and the nursery has imported once.
WARM = (
    "activities.approvals", "activities.callbacks", "activities.commands", "adapters.customers",
    "adapters.durable", "api.approvals", "api.callbacks", "api.calls", "api.incoming",
    "api.relays", "azure.communication.callautomation.aio", "azure_functions_runtime",
    "function_app", "orchestrators.call", "orchestrators.promise", "registries",
)  # fmt: skip


class Mortal:
    """Passes everything on; the process dies when the `die_at`th point is reached."""

    def __init__(self, points: list[int], part: Any) -> None:
        self._points = points
        self._part = part

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._part, name)
        if not asyncio.iscoroutinefunction(found):
            return found

        async def lived(*args: Any, **kwargs: Any) -> Any:
            self._reached()
            result = await found(*args, **kwargs)
            self._reached()
            return result

        return lived

    def _reached(self) -> None:
        self._points[0] -= 1
        if self._points[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def mortal(plane: Plane, die_at: int) -> Plane:
    """Return the plane of a process that dies at this point; 0: never."""
    points = [die_at]
    return replace(plane, **{part: Mortal(points, getattr(plane, part)) for part in PARTS})


def live(order: Mapping[str, Any]) -> None:
    """Be a host until killed; tell the parent's reader when it answers."""
    os.environ.update(order["environ"])
    use(mortal(build(Settings.read(os.environ)), order["die_at"]))
    asyncio.run(
        serve(
            app_dir=APP,
            port=order["port"],
            db=Path(order["db"]),
            function_key=None,
            stop=asyncio.Event(),
            on_ready=lambda url: print("ready", os.getpid(), url, flush=True),  # noqa: T201
        )
    )


def main() -> None:
    """Fork a host per line of standard input; say when it has died."""
    os.environ.setdefault("TASK_HUB_NAME", "tests")
    for name in WARM:
        __import__(name)
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            live(json.loads(line))
            return
        os.waitpid(child, 0)
        print("dead", flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
