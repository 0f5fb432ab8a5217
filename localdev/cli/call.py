"""`artvoice call`: place a call, show it, write its files, report."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from argparse import Namespace
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from rich.console import Console

from core.errors import EngineFailed
from localdev.caller.demo import demonstration
from localdev.caller.exchange import NoAnswer
from localdev.caller.files import write_files
from localdev.caller.lines import lines_of
from localdev.caller.place import Placed, place_call
from localdev.caller.report import call_report, complaints
from localdev.caller.show import Conversation, print_summary
from localdev.caller.sound import spoken_lines
from localdev.caller.speaking import Order
from localdev.cli.terminal import console
from localdev.stack.layout import PORTS, Layout, local_settings
from localdev.stack.running import Running, claimed, find
from localdev.stack.supervisor import Begin, PartFailed, Say, Stack, on_free_ports

WAIT_S = 0.5


def run(args: Namespace) -> int:
    """Place the call that `args` describes; 0 only if it ended as it should."""
    out = console(stderr=args.json)
    if args.fault == ["help"]:
        return _print_faults(out)
    try:
        order = _order(args)
        return asyncio.run(_call(args, order, out))
    except (NoAnswer, PartFailed, EngineFailed, ValueError) as error:
        print(f"artvoice call: {error}", file=sys.stderr)
        return 2


def _print_faults(out: Console) -> int:
    from localdev.acs_simulator.faults import FAULTS

    for fault in FAULTS.values():
        value = f":{fault.parameter.upper()}" if fault.parameter else ""
        out.print(f"{fault.name + value:<32} {fault.help}", highlight=False, soft_wrap=True)
    return 0


def _order(args: Namespace) -> Order:
    from localdev.acs_simulator.faults import parse_faults

    parse_faults(args.fault)
    if args.scenario:
        _check_scenario(args.scenario)
    lines = lines_of(args.script)
    scenario = args.scenario or os.environ.get("AGENT_SCENARIO") or "banking"
    if not lines and not args.dtmf:
        lines = demonstration(scenario)
    return Order(
        to=args.to,
        from_=args.from_,
        scenario=args.scenario,
        lines=lines,
        keys=tuple(args.dtmf),
        faults=tuple(args.fault),
    )


def _check_scenario(name: str) -> None:
    """A caller who asks for an unknown one gets the stack's own; here that would be a surprise."""
    from registries import load_catalog

    known = load_catalog().scenarios
    if name not in known:
        raise ValueError(f"there is no scenario {name!r}; known: {', '.join(known)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Where a call is placed from: the stack's addresses, and where its report goes."""

    urls: Mapping[str, str]
    layout: Layout
    console: Console
    out: Path | None = None
    as_json: bool = False


async def _call(args: Namespace, order: Order, out: Console) -> int:
    async with AsyncExitStack() as stack:
        layout, say = Layout(), _dim(out)
        running = await _running(layout.home, stack, say)
        if running is None:
            say("no stack is up; starting one for this call")
            begun = await on_free_ports(layout, PORTS, _begin(say), within=stack, say=say)
            layout = begun.layout
            running = find(layout.home)
        if running is None:
            raise NoAnswer("the stack went away")
        if missing := [part for part in ("host", "simulator") if part not in running.urls]:
            raise NoAnswer(f"the stack that is up was started without {' and '.join(missing)}")
        desk = Desk(urls=running.urls, layout=layout, console=out, out=args.out, as_json=args.json)
        return await place_and_report(order, desk)


async def _running(home: Path, within: AsyncExitStack, say: Say) -> Running | None:
    """Return the stack that is up; None if there is none, and this home is ours to start one."""
    waits = False
    while True:
        running = find(home)
        if running is not None and not running.passing:
            return running
        try:
            within.enter_context(claimed(home))
        except BlockingIOError:
            if not waits:
                say("another call is placed from here, or a stack starts; waiting for it")
            waits = True
            await asyncio.sleep(WAIT_S)
        else:
            return None


def _begin(say: Say) -> Begin:
    def begin(layout: Layout) -> Stack:
        environ = {**os.environ, **local_settings(layout, os.environ)}
        return Stack(layout, environ, tuple(PORTS), say, passing=True)

    return begin


def _dim(out: Console) -> Say:
    return lambda text: out.print(f"[dim]{text}[/]", highlight=False)


async def place_and_report(order: Order, desk: Desk) -> int:
    """Place one call on a running stack, print it, write its files; 0 if all was well."""
    environ = local_settings(desk.layout, os.environ)
    say = _dim(desk.console)
    if order.lines:
        say(f"giving the caller's {len(order.lines)} lines a voice")
    order = replace(order, audio=await spoken_lines(order.lines))
    say(f"calling {order.to}")
    conversation = Conversation(desk.console)
    placed = await place_call(
        order,
        desk.urls,
        environ["EMULATOR_TOKEN"],
        conversation.show,
        environ.get("FUNCTIONS_KEY", ""),
    )
    return _report(placed, order, desk)


def _report(placed: Placed, order: Order, desk: Desk) -> int:
    now = datetime.now().astimezone()
    folder = desk.out or desk.layout.home / "calls" / f"{now:%Y%m%d-%H%M%S}-{placed.call_id[:8]}"
    files = write_files(placed, folder)
    report = call_report(placed.record, placed.turns, files)
    wrong = complaints(report, len(order.lines), heard_anything=bool(placed.ears.heard))
    print_summary(desk.console, report, wrong)
    if desk.as_json:
        print(json.dumps(report))
    return 1 if wrong else 0
