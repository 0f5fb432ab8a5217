"""`artvoice host|relay|simulator`: one part alone, in this process, until SIGINT or SIGTERM."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import sys
from argparse import Namespace
from collections.abc import Awaitable, Callable
from pathlib import Path

from localdev.stack.layout import ROOT, Layout, is_free, local_settings
from localdev.stack.supervisor import PORT_TAKEN, STOP_WITHIN_S

Ready = Callable[[str], None]
Serve = Callable[[Layout, dict[str, str], asyncio.Event, Ready], Awaitable[None]]


def run(args: Namespace) -> int:
    """Serve the part `args.part` and print one line when it is ready; 1 if it cannot start."""
    from adapters.logs import log_to
    from adapters.settings import SettingsError
    from core.errors import StartRefused
    from localdev.functions_host import StartError

    log_to(sys.stderr, os.environ.get("LOG_LEVEL", "INFO"))
    layout = Layout().with_port(args.part, args.port)
    if not is_free(args.port):
        print(
            f"artvoice {args.part}: port {args.port} is taken; choose another with --port",
            file=sys.stderr,
        )
        return PORT_TAKEN
    environ = local_settings(layout, os.environ)
    os.environ.update(environ)  # the Functions worker and the relay read their settings from here
    try:
        asyncio.run(_until_told(args, layout, environ), loop_factory=LOOPS.get(args.part))
    except (SettingsError, StartError, StartRefused, OSError) as error:
        print(f"artvoice {args.part}: {error}", file=sys.stderr)
        return PORT_TAKEN if _is_taken(error) else 1
    return 0


def _is_taken(error: BaseException | None) -> bool:
    """Whether a part could not start because its port was taken after it was found to be free."""
    if error is None:
        return False
    taken = isinstance(error, OSError) and error.errno == errno.EADDRINUSE
    return taken or _is_taken(error.__cause__)


def _fast_loop() -> asyncio.AbstractEventLoop:
    """Return a loop for a part that carries audio: uvloop where it exists, as in the container."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    loop: asyncio.AbstractEventLoop = uvloop.new_event_loop()
    return loop


LOOPS = {"relay": _fast_loop, "simulator": _fast_loop}


async def _until_told(args: Namespace, layout: Layout, environ: dict[str, str]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    if args.until_stdin_ends:
        loop.add_reader(sys.stdin.fileno(), _parent_gone, loop, stop)

    def ready(url: str) -> None:
        print(f"{args.part} ready on {url}", flush=True)

    await SERVE[args.part](layout, environ, stop, ready)


def _parent_gone(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    """Stop in good order when the supervisor's end of the pipe has closed, and in any case soon."""
    if os.read(sys.stdin.fileno(), 4096):
        return
    loop.remove_reader(sys.stdin.fileno())
    stop.set()
    loop.call_later(STOP_WITHIN_S, os._exit, 1)


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
    from media_relay import collector
    from media_relay.__main__ import number_of
    from media_relay.app import serve

    def warm(url: str) -> None:
        collector.come_often()
        ready(url)

    await serve(
        Settings.read(environ),
        host="127.0.0.1",
        port=layout.ports["relay"],
        stop=stop,
        on_ready=warm,
        drain_s=number_of("DRAIN_SECONDS", most=3600),
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
        recordings_dir=Path(environ["BLOB_PATH"]),
    )
    await serve(settings, stop, lambda simulator: ready(simulator.url))


SERVE: dict[str, Serve] = {"host": _host, "relay": _relay, "simulator": _simulator}
