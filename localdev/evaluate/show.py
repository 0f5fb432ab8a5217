"""A report on a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.markup import escape

from localdev.evaluate.report import Comparison, Report

OK, BAD = "[green]ok[/]", "[red]!![/]"


def print_conversation(out: Console, each: Mapping[str, Any]) -> None:
    """Print one conversation: a line if all is well, and what is not."""
    mark, name = OK if each["ok"] else BAD, escape(each["name"])
    _line(out, f"{mark}  [bold]{name}[/]  [dim]{_course(each)}[/]")
    for turn in each["turns"]:
        _print_failures(out, turn, f"turn {turn['n']}" if turn["n"] else "greeting")
    for check in each["checks"]:
        if not check["ok"]:
            _line(out, f"      call: {escape(check['name'])}: [red]{escape(check['reason'])}[/]")
        elif check["score"] is not None:
            _line(out, f"      [dim]call: {escape(check['name'])}: {escape(check['remark'])}[/]")
    for note in each["notes"]:
        _line(out, f"      [dim]{escape(note)}[/]")


def _course(each: Mapping[str, Any]) -> str:
    """Return how a conversation went, in a few words."""
    if not each["held"]:
        return "not held"
    turns = [turn for turn in each["turns"] if turn["n"]]
    waits = [turn["wait_ms"] for turn in turns if turn["wait_ms"] is not None]
    slowest = f", slowest answer {max(waits):.0f} ms" if waits else ""
    count = "1 turn" if len(turns) == 1 else f"{len(turns)} turns"
    return f"{count}{slowest}, left {escape(each['ended'])}"


def _print_failures(out: Console, turn: Mapping[str, Any], where: str) -> None:
    wrong = [check for check in turn["checks"] if not check["ok"]]
    if wrong:
        heard = (
            f"  [yellow](heard as: {escape(turn['understood'])})[/]" if turn["understood"] else ""
        )
        _line(out, f"      [cyan]{where}[/]  {escape(turn['line'])}{heard}")
    for check in wrong:
        _line(out, f"        {escape(check['name'])}: [red]{escape(check['reason'])}[/]")


def print_totals(out: Console, report: Report) -> None:
    """Print the figures of a run."""
    for name in report["skipped"]:
        _line(out, f"[dim]--  {escape(name)}: left out, a model must play its caller (--judge)[/]")
    waits = report["wait_ms"]
    wait = f"; answers p50 {waits['p50']:.0f} ms, p95 {waits['p95']:.0f} ms" if waits else ""
    met = report["checks"] - report["checks_failed"]
    _line(
        out,
        f"\n{report['passed']} of {len(report['conversations'])} conversations as expected, "
        f"{met} of {report['checks']} checks ({report['brain']}, {report['mode']}){wait}",
    )


def print_comparison(out: Console, found: Comparison) -> None:
    """Print what changed since the baseline."""
    for text in found.regressions:
        _line(out, f"{BAD}  worse than the baseline: {escape(text)}")
    for text in found.unmet:
        _line(out, f"{BAD}  new, and not met: {escape(text)}")
    for text in found.fixed:
        _line(out, f"{OK}  better than the baseline: {escape(text)}")
    for text in found.notes:
        _line(out, f"[dim]--  {escape(text)}[/]")
    if not found.regressions:
        _line(out, "no regressions since the baseline")


def _line(out: Console, text: str) -> None:
    out.print(text, highlight=False, soft_wrap=True)
