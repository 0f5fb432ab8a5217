"""A call as a picture: who speaks when, where the caller waited, tools, interruptions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from core.keyed import keys_in
from localdev.caller.report import CONTRIBUTIONS, FRAME_MS, Ears, Press, Span

PX_PER_S = 60
LEFT, TOP = 92, 58
LANE = 46
BAR = 24
LETTER = 6.2  # px, on average
KEY_MS = 220.0  # wide enough for its digit
CALLER, KEYS, GUESS, STOP, TOOL = "#0e7490", "#155e75", "#0f172a", "#dc2626", "#475569"
AGENTS = ("#15803d", "#7c3aed", "#b45309", "#be185d", "#1d4ed8")
PARTS = {
    "endpointing": "#cbd5e1",
    "stt": "#67e8f9",
    "llm_first_token": "#fbbf24",
    "tool": "#94a3b8",
    "tts_first_audio": "#f472b6",
    "playout": "#a3e635",
}
_NOBODY = {"agent": "", "heard": "", "n": -1}
LANES = ("caller", "heard", "wait", "tools")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What is drawn. Times are ms on the simulator's clock; turns as the report has them."""

    title: str
    ears: Ears
    stops: tuple[float, ...]
    turns: Sequence[Mapping[str, Any]]


def timeline_svg(scene: Scene) -> str:
    """Return the picture as SVG text, wide enough for the whole call."""
    ends = [span.end_ms for span in (*scene.ears.utterances, *scene.ears.heard)]
    ends += [press.at_ms for press in scene.ears.presses]
    end_ms = max(ends, default=1_000.0) + 1_000
    agents = list(dict.fromkeys(turn["agent"] for turn in scene.turns if turn["agent"]))
    colours = {agent: AGENTS[n % len(AGENTS)] for n, agent in enumerate(agents)}
    legend = [("caller", CALLER), *([("keys", KEYS)] if scene.ears.presses else [])]
    legend += [*colours.items(), ("a guess", GUESS), ("interrupted", STOP)]
    legend += [(name.replace("_", " "), colour) for name, colour in PARTS.items()]
    width = max(LEFT + _x(end_ms), _legend_width(legend)) + 20
    height = TOP + len(LANES) * LANE + 46
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height}" '
        'font-family="Segoe UI, Helvetica, Arial, sans-serif" font-size="12">',
        f'<rect width="{width:.0f}" height="{height}" fill="#fff"/>',
        f'<text x="{LEFT}" y="24" font-size="14" font-weight="600">{escape(scene.title)}</text>',
        *_axis(end_ms, height),
        *_lane_names(),
        *_caller(scene),
        *_keys(scene),
        *_agents(scene, colours),
        *(_stop(at) for at in scene.stops),
        *_waits(scene),
        *_tools(scene),
        *_legend(legend, height),
        "</svg>",
    ]
    return "\n".join(parts)


def _x(ms: float) -> float:
    return ms / 1000 * PX_PER_S


def _y(lane: str) -> int:
    return TOP + LANES.index(lane) * LANE


def _axis(end_ms: float, height: int) -> Iterable[str]:
    for second in range(0, int(end_ms / 1000) + 1, 2):
        x = LEFT + _x(second * 1000)
        bottom = height - 34
        yield f'<line x1="{x:.1f}" y1="{TOP - 8}" x2="{x:.1f}" y2="{bottom}" stroke="#e2e8f0"/>'
        yield f'<text x="{x:.1f}" y="{bottom + 12}" fill="#64748b" font-size="10">{second} s</text>'


def _lane_names() -> Iterable[str]:
    for name in LANES:
        yield f'<text x="12" y="{_y(name) + 17}" fill="#334155" font-weight="600">{name}</text>'


def _bar(lane: str, span: Span, colour: str, text: str) -> str:
    """Draw a stretch, and on it as much of its text as fits; all of it is its tooltip."""
    room = int((_x(span.end_ms - span.start_ms) - 8) / LETTER)
    shown = text if len(text) <= room else f"{text[: room - 1]}…" if room > 3 else ""
    return _box(lane, span, colour, shown, text)


def _box(lane: str, span: Span, colour: str, shown: str, tooltip: str) -> str:
    x, width = LEFT + _x(span.start_ms), max(1.0, _x(span.end_ms - span.start_ms))
    return (
        f'<g><title>{escape(tooltip)}</title><rect x="{x:.1f}" y="{_y(lane)}" width="{width:.1f}" '
        f'height="{BAR}" rx="3" fill="{colour}" fill-opacity="0.85"/>'
        f'<text x="{x + 4:.1f}" y="{_y(lane) + 16}" fill="#fff" font-size="11">{escape(shown)}'
        "</text></g>"
    )


def _caller(scene: Scene) -> Iterable[str]:
    """Draw what the caller said, and a tick for every guess the recognizer had of it."""
    for span in scene.ears.utterances:
        said = [turn["caller"] for turn in scene.turns if _decided_in(turn, span)]
        yield _bar("caller", span, CALLER, " ".join(said))
    for turn in scene.turns:
        for before in turn.get("partials_ms", ()) if turn.get("decided_ms") else ():
            x = LEFT + _x(turn["decided_ms"] - before)
            y = _y("caller")
            yield f'<path d="M{x:.1f} {y + 3 + BAR}l-3 6h6z" fill="{GUESS}"/>'


