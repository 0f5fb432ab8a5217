"""The simulator's control interface and the control plane's records, as a caller uses them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import aiohttp

from localdev.acs_simulator.control import TOKEN_HEADER


class NoAnswer(Exception):
    """A part of the stack refused, in its own words, or is not there."""


class Exchange:
    """One simulated call: placed, spoken into, watched."""

    def __init__(self, http: aiohttp.ClientSession, url: str, token: str) -> None:
        self._http = http
        self._calls = f"{url}/emulator/calls"
        self._headers = {TOKEN_HEADER: token}
        self.id = ""

    async def place(
        self, *, to: str, from_: str, scenario: str | None, faults: Sequence[str]
    ) -> dict[str, Any]:
        """Let the phone ring; return the simulator's summary of the call."""
        context = {"sipHeaders": {"X-MS-Custom-scenario": scenario}} if scenario else None
        order = {"from": from_, "to": to, "custom_context": context, "faults": list(faults)}
        summary: dict[str, Any] = await self._json("POST", "", json=order)
        self.id = summary["id"]
        return summary

    async def say(self, pcm: bytes, **how: Any) -> None:
        """Queue PCM (16 kHz) to be spoken; `how` is the query of the control interface."""
        query = {name: str(value) for name, value in how.items() if value is not None}
        await self._json("POST", f"/{self.id}/say", params=query, data=pcm)

    async def press(self, digit: str, at_ms: float) -> None:
        """Press a key at a time of the call."""
        await self._json("POST", f"/{self.id}/dtmf", json={"digit": digit, "at_ms": at_ms})

    async def hang_up(self) -> None:
        """Put the caller's receiver down."""
        await self._json("POST", f"/{self.id}/hangup")

    async def summary(self) -> dict[str, Any]:
        """Return the state, the clock and the figures of the call."""
        summary: dict[str, Any] = await self._json("GET", f"/{self.id}")
        return summary

    async def events(self, after: int, wait_s: float) -> dict[str, Any]:
        """Return what happened from entry `after` on, waiting for the first."""
        query = {"after": str(after), "wait": str(wait_s)}
        page: dict[str, Any] = await self._json("GET", f"/{self.id}/events", params=query)
        return page

    async def recording(self, name: str) -> bytes:
        """Return `heard.wav` or `caller.wav`."""
        return await self._bytes("GET", f"/{self.id}/{name}")

    async def _json(self, method: str, path: str, **request: Any) -> Any:
        import orjson

        return orjson.loads(await self._bytes(method, path, **request))

    async def _bytes(self, method: str, path: str, **request: Any) -> bytes:
        url = self._calls + path
        try:
            async with self._http.request(method, url, headers=self._headers, **request) as reply:
                body = await reply.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            why = str(error) or type(error).__name__
            raise NoAnswer(f"the simulator does not answer: {why}") from error
        if reply.status >= 400:
            raise NoAnswer(f"the simulator refused: {body.decode(errors='replace')[:500]}")
        return body


async def fetch_record(
    http: aiohttp.ClientSession, host_url: str, call_id: str, key: str = ""
) -> Mapping[str, Any] | None:
    """Return a call's record as it is now, or None while there is none or the host is away."""
    headers = {"x-functions-key": key} if key else {}
    try:
        async with http.get(f"{host_url}/api/v1/calls/{call_id}", headers=headers) as reply:
            record: Mapping[str, Any] | None = await reply.json() if reply.status == 200 else None
            return record
    except (aiohttp.ClientError, TimeoutError):
        return None
