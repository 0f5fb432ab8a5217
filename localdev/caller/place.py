"""One call from the first ring to its record: who speaks when, and what came of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import aiohttp

from api.incoming import call_id_of
from core.acs_events import IncomingCall
from localdev.caller.exchange import Exchange, fetch_record
from localdev.caller.lines import Key, Line
from localdev.caller.report import Ears, Span, latency_ms

QUIET_MS = 900.0
MAX_WAIT_MS = 60_000.0
DONE_AFTER_QUIET_MS = 2_500.0
NO_REPLY_MS = 25_000.0
AFTER_KEY_MS = 5_000.0
POLL_S = 0.4
RECORD_WITHIN_S = 45.0
FRAME_MS = 20

Show = Callable[[Mapping[str, Any]], None]


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A call that is over: its record, the caller's clock, both recordings as WAV."""

    call_id: str
    record: Mapping[str, Any]
    turns: tuple[Mapping[str, Any], ...]
    timeline: tuple[Mapping[str, Any], ...]
    heard_wav: bytes
    caller_wav: bytes
    ears: Ears


@dataclass(slots=True)
class _Watched:
    """What the simulator's timeline has shown so far."""

    entries: list[dict[str, Any]] = field(default_factory=list)
    ended: bool = False
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
        )

    def agent_is_quiet(self, now_ms: float, lines: int) -> bool:
        """Whether everything was said and answered, and the agent has fallen silent."""
        said = self.of("utterance_ended")
        if len(said) < lines or self.transferring():
            return False
        # A caller whom nobody took waits for words about that, too.
        resumed = [e["at_ms"] for e in self.of("phase") if e["phase"] == "connected"]
        last_said = max((e["end_ms"] for e in said), default=0.0)
        last_said = max(last_said, resumed[-1] if resumed else 0.0)
        heard = self.of("heard")
        if len(self.of("heard_started")) > len(heard):
            return False
        last_heard = max((e["end_ms"] for e in heard), default=0.0)
        if last_heard <= last_said:
            return now_ms - last_said > NO_REPLY_MS
        return now_ms - last_heard > DONE_AFTER_QUIET_MS


def _span(entry: Mapping[str, Any]) -> Span:
    return Span(start_ms=entry["start_ms"], end_ms=entry["end_ms"])


async def place_call(
    order: Order, urls: Mapping[str, str], token: str, show: Show | None, key: str = ""
) -> Placed:
    """Place a call and stay on the line until it is over. Raises `NoAnswer`.

    `show` gets the record as it grows; without it the host is asked for it at the end only.
    """
    timeout = aiohttp.ClientTimeout(total=30)
    async with aiohttp.ClientSession(timeout=timeout) as http:
        exchange = Exchange(http, urls["simulator"], token)
        summary = await exchange.place(
            to=order.to, from_=order.from_, scenario=order.scenario, faults=order.faults
        )
        call_id = call_id_at_host(summary["correlationId"], order.to)
        watched = _Watched()
        async with asyncio.TaskGroup() as tasks:
            showing = show and tasks.create_task(_show(http, urls["host"], call_id, key, show))
            following = tasks.create_task(_follow(exchange, watched))
            speaking = tasks.create_task(_speak(exchange, watched, order))
            await following
            speaking.cancel()
            if showing:
                showing.cancel()
        record = await _settled_record(http, urls["host"], call_id, key)
        if show:
            show(record)
        return await _gathered(exchange, watched, call_id, record, summary["clock"]["epoch"])


def call_id_at_host(correlation_id: str, to: str) -> str:
    """Name the call as the control plane does."""
    return call_id_of(
        IncomingCall(
            correlation_id=correlation_id, caller="", called=to, called_raw_id=f"4:{to}", offer=""
        )
    )


async def _follow(exchange: Exchange, watched: _Watched) -> None:
    """Read the simulator's timeline until the call is over."""
    while not watched.ended:
        page = await exchange.events(len(watched.entries), wait_s=10)
        watched.entries += page["entries"]
        watched.ended = page["ended"]
        watched.grown.set()
        watched.grown = asyncio.Event()


async def _speak(exchange: Exchange, watched: _Watched, order: Order) -> None:
    """Say every line and press every key in its time, then hang up when nothing more comes."""
    while (connected := watched.connected_ms()) is None:
        await watched.grown.wait()
    for line, pcm in zip(order.lines, order.audio, strict=True):
        at = None if line.at is None else connected + line.at * 1000
        await exchange.say(
            pcm, at_ms=at, quiet_ms=QUIET_MS, max_wait_ms=MAX_WAIT_MS, text=line.text[:1000]
        )
    for press in order.keys:
        await exchange.press(press.digit, connected + press.at * 1000)
    last_key = max((connected + press.at * 1000 + AFTER_KEY_MS for press in order.keys), default=0)
    while True:
        now_ms = (await exchange.summary())["clock"]["now_ms"]
        if now_ms > last_key and watched.agent_is_quiet(now_ms, len(order.lines)):
            await exchange.hang_up()
            return
        await asyncio.sleep(POLL_S)


async def _show(http: aiohttp.ClientSession, host: str, call_id: str, key: str, show: Show) -> None:
    while True:
        record = await fetch_record(http, host, call_id, key)
        if record is not None:
            show(record)
        await asyncio.sleep(POLL_S)


async def _settled_record(
    http: aiohttp.ClientSession, host: str, call_id: str, key: str
) -> Mapping[str, Any]:
    """Return the record once call and relay are done with it; what there is when time is up."""
    record: Mapping[str, Any] | None = None
    loop = asyncio.get_running_loop()
    deadline = loop.time() + RECORD_WITHIN_S
    while loop.time() < deadline:
        record = await fetch_record(http, host, call_id, key) or record
        if record is not None and record["status"] == "ended" and _relay_is_done(record):
            return record
        await asyncio.sleep(POLL_S)
    return record or {"call_id": call_id, "outcome": None, "ended_by": "", "turns": []}


def _relay_is_done(record: Mapping[str, Any]) -> bool:
    """Whether the relay that had the call last has given it up: its last words come before that."""
    epochs = [each["epoch"] for each in record["timeline"] if each["kind"] == "media_detached"]
    return record["epoch"] in (0, *epochs)


async def _gathered(
    exchange: Exchange, watched: _Watched, call_id: str, record: Mapping[str, Any], epoch: str
) -> Placed:
    ears = watched.ears()
    turns = tuple(_completed(turn, ears, epoch) for turn in record["turns"])
    return Placed(
        call_id=call_id,
        record=record,
        turns=turns,
        timeline=tuple(watched.entries),
        heard_wav=await exchange.recording("heard.wav"),
        caller_wav=await exchange.recording("caller.wav"),
        ears=ears,
    )


def _completed(turn: Mapping[str, Any], ears: Ears, epoch: str) -> Mapping[str, Any]:
    parts = turn.get("latency_ms") or {}
    decided_ms = _decided_ms(parts, epoch)
    answered = decided_ms if turn["heard"] else None
    return {**turn, "decided_ms": decided_ms, "latency_ms": latency_ms(parts, answered, ears)}


def _decided_ms(parts: Mapping[str, Any], epoch: str) -> float | None:
    """Place the deciding frame on the call's clock: its timestamp is when it began."""
    stamp = parts.get("heard_until")
    if not stamp:
        return None
    began = datetime.fromisoformat(stamp) - datetime.fromisoformat(epoch)
    return began.total_seconds() * 1000 + FRAME_MS
