"""Event Grid, as far as one subscription goes: the handshake, then delivery at least once."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import aiohttp
import orjson

from localdev.acs_simulator.settings import GridSchema, SimulatorSettings
from localdev.acs_simulator.timeline import Timeline

RETRY_DELAYS_S = (10.0, 30.0)
ANSWER_LIMIT_S = 30.0
DELIVERED = frozenset({200, 201, 202, 203, 204})
NOT_RETRIED = frozenset({400, 401, 413})


class GridPublisher:
    """Delivers to the app's Event Grid webhook. One handshake per schema and function."""

    def __init__(self, settings: SimulatorSettings, http: aiohttp.ClientSession) -> None:
        self._settings = settings
        self._http = http
        self._validated: set[tuple[GridSchema, str]] = set()
        self._handshake = asyncio.Lock()

    async def deliver(
        self, event: Mapping[str, Any], schema: GridSchema, timeline: Timeline, function: str = ""
    ) -> bool:
        """Deliver with Event Grid's retries; returns whether it arrived.

        `function`: the subscription's; that for incoming calls if none is named.
        """
        function = function or self._settings.function_name
        for attempt in range(1 + len(RETRY_DELAYS_S)):
            if attempt:
                await asyncio.sleep(RETRY_DELAYS_S[attempt - 1] * self._settings.retry_scale)
            status = await self._attempt(event, schema, attempt, function)
            timeline.note("grid_delivery", attempt=attempt + 1, status=status, function=function)
            if status in DELIVERED:
                return True
            if status in NOT_RETRIED:
                return False
        return False

    async def _attempt(
        self, event: Mapping[str, Any], schema: GridSchema, attempt: int, function: str
    ) -> int:
        """Return the HTTP status, 0 when there was none."""
        try:
            async with asyncio.timeout(ANSWER_LIMIT_S):
                if not await self._validate(schema, function):
                    return 0
                return await self._notify(event, schema, attempt, function)
        except (aiohttp.ClientError, OSError):
            return 0

    async def _notify(
        self, event: Mapping[str, Any], schema: GridSchema, attempt: int, function: str
    ) -> int:
        headers = _headers("Notification") | {"aeg-delivery-count": str(attempt)}
        if schema is GridSchema.CLOUD_EVENTS:
            headers["Content-Type"] = "application/cloudevents+json; charset=utf-8"
            body = orjson.dumps(event)
        else:
            headers |= {"aeg-data-version": "1.0", "aeg-metadata-version": "1"}
            body = orjson.dumps([event])
        async with self._http.post(self._url(function), data=body, headers=headers) as response:
            return response.status

    async def _validate(self, schema: GridSchema, function: str) -> bool:
        async with self._handshake:
            known = (schema, function) in self._validated
            if not known and await self._shake_hands(schema, function):
                self._validated.add((schema, function))
            return (schema, function) in self._validated

    async def _shake_hands(self, schema: GridSchema, function: str) -> bool:
        """Validate the endpoint as Event Grid does an Azure Function's, in either schema.

        The CloudEvents handshake by OPTIONS is for other webhooks: a Function's trigger does not
        answer it.
        """
        code = str(uuid.uuid4())
        headers = _headers("SubscriptionValidation")
        body = orjson.dumps(self._validation(schema, code))
        async with self._http.post(self._url(function), data=body, headers=headers) as response:
            answer = (await response.read()) if response.status == 200 else b""
        try:
            return bool(orjson.loads(answer)["validationResponse"] == code)
        except (ValueError, KeyError, TypeError):
            return False

    def _validation(self, schema: GridSchema, code: str) -> object:
        topic = f"/subscriptions/{self._settings.resource_id}"
        kind, now = "Microsoft.EventGrid.SubscriptionValidationEvent", datetime.now(UTC).isoformat()
        event = {"id": str(uuid.uuid4()), "subject": ""}
        data = {"validationCode": code}
        if schema is GridSchema.CLOUD_EVENTS:
            text = orjson.dumps(data).decode()
            return event | {
                "source": topic,
                "type": kind,
                "time": now,
                "specversion": "1.0",
                "data": text,
            }
        versions = {"metadataVersion": "1", "dataVersion": "2"}
        return [
            event | versions | {"topic": topic, "eventType": kind, "eventTime": now, "data": data}
        ]

    def _url(self, function: str) -> str:
        base, settings = self._settings.functions_base_url.rstrip("/"), self._settings
        code = f"&code={settings.function_key}" if settings.function_key else ""
        return f"{base}/runtime/webhooks/EventGrid?functionName={function}{code}"


def _headers(event_type: str) -> dict[str, str]:
    return {
        "Content-Type": "application/json; charset=utf-8",
        "aeg-event-type": event_type,
        "aeg-subscription-name": "SIMULATOR",
    }
