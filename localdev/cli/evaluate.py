"""`artvoice eval`: hold written conversations, report, compare with a baseline."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from argparse import Namespace
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from adapters.setting_values import SettingsError
from localdev.cli.terminal import console
from localdev.evaluate.checking import Checked
from localdev.evaluate.errors import CannotRun
from localdev.evaluate.files import Conversation, read_conversations
from localdev.evaluate.page import page
from localdev.evaluate.report import compare, read_baseline, report_of
from localdev.evaluate.show import print_comparison, print_conversation, print_totals
from localdev.stack.layout import ROOT
from registries import CatalogError

EVALS = ROOT / "evals"


def run(args: Namespace) -> int:
    """Hold the conversations; 1 if one went wrong, or with a baseline if one went worse."""
    out = console(stderr=args.json)
    try:
        before = read_baseline(args.baseline) if args.baseline else None
        conversations = read_conversations(args.files or [_evals()])
        report = asyncio.run(_evaluate(conversations, args, out))
    except CatalogError as error:
        print(error, file=sys.stderr)
        print(f"{len(error.mistakes)} mistake(s); nothing was run", file=sys.stderr)
        return 2
    except (SettingsError, CannotRun) as error:
        print(f"artvoice eval: {error}", file=sys.stderr)
        return 2
    comparison = compare(report, before) if before else None
    print_totals(out, report)
    if comparison:
        print_comparison(out, comparison)
        report["regressions"] = list(comparison.regressions)
    if args.save_baseline:
        _write(args.save_baseline, json.dumps(report, indent=1) + "\n")
    if args.html:
        _write(args.html, page(report, comparison))
        out.print(f"page: {args.html.resolve()}", highlight=False, soft_wrap=True)
    if args.json:
        print(json.dumps(report))
    worse = comparison.regressions if comparison else report["failed"]
    return 1 if worse else 0


def _evals() -> Path:
    """Return the conversations of the folder one is in, else those that come with this."""
    here = Path("evals")
    return here if here.is_dir() else EVALS


async def _evaluate(
    conversations: Sequence[Conversation], args: Namespace, out: Console
) -> dict[str, Any]:
    checked: list[Checked] = []
    brain = args.brain or os.environ.get("CHAT") or "scripted"
    held = _in_audio(conversations, args, out) if args.audio else _in_text(conversations, brain)
    mode = "audio" if args.audio else "text"
    async with aclosing(held):
        async for each in held:
            checked.append(each)
            shown = report_of([each], brain=brain, mode=mode)["conversations"][0]
            print_conversation(out, shown)
    return report_of(checked, brain=brain, mode=mode)


async def _in_text(conversations: Sequence[Conversation], brain: str) -> AsyncGenerator[Checked]:
    from localdev.evaluate.texting import evaluate_text
    from localdev.talk.brain import brain_of

    chat = brain_of(brain, os.environ)
    try:
        today = datetime.now(UTC).date()
        async for each in evaluate_text(conversations, chat, today):
            yield each
    finally:
        await chat.aclose()


async def _in_audio(
    conversations: Sequence[Conversation], args: Namespace, out: Console
) -> AsyncGenerator[Checked]:
    from localdev.evaluate.calling import evaluate_audio

    async for each in evaluate_audio(conversations, brain=args.brain, out=out):
        yield each


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