def _decided_in(turn: Mapping[str, Any], span: Span) -> bool:
    """Whether a turn took words of this utterance: it was decided in it, or soon after."""
    decided = turn.get("decided_ms")
    if decided is None or turn.get("keys"):
        return False
    return bool(span.start_ms < decided < span.end_ms + 3_000)


def _keys(scene: Scene) -> Iterable[str]:
    """Draw the keys of each turn that was keyed in, and keys that nobody took."""
    left = list(scene.ears.presses)
    for turn in scene.turns:
        if turn.get("keys") and turn.get("decided_ms") is not None:
            taken = [press for press in left if press.at_ms <= turn["decided_ms"] + FRAME_MS]
            left = left[len(taken) :]
            yield from _pressed(taken, turn["caller"])
    yield from _pressed(left, "")


def _pressed(presses: Sequence[Press], told: str) -> Iterable[str]:
    """Draw keys one by one; only those that the record tells of can be read."""
    secret = not keys_in(told)
    for press in presses:
        span = Span(start_ms=press.at_ms, end_ms=press.at_ms + KEY_MS)
        shown = "•" if secret else press.digit
        yield _box("caller", span, KEYS, shown, told or "a key that nobody took")


def _agents(scene: Scene, colours: Mapping[str, str]) -> Iterable[str]:
    """Draw what was heard, by the agent of the turn it belongs to, and the words of that turn."""
    first = [(0.0, turn) for turn in scene.turns if turn["agent"] and not turn["caller"]][:1]
    answers = [*first, *((_answered_ms(turn), turn) for turn in scene.turns if _answered_ms(turn))]
    told: set[int] = set()
    for span in scene.ears.heard:
        speaking = [turn for start, turn in answers if start <= span.start_ms + 1]
        turn: Mapping[str, Any] = speaking[-1] if speaking else _NOBODY
        text = "" if turn["n"] in told else turn["heard"]
        told.add(turn["n"])
        colour = colours.get(turn["agent"], AGENTS[0])
        yield _bar("heard", span, colour, text)


def _waited_from(turn: Mapping[str, Any]) -> float | None:
    """Return where the caller began to wait for the answer of this turn."""
    if not turn["latency_ms"] or turn.get("decided_ms") is None:
        return None
    return float(turn["decided_ms"] - turn["latency_ms"]["endpointing"])


def _answered_ms(turn: Mapping[str, Any]) -> float:
    began = _waited_from(turn)
    return 0.0 if began is None else began + float(turn["latency_ms"]["total"])


def _stop(at_ms: float) -> str:
    x = LEFT + _x(at_ms)
    return (
        f'<line x1="{x:.1f}" y1="{_y("heard") - 6}" x2="{x:.1f}" y2="{_y("heard") + BAR + 6}" '
        f'stroke="{STOP}" stroke-width="2"><title>interrupted</title></line>'
    )


def _waits(scene: Scene) -> Iterable[str]:
    """Draw each wait as its contributions, one after another, and its length behind it."""
    for turn in scene.turns:
        at = _waited_from(turn)
        if at is None:
            continue
        for name in CONTRIBUTIONS:
            ms = turn["latency_ms"].get(name, 0.0)
            if ms > 0:
                yield (
                    f'<rect x="{LEFT + _x(at):.1f}" y="{_y("wait")}" width="{_x(ms):.1f}" '
                    f'height="{BAR}" fill="{PARTS[name]}">'
                    f"<title>{name.replace('_', ' ')}: {ms:.0f} ms</title></rect>"
                )
            at += max(ms, 0.0)
        label = escape(f"{turn['n']}: {turn['latency_ms']['total']:.0f} ms")
        x, y = LEFT + _x(at) + 4, _y("wait") + 16
        yield f'<text x="{x:.1f}" y="{y}" fill="#334155">{label}</text>'


def _tools(scene: Scene) -> Iterable[str]:
    """Name the tools and handoffs of each turn, where it was decided; in red what failed."""
    at_ms = 0.0
    for turn in scene.turns:
        at_ms = turn.get("decided_ms") or at_ms
        names = [(run["name"], STOP if run.get("error") else TOOL) for run in turn["tools"]]
        names += [(f"→ {each['to']}", AGENTS[1]) for each in turn["handoffs"]]
        x = LEFT + _x(at_ms)
        for row, (name, colour) in enumerate(names):
            y = _y("tools") + 8 + 13 * row
            yield f'<text x="{x:.1f}" y="{y}" fill="{colour}" font-size="11">{escape(name)}</text>'


def _legend(entries: Sequence[tuple[str, str]], height: int) -> Iterable[str]:
    x = float(LEFT)
    for name, colour in entries:
        yield f'<rect x="{x:.0f}" y="{height - 14}" width="10" height="10" fill="{colour}"/>'
        yield f'<text x="{x + 14:.0f}" y="{height - 5}" font-size="11">{escape(name)}</text>'
        x += _entry_width(name)


def _legend_width(entries: Sequence[tuple[str, str]]) -> float:
    return LEFT + sum(_entry_width(name) for name, _ in entries)


def _entry_width(name: str) -> float:
    return 28 + LETTER * len(name)
