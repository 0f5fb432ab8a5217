"""`artvoice doctor`: what is missing or misconfigured, here and for Azure, and what to do."""

from __future__ import annotations

import json
import os
from argparse import Namespace
from dataclasses import asdict

from rich.console import Console
from rich.markup import escape

from localdev.cli.terminal import console
from localdev.doctor import azure_findings, local_findings
from localdev.findings import Finding, Health

MARKS = {Health.OK: "[green]ok[/]", Health.NOTE: "[yellow]--[/]", Health.BAD: "[red]!![/]"}


def run(args: Namespace) -> int:
    """Examine this machine and the environment; 1 if a local call cannot work."""
    local, azure = local_findings(os.environ), azure_findings(os.environ)
    if args.json:
        both = {"local": local, "azure": azure}
        print(
            json.dumps({where: [asdict(each) for each in found] for where, found in both.items()})
        )
    else:
        _print(console(), "this machine", local)
        _print(console(), "Azure", azure)
    return 1 if any(each.health is Health.BAD for each in local) else 0


def _print(out: Console, title: str, findings: list[Finding]) -> None:
    out.print(f"[bold]{title}[/]")
    for each in findings:
        remedy = f" {each.remedy}" if each.remedy else ""
        line = f"  {MARKS[each.health]}  {escape(each.name)}: {escape(each.what)}.{escape(remedy)}"
        out.print(line, highlight=False, soft_wrap=True)
