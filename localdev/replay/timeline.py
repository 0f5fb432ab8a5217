"""A call's log as lines for people: when, who, what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core import facts as f
from core.facts import LogEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One entry, `at_s` seconds after the first. `late`: of a relay that was replaced."""

    n: int
    at_s: float
    who: str
    what: str
    late: bool = False


def moments(log: Sequence[LogEntry]) -> list[Moment]:
    """Return what happened, life and talk; of words heard bit by bit only all of them."""
    began = log[0].at if log else 0.0
    found = []
    for entry in _without_growth(log):
        who, what = _told(entry)
        at = round(entry.at - began, 3)
        found.append(Moment(n=entry.n, at_s=at, who=who, what=what, late=entry.late))
    return found


def _without_growth(log: Sequence[LogEntry]) -> Iterator[LogEntry]:
    last = {_reply(entry.fact): entry.n for entry in log if isinstance(entry.fact, f.AgentHeard)}
    for entry in log:
        if not isinstance(entry.fact, f.AgentHeard) or last[_reply(entry.fact)] == entry.n:
            yield entry


def _reply(fact: f.Fact) -> tuple[int, str] | None:
    return (fact.turn, fact.agent) if isinstance(fact, f.AgentHeard) else None


def _told(entry: LogEntry) -> tuple[str, str]:  # noqa: C901 one row per fact
    match entry.fact:
        case f.CallerSaid(text=text, corrects=True):
            return "caller", f"{_quoted(text)} (corrected)"
        case f.CallerSaid(text=text, interrupted=interrupted):
            return "caller", _quoted(text) + (" (interrupting)" if interrupted else "")
        case f.AgentHeard(agent=agent, text=text, cut=cut, cuts=cuts):
            return agent, _quoted(text) + (" (cut off)" if cut or cuts else "")
        case f.ToolStarted(name=name, arguments=arguments):
            return "tool", f"{name}({_listed(arguments)})"
        case f.ToolFinished(name=name, ok=ok, ms=ms, error=error):
            return "tool", f"{name} {'done' if ok else f'failed ({error})'} in {ms} ms"
        case f.Remembered(slots=slots):
            return "memory", f"remembered {', '.join(slots) or 'nothing'}"
        case f.TurnDone(turn=turn, interrupted=interrupted):
            return "turn", f"turn {turn} is over{' (interrupted)' if interrupted else ''}"
        case f.HandedOff(from_agent=before, to_agent=after, reason=reason):
            return "handoff", f"{before} \u2192 {after}" + (f" ({reason})" if reason else "")
        case f.Offered(direction=direction):
            return "call", f"offered ({direction})"
        case f.SecretAwaited(awaited=awaited):
            return "relay", "a secret is awaited" if awaited else "the wait for a secret is over"
        case fact:
            return entry.source.partition("/")[0] if _short(entry) else "relay", _plain(fact)


def _short(entry: LogEntry) -> bool:
    """Whether the source is a name; a relay reports as call/epoch."""
    return "/" not in entry.source


def _plain(fact: f.Fact) -> str:
    values: dict[str, Any] = f.FACT.dump_python(fact, mode="json")
    kind = str(values.pop("kind")).replace("_", " ")
    given = {name: value for name, value in values.items() if value not in ("", None, 0)}
    return f"{kind} ({_listed(given)})" if given else kind


def _listed(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value}" for name, value in values.items())


def _quoted(text: str) -> str:
    return f"\u201c{text}\u201d" if text else "(words not kept)"
