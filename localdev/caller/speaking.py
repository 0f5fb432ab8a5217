"""How a caller comes to say his lines and press his keys: each when the agent has finished."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from localdev.caller.lines import Key, Line
from localdev.caller.report import Ears, Press, Span

QUIET_MS = 900.0
MAX_WAIT_MS = 60_000.0
DONE_AFTER_QUIET_MS = 2_500.0
NO_REPLY_MS = 25_000.0
AFTER_KEY_MS = 5_000.0
BETWEEN_KEYS_MS = 250.0
POLL_S = 0.4


class Receiver(Protocol):
    """The part of an `Exchange` that a caller has in his hand."""

    async def say(self, pcm: bytes, **how: Any) -> None: ...

    async def press(self, digit: str, at_ms: float) -> None: ...

    async def hang_up(self) -> None: ...

    async def summary(self) -> dict[str, Any]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What call to place, and what is said in it. `audio` holds the sound of each line."""

    to: str
    from_: str
    scenario: str | None = None
    lines: tuple[Line, ...] = ()
    audio: tuple[bytes, ...] = ()
    keys: tuple[Key, ...] = ()
    faults: tuple[str, ...] = ()


@dataclass(slots=True)
class Watched:
    """What the simulator's timeline has shown so far."""

    entries: list[dict[str, Any]] = field(default_factory=list)
    ended: bool = False
    pressed_ms: float = 0.0
    grown: asyncio.Event = field(default_factory=asyncio.Event)

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [entry for entry in self.entries if entry["kind"] == kind]

    def connected_ms(self) -> float | None:
        phases = (e["at_ms"] for e in self.of("phase") if e["phase"] == "connected")
        return next(phases, None)

    def transferring(self) -> bool:
        phases = [e["phase"] for e in self.of("phase")]
        return bool(phases) and phases[-1] == "transferring"

    def ears(self) -> Ears:
        return Ears(
            utterances=tuple(_span(e) for e in self.of("utterance_ended")),
            heard=tuple(_span(e) for e in self.of("heard")),
            presses=tuple(Press(at_ms=e["at_ms"], digit=e["digit"]) for e in self.of("dtmf")),
        )

    def agent_is_quiet(self, now_ms: float, lines: int) -> bool:
        """Whether everything was said and answered, and the agent has fallen silent."""
        said = self.of("utterance_ended")
        if len(said) < lines or self.transferring():
            return False
        # A caller whom nobody took waits for words about that, too.
        resumed = [e["at_ms"] for e in self.of("phase") if e["phase"] == "connected"]
        last_said = max((e["end_ms"] for e in said), default=0.0)
        last_said = max(last_said, resumed[-1] if resumed else 0.0, self.pressed_ms)
        heard = self.of("heard")
        if len(self.of("heard_started")) > len(heard):
            return False
        last_heard = max((e["end_ms"] for e in heard), default=0.0)
        if last_heard <= last_said:
            return now_ms - last_said > NO_REPLY_MS
        return now_ms - last_heard > DONE_AFTER_QUIET_MS


async def speak(exchange: Receiver, watched: Watched, order: Order) -> None:
    """Say every line and press every key in its time, then hang up when nothing more comes."""
    while (connected := watched.connected_ms()) is None:
        await watched.grown.wait()
    for press in order.keys:
        await exchange.press(press.digit, connected + press.at * 1000)
    said = 0
    for line, pcm in zip(order.lines, order.audio, strict=True):
        if line.keys or watched.pressed_ms:  # the exchange keeps spoken lines in order by itself
            now_ms = await until_quiet(exchange, watched, said)
        if line.keys:
            for digit in line.keys:
                now_ms += BETWEEN_KEYS_MS
                await exchange.press(digit, now_ms)
            watched.pressed_ms = now_ms
            continue
        at = None if line.at is None else connected + line.at * 1000
        await exchange.say(
            pcm, at_ms=at, quiet_ms=QUIET_MS, max_wait_ms=MAX_WAIT_MS, text=line.text[:1000]
        )
        said += 1
    last_key = max((connected + press.at * 1000 + AFTER_KEY_MS for press in order.keys), default=0)
    await until_quiet(exchange, watched, said, after_ms=last_key)
    await exchange.hang_up()


async def until_quiet(
    exchange: Receiver, watched: Watched, lines: int, *, after_ms: float = 0
) -> float:
    """Wait until so many lines were said and answered; return when that was."""
    while True:
        summary = await exchange.summary()
        now_ms = float(summary["clock"]["now_ms"])
        if summary["over"]:
            await asyncio.Future()  # whoever follows the call ends this
        if now_ms > after_ms and watched.agent_is_quiet(now_ms, lines):
            return now_ms
        await asyncio.sleep(POLL_S)


def _span(entry: Mapping[str, Any]) -> Span:
    return Span(start_ms=entry["start_ms"], end_ms=entry["end_ms"])
