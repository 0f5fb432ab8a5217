"""The conversation of a call on a terminal, as it goes on, and the summary of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from localdev.caller.report import CONTRIBUTIONS


class Conversation:
    """Prints every line of a record once, when it is complete. Safe to show again and again."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._shown: set[tuple[int, str, int]] = set()
        self._timeline = 0

    def show(self, record: Mapping[str, Any]) -> None:
        """Print what the record has more than when it was shown last."""
        turns = record["turns"]
        over = record.get("phase") == "ended"
        for place, turn in enumerate(turns):
            self._show_turn(
                turn, complete=over or place < len(turns) - 1 or bool(turn["latency_ms"])
            )

    def _show_turn(self, turn: Mapping[str, Any], *, complete: bool) -> None:
        n = turn["n"]
        if turn["caller"] and (complete or turn["tools"] or turn["heard"]):
            self._once(n, "caller", 0, f"[cyan]   caller[/]  {escape(turn['caller'])}")
        if not complete:
            return
        for place, run in enumerate(turn["tools"]):
            outcome = f"{run['ms']} ms" if run["ok"] else f"[red]{escape(run['error'] or 'no')}[/]"
            self._once(n, "tool", place, f"[dim]     tool  {run['name']}  {outcome}[/]")
        for place, each in enumerate(turn["handoffs"]):
            self._once(n, "handoff", place, f"[yellow]  handoff  {each['from']} → {each['to']}[/]")
        if turn["heard"] or turn["reply"]:
            cut = " [red](interrupted)[/]" if turn["interrupted"] else ""
            said = escape(turn["heard"] or "—")
            self._once(n, "agent", 0, f"[green]{turn['agent']:>9}[/]  {said}{cut}")

    def _once(self, n: int, kind: str, place: int, text: str) -> None:
        if (n, kind, place) not in self._shown:
            self._shown.add((n, kind, place))
            self._console.print(text, highlight=False, soft_wrap=True)


def print_summary(console: Console, report: Mapping[str, Any], complaints: Sequence[str]) -> None:
    """Print how the call ended, where the caller waited, and where the files are."""
    waits = [turn for turn in report["turns"] if turn["latency_ms"]]
    if waits:
        table = Table(title="where the caller waited, in ms", title_justify="left")
        for heading in ("turn", *CONTRIBUTIONS, "total"):
            table.add_column(heading.replace("_", " "), justify="right")
        for turn in waits:
            parts = turn["latency_ms"]
            cells = (f"{parts[name]:.0f}" for name in (*CONTRIBUTIONS, "total"))
            table.add_row(str(turn["n"]), *cells)
        console.print()
        console.print(table)
    console.print()
    console.print(
        f"call {report['call_id']} {report['outcome']}, ended by {report['ended_by'] or 'nobody'}",
        highlight=False,
    )
    for name, path in report["files"].items():
        console.print(f"  {name:<11} {path}", highlight=False, soft_wrap=True)
    for each in report["stumbles"]:
        name = f" ({each['name']})" if each["name"] else ""
        text = escape(f"{each['engine']}{name}: {each['cause']}")
        console.print(f"[yellow]stumbled:[/] {text}", highlight=False)
    for complaint in complaints:
        console.print(f"[red]not as it should be:[/] {escape(complaint)}", highlight=False)
