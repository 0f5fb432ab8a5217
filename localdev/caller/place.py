"""One call from the first ring to its record: who speaks when, and what came of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import aiohttp

from api.incoming import call_id_of
from core.acs_events import IncomingCall
from localdev.caller.exchange import Exchange, NoAnswer, fetch_record
from localdev.caller.report import Ears, latency_ms
from localdev.caller.speaking import POLL_S, Order, Receiver, Watched, speak

RECORD_WITHIN_S = 45.0
FRAME_MS = 20

Show = Callable[[Mapping[str, Any]], None]
RecordNow = Callable[[], Awaitable[Mapping[str, Any] | None]]
Caller = Callable[[Receiver, Watched, RecordNow], Coroutine[Any, Any, None]]


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


async def place_call(
    order: Order,
    urls: Mapping[str, str],
    token: str,
    show: Show | None,
    key: str = "",
    *,
    caller: Caller | None = None,
) -> Placed:
    """Place a call and stay on the line until it is over. Raises `NoAnswer`.

    `show` gets the record as it grows; without it the host is asked for it at the end only.
    `caller` decides what is said, instead of the lines of the order.
    """
    timeout = aiohttp.ClientTimeout(total=30)
    async with aiohttp.ClientSession(timeout=timeout) as http:
        exchange = Exchange(http, urls["simulator"], token)
        summary = await exchange.place(
            to=order.to, from_=order.from_, scenario=order.scenario, faults=order.faults
        )
        call_id = call_id_at_host(summary["correlationId"], order.to)
        watched = Watched()
        try:
            async with asyncio.TaskGroup() as tasks:
                showing = show and tasks.create_task(_show(http, urls["host"], call_id, key, show))
                following = tasks.create_task(_follow(exchange, watched))
                record_now = partial(fetch_record, http, urls["host"], call_id, key)
                says = caller(exchange, watched, record_now) if caller else None
                speaking = tasks.create_task(says or speak(exchange, watched, order))
                await following
                speaking.cancel()
                if showing:
                    showing.cancel()
        except ExceptionGroup as several:
            raise next(
                (e for e in several.exceptions if isinstance(e, NoAnswer)), several
            ) from None
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


async def _follow(exchange: Exchange, watched: Watched) -> None:
    """Read the simulator's timeline until the call is over."""
    while not watched.ended:
        page = await exchange.events(len(watched.entries), wait_s=10)
        watched.entries += page["entries"]
        watched.ended = page["ended"]
        watched.grown.set()
        watched.grown = asyncio.Event()


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
    exchange: Exchange, watched: Watched, call_id: str, record: Mapping[str, Any], epoch: str
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
    waited = latency_ms(parts, answered, ears, keys=turn.get("keys", False))
    return {**turn, "decided_ms": decided_ms, "latency_ms": waited}


def _decided_ms(parts: Mapping[str, Any], epoch: str) -> float | None:
    """Place the deciding frame on the call's clock: its timestamp is when it began."""
    stamp = parts.get("heard_until")
    if not stamp:
        return None
    began = datetime.fromisoformat(stamp) - datetime.fromisoformat(epoch)
    return began.total_seconds() * 1000 + FRAME_MS
