"""`artvoice up`: the whole stack in one terminal, until Ctrl-C."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from argparse import Namespace
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from rich.console import Console

from localdev.caller.demo import demonstration
from localdev.cli.fleet import Fleet
from localdev.cli.terminal import console
from localdev.stack.layout import CALLER_NUMBER, OUR_NUMBER, PORTS, Layout, local_settings
from localdev.stack.running import claimed, find
from localdev.stack.supervisor import PartFailed, PortTaken, Say, Stack, on_free_ports

HINTS = """
The stack stays up; Ctrl-C ends it. In another terminal, from this folder:

  .venv/bin/artvoice call --say "What is my account balance?"
  .venv/bin/artvoice call --help
  curl {host}/api/v1/calls
"""


def run(args: Namespace) -> int:
    """Start the parts, wait for Ctrl-C, stop them. 1 if one did not start."""
    out = console()
    layout = Layout()
    wanted = Fleet(relays=args.relays, idle_s=args.relay_from_zero, never=args.relay_never)
    parts = [part for part in PORTS if part not in args.without]
    try:
        with claimed(layout.home):
            return asyncio.run(_up(layout, parts, wanted, args.call, out))
    except BlockingIOError:
        running = find(layout.home)
        who = f" (process {running.pid})" if running else ""
        why = "a call is being placed from here" if running and running.passing else ""
        print(f"artvoice up: {why or 'a stack is up already'}{who}", file=sys.stderr)
        return 1
    except PartFailed as error:
        print(f"artvoice up: {error}", file=sys.stderr)
        return 1


async def _up(layout: Layout, parts: list[str], wanted: Fleet, call: bool, out: Console) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)

    def say(text: str) -> None:
        out.print(f"[dim]{text}[/]", highlight=False)

    async with AsyncExitStack() as running:
        stack = await on_free_ports(
            layout.with_relays(wanted.behind_front),
            [*parts, *wanted.names],
            lambda free: _standing(free, parts, wanted, say),
            within=running,
            say=say,
        )
        layout = stack.layout
        if call:
            scenario = local_settings(layout, os.environ)["AGENT_SCENARIO"]
            await _until(stop, _demonstrate(layout, scenario, out))
        if not stop.is_set():
            out.print(HINTS.format(host=layout.url("host")), highlight=False)
        await stop.wait()
        out.print("[dim]stopping[/]")
    return 0


@asynccontextmanager
async def _standing(
    layout: Layout, parts: list[str], wanted: Fleet, say: Say
) -> AsyncIterator[Stack]:
    """Have the parts up, and a front before relays that are several or asleep."""
    environ = {**os.environ, **local_settings(layout, {**wanted.settings, **os.environ})}
    if "relay" in parts and wanted.behind_front:
        parts = [part for part in parts if part != "relay"] + wanted.awake
    say(f"starting {', '.join(parts)}")
    stack = Stack(layout, environ, parts, say)
    async with AsyncExitStack() as running:
        if wanted.behind_front:
            front, port = wanted.front(layout, stack, say), layout.ports["relay"]
            try:
                await running.enter_async_context(front.listening(port))
            except OSError as error:
                raise PortTaken(f"port {port} of the front is taken") from error
            say(f"front ready on {layout.url('relay')}, before {wanted}")
        yield await running.enter_async_context(stack)


async def _demonstrate(layout: Layout, scenario: str, out: Console) -> None:
    from core.errors import EngineFailed
    from localdev.caller.exchange import NoAnswer
    from localdev.caller.speaking import Order
    from localdev.cli.call import Desk, place_and_report

    running = find(layout.home)
    if running is None:
        return
    order = Order(to=OUR_NUMBER, from_=CALLER_NUMBER, lines=demonstration(scenario))
    try:
        await place_and_report(order, Desk(urls=running.urls, layout=layout, console=out))
    except (NoAnswer, EngineFailed) as error:
        out.print(f"[red]the demonstration call failed:[/] {error}", highlight=False)


async def _until(stop: asyncio.Event, work: Coroutine[Any, Any, None]) -> None:
    """Do the work unless told to stop first."""
    working = asyncio.create_task(work)
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if not working.done():
        working.cancel()
    await asyncio.gather(working, return_exceptions=stop.is_set())
