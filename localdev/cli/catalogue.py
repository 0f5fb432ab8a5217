"""`artvoice agents|tools|scenarios`: what was found, or every mistake in it."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import TypeAdapter
from rich.table import Table

from core.agents import AgentSpec, Scenario
from core.tools import ToolSpec
from localdev.cli.terminal import console
from registries import CatalogError, list_tools, load_catalog

Row = tuple[str, ...]
Table_ = tuple[Row, Sequence[Row]]


def run(args: Namespace) -> int:
    """List one kind of thing, or show one of them whole; 1 for mistakes or an unknown name."""
    try:
        found = _found(args.what)
    except CatalogError as error:
        return _print_mistakes(error, args.json)
    if args.name:
        return _print_one(found, args)
    if args.json:
        print(json.dumps([_plain(each) for each in found.values()]))
        return 0
    heading, rows = _table(args.what, list(found.values()))
    table = Table(*heading, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*row)
    console().print(table)
    return 0


def _found(what: str) -> Mapping[str, Any]:
    catalog = load_catalog()
    match what:
        case "agents":
            return catalog.agents
        case "tools":
            return {tool.name: tool for tool in list_tools()}
        case _:
            return catalog.scenarios


def _print_mistakes(error: CatalogError, as_json: bool) -> int:
    if as_json:
        mistakes = [{"file": m.file, "field": m.field, "reason": m.reason} for m in error.mistakes]
        print(json.dumps({"mistakes": mistakes}))
    else:
        print(error, file=sys.stderr)
        print(f"{len(error.mistakes)} mistake(s); nothing was loaded", file=sys.stderr)
    return 1


def _print_one(found: Mapping[str, Any], args: Namespace) -> int:
    by_name = {name.casefold(): each for name, each in found.items()}
    each = by_name.get(args.name.casefold())
    if each is None:
        known = ", ".join(found)
        print(f"there is no {args.what[:-1]} {args.name!r}; known: {known}", file=sys.stderr)
        return 1
    if args.json:
        print(json.dumps(_plain(each)))
    else:
        console().print_json(json.dumps(_plain(each)))
    return 0


def _plain(each: AgentSpec | ToolSpec | Scenario) -> Any:
    return TypeAdapter(type(each)).dump_python(each, mode="json")


def _table(what: str, found: Sequence[Any]) -> Table_:
    match what:
        case "agents":
            heading: Row = ("AGENT", "VOICE", "TOOLS", "DESCRIPTION")
            return heading, [
                (a.name, a.voice.name, str(len(a.tools)), a.description) for a in found
            ]
        case "tools":
            heading = ("TOOL", "EFFECTS", "LIMIT", "DESCRIPTION")
            return heading, [
                (t.name, "yes" if t.side_effects else "", f"{t.timeout_s:g} s", t.description)
                for t in found
            ]
        case _:
            heading = ("SCENARIO", "STARTS WITH", "AGENTS", "HANDOFFS")
            return heading, [
                (
                    s.name,
                    s.start_agent,
                    ", ".join(agent.name for agent in s.agents),
                    str(len(s.edges)),
                )
                for s in found
            ]
