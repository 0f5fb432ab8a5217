"""`artvoice replay`: a call's log once more, and its caller with other agents."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from adapters.settings import SettingsError
from localdev.cli.terminal import console
from localdev.replay.again import Pair, changed_scenario, lines_of, pairs, say_again
from localdev.replay.folding import verdict
from localdev.replay.show import as_json, print_pairs, print_timeline, print_verdict
from localdev.replay.source import Recorded, Unavailable, from_host, from_store
from localdev.replay.timeline import moments
from localdev.stack.layout import Layout, local_settings
from localdev.stack.running import find
from registries import CatalogError


def run(args: Namespace) -> int:
    """Show the call; 1 if its record is not what its log says, 2 if it cannot be had."""
    out = console(stderr=args.json)
    try:
        recorded = asyncio.run(_recorded(args.call_id, args.host))
        again = asyncio.run(_again(recorded, args.agents, args.brain)) if args.agents else None
    except (Unavailable, CatalogError, SettingsError) as error:
        print(f"artvoice replay: {error}", file=sys.stderr)
        return 2
    timeline, found = moments(recorded.log), verdict(recorded)
    if args.json:
        print(json.dumps(as_json(recorded, found, timeline, again)))
        return 1 if found.differences else 0
    print_timeline(out, recorded, timeline)
    print_verdict(out, found)
    if again:
        print_pairs(out, again[1], args.agents.name)
    return 1 if found.differences else 0


async def _recorded(call_id: str, host: str | None) -> Recorded:
    layout = Layout()
    settings = local_settings(layout, os.environ)
    running = find(layout.home)
    url = host or (running.urls.get("host") if running else None)
    if url:
        return await from_host(url, call_id, settings.get("FUNCTIONS_KEY", ""))
    return from_store(Path(settings["STORE_PATH"]) / "calls.db", call_id)


async def _again(
    recorded: Recorded, folder: Path, brain: str | None
) -> tuple[Mapping[str, Any], list[Pair]]:
    from localdev.talk.brain import brain_of

    if not lines_of(recorded.record):
        raise Unavailable("the caller said nothing in this call, or the words were not kept")
    scenario = changed_scenario(str(recorded.record.get("scenario", "")), folder)
    chat = brain_of(brain or os.environ.get("CHAT") or "scripted", os.environ)
    try:
        record = await say_again(recorded, scenario, chat)
    finally:
        await chat.aclose()
    return record, pairs(recorded.record, record)
