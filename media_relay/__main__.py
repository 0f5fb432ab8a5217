"""`python -m media_relay`: a relay as a container runs it."""

from __future__ import annotations

import asyncio
import os
import signal
import sys

from adapters.logs import log_to
from adapters.settings import Mistake, SettingsError
from core.errors import StartRefused
from media_relay import collector
from media_relay.app import DRAIN_S, serve

DEFAULTS = {"HOST": "0.0.0.0", "PORT": "8085", "DRAIN_SECONDS": f"{DRAIN_S:g}"}  # noqa: S104


async def _main() -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    host = os.environ.get("HOST") or DEFAULTS["HOST"]
    port, drain_s = number_of("PORT", most=65_535), number_of("DRAIN_SECONDS", most=3600)
    await serve(os.environ, host, int(port), stop, _ready, drain_s=drain_s)


def number_of(name: str, *, most: float) -> float:
    """Return a setting of the process, 0 to `most`. Raises SettingsError."""
    try:
        number = float(os.environ.get(name) or DEFAULTS[name])
    except ValueError:
        number = -1
    if not 0 <= number <= most:
        remedy = f"Give a number from 0 to {most:g}."
        raise SettingsError((Mistake(name=name, reason="cannot be used", remedy=remedy),))
    return number


def _ready(url: str) -> None:
    collector.come_often()
    sys.stdout.write(f"relay ready at {url}\n")
    sys.stdout.flush()


def main() -> int:
    """Run until a signal; say in one line each what is wrong with settings or registries."""
    log_to(sys.stderr)
    try:
        try:
            import uvloop  # absent on Windows

            asyncio.run(_main(), loop_factory=uvloop.new_event_loop)
        except ImportError:
            asyncio.run(_main())
    except (SettingsError, StartRefused) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
