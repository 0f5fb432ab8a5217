"""Whether the app lives, and whether it could take a call now."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from adapters.plane import Plane
from adapters.tokens import TokenRefused
from api import answers
from api.http import Reply, Request, ok
from core.carrier import CarrierError
from core.control_ports import Orchestrations

log = logging.getLogger("artvoice.api")

PATIENCE_S = 1.0  # for one check; all run at once
RELAY_S = 0.5
FRESH_S = 3.0  # an answer is good for this long, so that probes do not load what they probe

Check = Callable[[Plane], Awaitable[None]]


class Unready(Exception):
    """Why a part cannot be used; shown to everybody, so no addresses and no secrets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    at: float
    reply: Reply


_answers: WeakKeyDictionary[Plane, _Answer] = WeakKeyDictionary()
_trying: WeakKeyDictionary[Plane, asyncio.Lock] = WeakKeyDictionary()


async def health(request: Request, plane: Plane, durable: Orchestrations) -> Reply:
    """Say that the process lives and its settings are readable."""
    return ok(answers.Health(status="healthy"))


async def readiness(request: Request, plane: Plane, durable: Orchestrations) -> Reply:
    """Try every part a call needs: 200, or 503 with the reasons."""
    async with _trying.setdefault(plane, asyncio.Lock()):  # a crowd of probes waits for one
        known = _answers.get(plane)
        if known is None or time.monotonic() - known.at > FRESH_S:
            known = _Answer(at=time.monotonic(), reply=await _tried_all(plane))
            _answers[plane] = known
        return known.reply


async def _tried_all(plane: Plane) -> Reply:
    checks = await asyncio.gather(*(_tried(name, check, plane) for name, check in CHECKS.items()))
    ready = all(check["status"] == "healthy" for check in checks)
    if ready:
        return ok(answers.Readiness(status="ready", checks=checks))
    return ok(answers.Readiness(status="not_ready", checks=checks), 503)


async def _tried(name: str, check: Check, plane: Plane) -> answers.CheckDone:
    began = time.perf_counter()
    error = None
    try:
        async with asyncio.timeout(PATIENCE_S):
            await check(plane)
    except TimeoutError:
        error = f"no answer within {PATIENCE_S:g} s"
    except Unready as unready:
        error = str(unready)
    except Exception:  # a probe reports whatever is wrong, and never fails itself
        log.exception("a readiness check failed", extra={"check": name})
        error = "failed; the log says why"
    took = round((time.perf_counter() - began) * 1000, 1)
    return {
        "component": name,
        "status": "unhealthy" if error else "healthy",
        "check_time_ms": took,
        "error": error,
    }


async def _store(plane: Plane) -> None:
    await plane.store.calls(limit=1)


async def _blobs(plane: Plane) -> None:
    await plane.blobs.put("readiness.txt", b"ready", "text/plain")


async def _carrier(plane: Plane) -> None:
    try:
        await plane.calls.check()
    except CarrierError as error:
        raise Unready(f"the carrier says {error.trouble} ({error.code})") from error


async def _token_keys(plane: Plane) -> None:
    try:
        await plane.tokens.warm()
    except TokenRefused as error:
        raise Unready(str(error)) from error


async def _relay(plane: Plane) -> None:
    """Ask the relay, if it is one that always runs: to be asked would wake another, every time."""
    if plane.settings.profile == "warm" and not await plane.door.ready(RELAY_S):
        raise Unready("no relay is ready")


async def _scenario(plane: Plane) -> None:
    try:
        # In a thread, because the first time it reads every file of the registries.
        await asyncio.to_thread(plane.snapshot, plane.settings.agent_scenario)
    except LookupError as error:
        log.error("the scenario cannot be loaded", extra={"mistakes": str(error.args[0])})  # noqa: TRY400
        raise Unready("AGENT_SCENARIO cannot be loaded; run `artvoice agents`") from error


CHECKS: dict[str, Check] = {
    "store": _store,
    "blobs": _blobs,
    "carrier": _carrier,
    "token_keys": _token_keys,
    "relay": _relay,
    "scenario": _scenario,
}
