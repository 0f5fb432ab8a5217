"""The control plane's parts, wired once per process from the settings."""

from __future__ import annotations

import asyncio
import hashlib
import importlib
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property

from adapters.acs import AcsCalls, identity_client, key_client
from adapters.bell import HttpBell
from adapters.measured_chat import RequestWatch, watched
from adapters.providers import analyst_of
from adapters.relay_door import HttpDoor
from adapters.settings import Settings
from adapters.stores import (
    blob_store,
    call_store,
    customer_store,
    promise_store,
    target_store,
)
from adapters.telemetry import telemetry_of
from adapters.tokens import JWKS_URL, TokenVerifier, call_secret
from core.agents import Scenario
from core.bank import CustomerStore
from core.call_store import CallStore
from core.callbacks import CALLBACK, Callback
from core.campaigns import CAMPAIGN, Campaign, TargetStore
from core.carrier import CallControl, Links
from core.control_ports import Bell, Blobs, RelayDoor
from core.destinations import Destination
from core.facts import TransferRequested
from core.measured import Telemetry, step_measured
from core.model_requests import request_figures, request_span
from core.ports import Chat
from core.promises import APPROVAL, Approval, PromiseStore
from core.session import SCENARIO

SCENARIOS = "registries:load_scenario"
CALLBACKS = "api/v1/calls/callbacks"
MEDIA = "api/v1/media/stream"
PROMPTS = "api/v1/prompts"
NEEDED = (
    "acs_resource_id",
    "call_signing_key",
    "functions_base_url",
    "relay_base_url",
    "relay_shared_key",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A scenario as it is now, and its name for ever: the sha256 of its text."""

    sha: str
    text: str
    scenario: Scenario


@dataclass(frozen=True, kw_only=True, eq=False)
class Plane:
    """All that triggers and activities work with. `clock` gives epoch seconds.

    `analyst`: the model that reads calls when they are over; None where only the scripted brain
    thinks, which understands nothing. `bell`: None where people look for themselves.
    """

    settings: Settings
    store: CallStore
    approvals: PromiseStore[Approval]
    callbacks: PromiseStore[Callback]
    campaigns: PromiseStore[Campaign]
    targets: TargetStore
    customers: CustomerStore
    calls: CallControl
    door: RelayDoor
    blobs: Blobs
    tokens: TokenVerifier
    load_scenario: Callable[[str], Scenario]
    analyst: Chat | None = None
    bell: Bell | None = None
    telemetry: Telemetry | None = None
    clock: Callable[[], float] = time.time
    _snapshots: dict[str, Snapshot] = field(default_factory=dict)
    _kept: set[str] = field(default_factory=set)

    @cached_property
    def signing_key(self) -> str:
        return self.settings.call_signing_key.get_secret_value()

    def links(self, call_id: str) -> Links:
        """Where the carrier reports to, and streams to, for this call."""
        relay = "ws" + str(self.settings.relay_base_url).removeprefix("http")
        callback = call_secret(self.signing_key, "callback", call_id)
        media = call_secret(self.signing_key, "media", call_id)
        return Links(
            callback_url=f"{self.settings.functions_base_url}/{CALLBACKS}/{call_id}/{callback}",
            media_url=f"{relay}/{MEDIA}/{call_id}/{media}",
        )

    def measured(self, call_id: str, step: str, began: float, outcome: str) -> None:
        """Tell how long something took that was done for a call since `began`."""
        if self.telemetry is not None:
            self.telemetry.add(call_id, *step_measured(step, began, self.clock(), outcome))

    @contextmanager
    def asking(self, call_id: str, model: Chat) -> Iterator[Chat]:
        """Give out a model, and tell of every request to it what it took."""
        if self.telemetry is None:
            yield model
            return
        requests: list[RequestWatch] = []
        try:
            yield watched(model, requests.append, self.clock)
        finally:
            for watch in requests:
                request = watch.so_far(0.0)
                self.telemetry.add(call_id, request_span(request), request_figures(request))

    def prompt_url(self, name: str) -> str:
        """Where the carrier finds a prompt to play."""
        return f"{self.settings.functions_base_url}/{PROMPTS}/{name}.wav"

    def destination(self, request: TransferRequested) -> Destination | None:
        """Return whom a transfer goes to; None if there is no such name (any more)."""
        if request.address:
            return Destination(name=request.target, address=request.address)
        return self.settings.transfer_targets.get(request.target)

    def snapshot(self, name: str) -> Snapshot:
        """Return a scenario by name, read once per process. Raises KeyError."""
        if name not in self._snapshots:
            scenario = self.load_scenario(name)
            text = SCENARIO.dump_json(scenario)
            sha = hashlib.sha256(text).hexdigest()
            self._snapshots[name] = Snapshot(sha=sha, text=text.decode(), scenario=scenario)
        return self._snapshots[name]

    async def keep(self, snapshot: Snapshot) -> None:
        """Have a snapshot in the store, where every call that began with it finds it."""
        if snapshot.sha not in self._kept:
            await self.store.keep_snapshot(snapshot.sha, snapshot.text)
            self._kept.add(snapshot.sha)

    async def aclose(self) -> None:
        """Close what the process holds open."""
        await self.calls.aclose()
        await self.store.aclose()
        await self.blobs.aclose()
        await self.approvals.aclose()
        await self.callbacks.aclose()
        if self.analyst is not None:
            await self.analyst.aclose()
        await self.campaigns.aclose()
        await self.targets.aclose()
        await asyncio.to_thread(self.customers.close)


def build(settings: Settings) -> Plane:
    """Wire the parts that the settings name. Raises SettingsError when some are missing."""
    settings.need(*NEEDED)
    endpoint, access_key = settings.acs
    webhook = settings.approval_webhook.get_secret_value()
    connect = key_client(endpoint, access_key) if access_key else identity_client(endpoint)
    return Plane(
        settings=settings,
        store=call_store(settings),
        approvals=promise_store(settings, "approvals", APPROVAL),
        callbacks=promise_store(settings, "callbacks", CALLBACK),
        campaigns=promise_store(settings, "campaigns", CAMPAIGN),
        targets=target_store(settings),
        customers=customer_store(settings, today=datetime.now(UTC).date()),
        calls=AcsCalls(connect, source_number=settings.acs_source_phone_number or ""),
        door=HttpDoor(settings.relay_base_url or ""),
        blobs=blob_store(settings),
        tokens=TokenVerifier(
            audience=settings.acs_resource_id, jwks_url=settings.acs_jwks_url or JWKS_URL
        ),
        load_scenario=_provider(SCENARIOS),
        analyst=analyst_of(settings),
        bell=HttpBell(webhook) if webhook else None,
        telemetry=telemetry_of(settings, "functions"),
    )


def _provider(name: str) -> Callable[[str], Scenario]:
    """Find a provider by `module:attr` when it is first used."""
    module, _, attribute = name.partition(":")

    def load(scenario: str) -> Scenario:
        provider = importlib.import_module(module)
        try:
            loaded: Scenario = getattr(provider, attribute)(scenario)
        except provider.CatalogError as error:
            raise KeyError(str(error)) from error  # names every mistake there is
        return loaded

    return load


_current: Plane | None = None


def plane() -> Plane:
    """Return the process's plane, built from its environment at first use."""
    if _current is None:
        use(build(Settings.read(os.environ)))
    assert _current is not None  # noqa: S101 set above
    return _current


def use(plane: Plane | None) -> None:
    """Put another plane in place: tests bring their own, None forgets it."""
    global _current  # noqa: PLW0603 one plane per process is the point
    _current = plane
