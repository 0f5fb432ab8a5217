"""A call as a picture: who speaks when, where the caller waited, tools, interruptions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from localdev.caller.report import Ears, Span

PX_PER_S = 46
LEFT, TOP = 92, 46
LANE = 44
BAR = 24
CALLER, WAIT, STOP = "#0e7490", "#f59e0b", "#dc2626"
AGENTS = ("#15803d", "#7c3aed", "#b45309", "#be185d", "#1d4ed8")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What is drawn. Times are ms on the simulator's clock; turns as the record has them."""

    title: str
    ears: Ears
    stops: tuple[float, ...]
    turns: Sequence[Mapping[str, Any]]


def timeline_svg(scene: Scene) -> str:
    """Return the picture as SVG text, wide enough for the whole call."""
    spans = (*scene.ears.utterances, *scene.ears.heard)
    end_ms = max((span.end_ms for span in spans), default=1_000.0) + 1_000
    width, height = LEFT + _x(end_ms) + 20, TOP + 3 * LANE + 46
    agents = list(dict.fromkeys(turn["agent"] for turn in scene.turns if turn["agent"]))
    colours = {agent: AGENTS[n % len(AGENTS)] for n, agent in enumerate(agents)}
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height}" '
        'font-family="Segoe UI, Helvetica, Arial, sans-serif" font-size="12">',
        f'<rect width="{width:.0f}" height="{height}" fill="#fff"/>',
        f'<text x="{LEFT}" y="24" font-size="14" font-weight="600">{escape(scene.title)}</text>',
        *_axis(end_ms, height),
        *_lane_names(),
        *(_bar(span, 0, CALLER) for span in scene.ears.utterances),
        *_agent_bars(scene, colours),
        *(_stop(at) for at in scene.stops),
        *_turns(scene),
        *_legend(colours, height),
        "</svg>",
    ]
    return "\n".join(parts)


def _x(ms: float) -> float:
    return ms / 1000 * PX_PER_S


def _y(lane: int) -> int:
    return TOP + lane * LANE


def _axis(end_ms: float, height: int) -> Iterable[str]:
    for second in range(0, int(end_ms / 1000) + 1, 2):
        x = LEFT + _x(second * 1000)
        bottom = height - 34
        yield f'<line x1="{x:.1f}" y1="{TOP - 8}" x2="{x:.1f}" y2="{bottom}" stroke="#e2e8f0"/>'
        yield f'<text x="{x:.1f}" y="{bottom + 12}" fill="#64748b" font-size="10">{second} s</text>'


def _lane_names() -> Iterable[str]:
    for lane, name in enumerate(("caller", "heard", "turn")):
        yield f'<text x="12" y="{_y(lane) + 17}" fill="#334155" font-weight="600">{name}</text>'


def _bar(span: Span, lane: int, colour: str) -> str:
    x, width = LEFT + _x(span.start_ms), max(1.0, _x(span.end_ms - span.start_ms))
    return (
        f'<rect x="{x:.1f}" y="{_y(lane)}" width="{width:.1f}" height="{BAR}" rx="3" '
        f'fill="{colour}" fill-opacity="0.85"/>'
    )


def _agent_bars(scene: Scene, colours: Mapping[str, str]) -> Iterable[str]:
    """Colour what was heard by the agent of the turn it answers."""
    answers = list(_answers(scene))
    first = next((turn["agent"] for turn in scene.turns if turn["agent"]), "")
    for span in scene.ears.heard:
        speaking = [turn["agent"] for start, turn in answers if start <= span.start_ms + 1]
        yield _bar(span, 1, colours.get(speaking[-1] if speaking else first, AGENTS[0]))


def _answers(scene: Scene) -> Iterable[tuple[float, Mapping[str, Any]]]:
    """Yield where the answer to each turn of speech began to sound."""
    spoken = iter(sorted(scene.ears.utterances, key=lambda span: span.end_ms))
    for turn in scene.turns:
        if not turn["caller"]:
            continue
        total = turn["latency_ms"].get("total")
        said = next(spoken, None)
        if said is not None and total is not None:
            yield said.end_ms + total, turn


def _stop(at_ms: float) -> str:
    x = LEFT + _x(at_ms)
    return (
        f'<line x1="{x:.1f}" y1="{_y(1) - 6}" x2="{x:.1f}" y2="{_y(1) + BAR + 6}" '
        f'stroke="{STOP}" stroke-width="2"><title>interrupted</title></line>'
    )


def _turns(scene: Scene) -> Iterable[str]:
    for start, turn in _answers(scene):
        wait = turn["latency_ms"]["total"]
        x, width = LEFT + _x(start - wait), _x(wait)
        what = [run["name"] for run in turn["tools"]]
        what += [f"→ {each['to']}" for each in turn["handoffs"]]
        story = escape(f"{turn['caller']} | {turn['heard']}")
        yield (
            f'<rect x="{x:.1f}" y="{_y(2)}" width="{width:.1f}" height="{BAR}" rx="3" '
            f'fill="{WAIT}"><title>{story}</title></rect>'
        )
        label = escape(f"{turn['n']}: {wait:.0f} ms")
        yield f'<text x="{x + width + 4:.1f}" y="{_y(2) + 11}" fill="#92400e">{label}</text>'
        yield (
            f'<text x="{x + width + 4:.1f}" y="{_y(2) + 24}" fill="#475569" font-size="10">'
            f"{escape(', '.join(what))}</text>"
        )


def _legend(colours: Mapping[str, str], height: int) -> Iterable[str]:
    entries = [("caller", CALLER), *colours.items(), ("waiting", WAIT), ("interrupted", STOP)]
    x = LEFT
    for name, colour in entries:
        yield f'<rect x="{x}" y="{height - 14}" width="10" height="10" fill="{colour}"/>'
        yield f'<text x="{x + 14}" y="{height - 5}" font-size="11">{escape(name)}</text>'
        x += 26 + 7 * len(name)
