"""`artvoice eval`: hold written conversations, report, compare with a baseline."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from argparse import Namespace
from collections.abc import Sequence
from contextlib import AsyncExitStack, aclosing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from adapters.settings import SettingsError
from core.ports import Chat
from localdev.cli.terminal import console
from localdev.evaluate.checked import Checked
from localdev.evaluate.errors import CannotRun
from localdev.evaluate.files import Conversation, read_conversations
from localdev.evaluate.page import page
from localdev.evaluate.report import compare, read_baseline, report_of
from localdev.evaluate.show import print_comparison, print_conversation, print_totals
from localdev.evaluate.simulating import playable
from localdev.stack.layout import ROOT
from registries import CatalogError

EVALS = ROOT / "evals"


def run(args: Namespace) -> int:
    """Hold the conversations; 1 if one went wrong, with a baseline only if that is new."""
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
        report["unmet"] = list(comparison.unmet)
    if args.save_baseline and report["held"]:
        _write(args.save_baseline, json.dumps(report, indent=1) + "\n")
    if args.html:
        _write(args.html, page(report, comparison))
        out.print(f"page: {args.html.resolve()}", highlight=False, soft_wrap=True)
    if args.json:
        print(json.dumps(report))
    if not report["held"]:
        print("artvoice eval: not one conversation could be held", file=sys.stderr)
        return 2
    worse = [*comparison.regressions, *comparison.unmet] if comparison else report["failed"]
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
    mode = "audio" if args.audio else "text"
    async with AsyncExitStack() as stack:
        judge = await _brain(args.judge, stack) if args.judge else None
        asked = playable(conversations, judge)
        if not asked:
            raise CannotRun("a model must play the caller of every conversation (--judge NAME)")
        if args.audio:
            from localdev.evaluate.calling import evaluate_audio

            held = evaluate_audio(asked, brain=args.brain, judge=judge, out=out)
        else:
            from localdev.evaluate.texting import Minds, evaluate_text

            minds = Minds(agents=await _brain(brain, stack), judge=judge)
            held = evaluate_text(asked, minds, datetime.now(UTC).date())
        async for each in await stack.enter_async_context(aclosing(held)):
            checked.append(each)
            shown = report_of([each], brain=brain, mode=mode)["conversations"][0]
            print_conversation(out, shown)
    names = {each.shape.name for each in asked}
    skipped = [each.shape.name for each in conversations if each.shape.name not in names]
    return report_of(checked, brain=brain, mode=mode, skipped=skipped)


async def _brain(name: str, stack: AsyncExitStack) -> Chat:
    from localdev.talk.brain import brain_of

    brain = brain_of(name, os.environ)
    stack.push_async_callback(brain.aclose)
    await brain.warm()  # a relay does so as well; else the first answer would be late
    return brain


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
