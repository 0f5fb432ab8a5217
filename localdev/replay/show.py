"""A replay on a terminal, and as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from localdev.replay.again import Pair, Turn
from localdev.replay.folding import Verdict
from localdev.replay.source import Recorded
from localdev.replay.timeline import Moment

SCHEMA = 1
COLOURS = {"caller": "cyan", "tool": "dim", "memory": "dim", "turn": "dim", "handoff": "yellow"}


def print_timeline(out: Console, recorded: Recorded, found: Sequence[Moment]) -> None:
    """Print what happened, oldest first."""
    record = recorded.record
    how = f"{record['outcome'] or record['phase']}, ended by {record['ended_by'] or 'nobody yet'}"
    _line(out, f"[bold]call {recorded.call_id}[/]  {record.get('scenario', '')}, {how}")
    _line(out, f"[dim]{len(recorded.log)} entries from {escape(recorded.origin)}[/]\n")
    width = max((len(moment.who) for moment in found), default=0)
    for moment in found:
        colour = COLOURS.get(moment.who, "green" if moment.what.startswith("\u201c") else "magenta")
        late = "  [red](late: of a relay that was replaced)[/]" if moment.late else ""
        who = f"[{colour}]{escape(moment.who):>{width}}[/]"
        _line(out, f"{moment.at_s:9.3f} s  {who}  {escape(moment.what)}{late}")


def print_verdict(out: Console, found: Verdict) -> None:
    """Say whether the record is what the log says, loudly if not."""
    if not found.differences:
        later = f" ({found.later} entries came after it was written)" if found.later else ""
        _line(out, f"\n[green]ok[/]  the log, folded again, gives the record{later}")
        return
    _line(out, "\n[bold red]!!  THE RECORD IS NOT WHAT THE LOG SAYS[/]")
    for text in found.differences:
        _line(out, f"    [red]{escape(text)}[/]")


def print_pairs(out: Console, found: Sequence[Pair], folder: str) -> None:
    """Print two conversations in two columns; what the agents did otherwise is marked."""
    table = Table(show_lines=True, expand=out.is_terminal)
    for heading in ("", "as it was", f"with {folder}"):
        table.add_column(heading, overflow="fold", ratio=None if not heading else 1)
    for pair in found:
        mark = "[red]\u2260[/]" if pair.deeds else "[yellow]~[/]" if pair.words else ""
        line = f"[cyan]{escape(pair.line)}[/]\n" if pair.line else ""
        table.add_row(mark, line + _cell(pair.then), line + _cell(pair.now))
    out.print()
    out.print(table, highlight=False)
    deeds = sum(pair.deeds for pair in found)
    words = sum(pair.words and not pair.deeds for pair in found)
    _line(out, f"{deeds} of {len(found)} turns do something else (\u2260), {words} only say it (~)")


def _cell(turn: Turn | None) -> str:
    if turn is None:
        return "[dim](the call was over)[/]"
    tools = [f"{run['name']}{'' if run['ok'] else ' refused'}" for run in turn["tools"]]
    does = [f"[dim]{name}[/]" for name in tools]
    does += [f"[yellow]\u2192 {each['to']}[/]" for each in turn["handoffs"]]
    cut = " [red](interrupted)[/]" if turn["interrupted"] else ""
    said = f"[green]{escape(turn['agent'])}[/]: {escape(turn['heard'])}{cut}"
    return "\n".join((*does, said))


def as_json(
    recorded: Recorded,
    found: Verdict,
    timeline: Sequence[Moment],
    again: tuple[Mapping[str, Any], Sequence[Pair]] | None,
) -> dict[str, Any]:
    """Return all of it as one object."""
    report: dict[str, Any] = {
        "schema": SCHEMA,
        "call_id": recorded.call_id,
        "origin": recorded.origin,
        "record": recorded.record,
        "folded": found.folded,
        "agrees": not found.differences,
        "differences": list(found.differences),
        "later": found.later,
        "timeline": [asdict(moment) for moment in timeline],
    }
    if again:
        record, beside = again
        report["again"] = {
            "record": record,
            "turns": [
                {**asdict(pair), "deeds_differ": pair.deeds, "words_differ": pair.words}
                for pair in beside
            ],
        }
    return report


def _line(out: Console, text: str) -> None:
    out.print(text, highlight=False, soft_wrap=True)
