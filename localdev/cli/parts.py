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

Ready = Callable[[str], None]
Serve = Callable[[Layout, dict[str, str], asyncio.Event, Ready], Awaitable[None]]


def run(args: Namespace) -> int:
    """Serve the part `args.part` and print one line when it is ready; 1 if it cannot start."""
    from adapters.setting_values import SettingsError
    from localdev.functions_host import StartError

    logging.basicConfig(
        level=os.environ.get("LOG_LEVEL", "INFO"),
        stream=sys.stderr,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    layout = Layout().with_port(args.part, args.port)
    environ = local_settings(layout, os.environ)
    os.environ.update(environ)  # the Functions worker and the relay read their settings from here
    try:
        asyncio.run(_until_told(args.part, layout, environ))
    except (SettingsError, StartError, OSError) as error:
        print(f"artvoice {args.part}: {error}", file=sys.stderr)
        return 1
    return 0


async def _until_told(part: str, layout: Layout, environ: dict[str, str]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)

    def ready(url: str) -> None:
        print(f"{part} ready on {url}", flush=True)

    await SERVE[part](layout, environ, stop, ready)


async def _host(layout: Layout, environ: dict[str, str], stop: asyncio.Event, ready: Ready) -> None:
    from localdev.functions_host import serve

    layout.home.mkdir(parents=True, exist_ok=True)
    await serve(
        app_dir=ROOT,
        port=layout.ports["host"],
        db=layout.home / "durable.sqlite",
        function_key=environ.get("FUNCTIONS_KEY") or None,
        stop=stop,
        on_ready=ready,
    )


async def _relay(
    layout: Layout, environ: dict[str, str], stop: asyncio.Event, ready: Ready
) -> None:
    from adapters.settings import Settings
    from media_relay.app import serve

    await serve(
        Settings.read(environ),
        host="127.0.0.1",
        port=layout.ports["relay"],
        stop=stop,
        on_ready=ready,
    )


async def _simulator(
    layout: Layout, environ: dict[str, str], stop: asyncio.Event, ready: Ready
) -> None:
    from localdev.acs_simulator import SimulatorSettings, serve

    settings = SimulatorSettings(
        access_key=environ["ACS_ACCESS_KEY"],
        control_token=environ["EMULATOR_TOKEN"],
        resource_id=environ["ACS_RESOURCE_ID"],
        port=layout.ports["simulator"],
        functions_base_url=environ["FUNCTIONS_BASE_URL"],
        function_key=environ.get("FUNCTIONS_KEY", ""),
    )
    await serve(settings, stop, lambda simulator: ready(simulator.url))


SERVE: dict[str, Serve] = {"host": _host, "relay": _relay, "simulator": _simulator}
