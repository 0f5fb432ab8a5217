"""Functions hosts that kill themselves (SIGKILL) at a chosen point of their work.

A nursery imports everything once and forks a host per line that it reads, so that a host is born
in a fraction of a second. A point is reached before and after every request to the call store, the
promises, the blobs and the carrier.
"""

from __future__ import annotations

import asyncio
import ctypes
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
from tests.control.mortal import Mortal

APP = Path(__file__).parents[2]
PARTS = ("store", "approvals", "callbacks", "calls", "blobs")
# What a host would import when it is first used, and the nursery has imported once.
WARM = (
    "activities.approvals", "activities.callbacks", "activities.commands", "activities.transfers",
    "activities.wrap_up", "adapters.customers", "adapters.durable", "api.approvals",
    "api.callbacks", "api.calls", "api.incoming", "api.outbound", "api.promised_calls",
    "api.recordings", "api.relays", "azure.communication.callautomation.aio",
    "azure_functions_runtime", "function_app", "orchestrators.call", "orchestrators.promise",
    "orchestrators.wrap_up", "registries",
)  # fmt: skip
PR_SET_PDEATHSIG = 1  # prctl(2)


# Looked at again and again while nothing happens: points that would be more on a slow machine.
LOOKS = frozenset({"calls", "page", "relays"})


def killed() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def mortal(plane: Plane, die_at: int) -> Plane:
    """Return the plane of a process that dies at this point; 0: never."""
    points = [die_at]
    parts = {name: Mortal(getattr(plane, name), points, killed, LOOKS) for name in PARTS}
    return replace(plane, **parts)


def tell(line: str) -> None:
    """Write to the parent's reader in one piece: many do so at the same time."""
    os.write(1, f"{line}\n".encode())


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
            on_ready=lambda _: tell(f"ready {order['port']} {os.getpid()}"),
        )
    )


def watch(order: Mapping[str, Any]) -> None:
    """Bear a host, and say when it has died."""
    _end_with_parent()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    child = os.fork()
    if child == 0:
        _end_with_parent()
        live(order)
        return
    os.waitpid(child, 0)
    tell(f"dead {order['port']}")


def _end_with_parent() -> None:
    """Leave no process behind when a run of tests is cut off; only Linux can do it."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def main() -> None:
    """Have a host, and somebody who watches it, for each line of standard input."""
    os.environ.setdefault("TASK_HUB_NAME", "tests")
    for name in WARM:
        __import__(name)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those who watch
    for line in sys.stdin:
        if os.fork() == 0:
            watch(json.loads(line))
            return


if __name__ == "__main__":
    main()
