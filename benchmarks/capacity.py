"""How many real-time calls one core holds, beside a bare socket echo and beside pipecat.

    python -m benchmarks.capacity pass | vad [--seconds 4] [--at 100] [--without pipecat]

Every server gets the same telephone messages with the same conversation (two fifths of it speech)
and sends every frame back. The server, all of its threads, is on core 0, the generator on core 1.
A number of calls is held when 99.5 % of the frames came back and the 99th percentile of them was
less than 20 ms later than the call's quickest. CPU is what the kernel counted, per frame in + out.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence

import uvloop

from benchmarks.dialogue import dialogue
from benchmarks.media_load import Load, Script, load
from benchmarks.pipecat_env import pipecat
from benchmarks.processes import alone_on_core, ours, serving

_STEP = 1.25
_FINE = 1.07
_MOST_S = 50.0  # of looking for the edge of one server
_AT = {"echo": 100, "relay": 100, "pipecat": 10}

Probe = Callable[[int], Load]


def prober(command: Sequence[str], script: Script, seconds: float) -> Probe:
    """Return what measures a fresh server of this kind at a number of calls."""

    def probe(calls: int) -> Load:
        with serving(command) as (port, pid):
            return uvloop.run(load(port, pid, script, calls=calls, seconds=seconds))

    return probe


def edge(probe: Probe, first: Load) -> Load:
    """Return the most calls that were held: steps of 25 %, then of 7 %."""
    until = time.monotonic() + _MOST_S
    calls = max(int(0.8e6 / first.cpu_us / 50), 2)
    best, lowest_failed = first, 10**9
    step = _STEP
    while time.monotonic() < until:
        tried = probe(calls)
        if not tried.in_time:
            tried = probe(calls)  # a busy machine deserves a second look
        if tried.in_time and tried.calls > best.calls:
            best = tried
        elif not tried.in_time:
            lowest_failed = min(lowest_failed, calls)
        if lowest_failed <= best.calls * _STEP:
            step = _FINE
        if lowest_failed <= best.calls * _FINE + 1:
            break
        up = max(int(best.calls * step), best.calls + 1)
        calls = up if best.calls >= calls else max(int(calls / _STEP), best.calls + 1)
    return best


def show(name: str, few: Load, most: Load) -> None:
    """Print one server's row."""
    limited = " (the generator's limit)" if most.behind > 0.1 else ""
    print(
        f"{name:9} {few.cpu_us:6.1f} µs a frame at {few.calls} calls, round trip p50 {few.p50:.1f} "
        f"p99 {few.p99:.1f} ms | {most.calls} calls a core{limited}, {most.cpu_us:.1f} µs, "
        f"p99 {most.p99:.1f} ms | {most.kb_a_call:.0f} KiB a call",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("row", choices=("pass", "vad"))
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--at", type=int, help="calls of the first figure, for all servers")
    parser.add_argument("--without", action="append", default=[], choices=tuple(_AT))
    parser.add_argument("--no-search", action="store_true", help="only the first figure")
    asked = parser.parse_args()
    script = Script(dialogue().frames)
    commands = {
        "echo": lambda: ours("echo_server"),
        "relay": lambda: ours("relay_server", asked.row),
        "pipecat": lambda: pipecat(asked.row),
    }
    alone_on_core(1)
    held: dict[str, Load] = {}
    for name in (name for name in commands if name not in asked.without):
        probe = prober(commands[name](), script, asked.seconds)
        few = probe(asked.at or _AT[name])
        held[name] = few if asked.no_search else edge(probe, few)
        show(name, few, held[name])
    for name, other in (("pipecat", held.get("pipecat")), ("echo", held.get("echo"))):
        if other is not None and (own := held.get("relay")) is not None:
            print(
                f"relay against {name}: {own.calls / other.calls:.1f} times the calls, "
                f"{other.cpu_us / own.cpu_us:.2f} times fewer µs a frame"
            )


if __name__ == "__main__":
    main()
