"""How a call's events reach the app: one POST each, with a token of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
import orjson

from localdev.acs_simulator.faults import Faults
from localdev.acs_simulator.timeline import Timeline
from localdev.acs_simulator.tokens import TokenIssuer

POST_TIMEOUT_S = 30.0
PATIENCE_S = 1.0
"""How long the next event waits for this one's response: order is kept for an app that is quick."""
RETRY_DELAY_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Callback:
    """One event on its way to one address."""

    url: str
    event: Mapping[str, Any]

    @property
    def type(self) -> str:
        """The event's name, without its prefix."""
        return str(self.event["type"]).rpartition(".")[2]


class CallbackSender:
    """Sends a call's events in order, as far as its faults allow. `run` until cancelled."""

    def __init__(
        self,
        *,
        http: aiohttp.ClientSession,
        tokens: TokenIssuer,
        faults: Faults,
        timeline: Timeline,
        retries: int,
    ) -> None:
        self._http = http
        self._tokens = tokens
        self._faults = faults
        self._timeline = timeline
        self._retries = retries
        self._queue: asyncio.Queue[tuple[float, Callback]] = asyncio.Queue()
        self._held: Callback | None = None

    def put(self, callback: Callback) -> None:
        """Take an event. Returns at once."""
        if self._faults.has("drop_event") and self._faults["drop_event"] == callback.type:
            self._timeline.note("event_dropped", type=callback.type, id=callback.event["id"])
        elif not self._faults.has("reorder_events"):
            self._enqueue(callback)
        elif self._held is None:
            self._held = callback
            asyncio.get_running_loop().call_later(PATIENCE_S, self.release)
        else:
            self._enqueue(callback)
            self.release()

    def release(self) -> None:
        """Send the event that waits to change places, if one does: no other will come soon."""
        if self._held is not None:
            self._enqueue(self._held)
            self._held = None

    async def drained(self) -> None:
        """Return when everything taken so far was answered or given up."""
        self.release()
        await self._queue.join()

    async def run(self) -> None:
        """Send until cancelled; a slow app delays what follows by `PATIENCE_S` at most."""
        async with asyncio.TaskGroup() as posts:
            while True:
                due, callback = await self._queue.get()
                await asyncio.sleep(due - asyncio.get_running_loop().time())
                for _ in range(2 if self._faults.has("dup_events") else 1):
                    post = posts.create_task(self._deliver(callback))
                    await asyncio.wait({post}, timeout=PATIENCE_S)
                if post.done():
                    self._queue.task_done()
                else:
                    post.add_done_callback(lambda _: self._queue.task_done())

    def _enqueue(self, callback: Callback) -> None:
        due = asyncio.get_running_loop().time() + self._faults.number("delay_events")
        self._queue.put_nowait((due, callback))

    async def _deliver(self, callback: Callback) -> None:
        for attempt in range(1 + self._retries):
            if attempt:
                await asyncio.sleep(RETRY_DELAY_S)
            sent_ms = self._timeline.now_ms()
            status = await self._post(callback)
            self._timeline.note(
                "event",
                type=callback.type,
                id=callback.event["id"],
                status=status,
                sent_ms=sent_ms,
                result=callback.event["data"].get("resultInformation"),
            )
            if 200 <= status < 300:
                return

    async def _post(self, callback: Callback) -> int:
        """Return the HTTP status, 0 when there was none."""
        if self._faults.take("callback_503"):
            return 503
        if self._faults.take("new_keys"):
            await asyncio.to_thread(self._tokens.rotate)
        token = self._tokens.callback_token(
            ahead_s=self._faults.number("clock_skew"),
            expired=self._faults.has("callback_token_expired"),
            wrong_audience=self._faults.has("wrong_aud"),
        )
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
        body = orjson.dumps([callback.event])
        try:
            async with (
                asyncio.timeout(POST_TIMEOUT_S),
                self._http.post(callback.url, data=body, headers=headers) as response,
            ):
                return response.status
        except (aiohttp.ClientError, OSError):
            return 0
