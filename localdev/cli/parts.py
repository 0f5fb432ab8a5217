"""`artvoice host|relay|simulator`: one part alone, in this process, until SIGINT or SIGTERM."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from argparse import Namespace
from collections.abc import Awaitable, Callable

from localdev.stack.layout import ROOT, Layout, local_settings

Serve = Callable[[Layout, dict[str, str], asyncio.Event, Callable[[str], None]], Awaitable[None]]


def run(args: Namespace) -> int:
    """Serve the part `args.part` and print one line when it is ready."""
    logging.basicConfig(
        level=os.environ.get("LOG_LEVEL", "INFO"),
        stream=sys.stderr,
        format="%(asctime)s %(levelname)s %(name)s %(message)s",
    )
    layout = Layout().with_port(args.part, args.port)
    environ = local_settings(layout, os.environ)
    os.environ.update(environ)
    asyncio.run(_until_told(args.part, SERVE[args.part], layout, environ))
    return 0


async def _until_told(part: str, serve: Serve, layout: Layout, environ: dict[str, str]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)

    def ready(url: str) -> None:
        print(f"{part} ready on {url}", flush=True)

    await serve(layout, environ, stop, ready)
