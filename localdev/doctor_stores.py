"""Asks the Azure stores that are configured whether they know us; nothing is written."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass

from adapters.cosmos import CosmosContainer
from adapters.settings import Settings, SettingsError
from adapters.stores import blob_store, cosmos_container, customers_container

PATIENCE_S = 5.0
NEVER_WRITTEN = "doctor/nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a store said. `remedy` is empty if it may be used as it is."""

    setting: str
    what: str
    remedy: str = ""


def ask_stores(settings: Settings, *, patience_s: float = PATIENCE_S) -> Iterator[Answer]:
    """Connect to each configured store, within bounded time."""
    if settings.store == "cosmos":
        yield asyncio.run(_asked("STORE", _cosmos, settings, patience_s))
    if settings.blobs == "azure":
        yield asyncio.run(_asked("BLOBS", _blobs, settings, patience_s))


async def _asked(
    name: str, ask: Callable[[Settings], Awaitable[Answer]], settings: Settings, patience_s: float
) -> Answer:
    from azure.core.exceptions import AzureError, HttpResponseError

    try:
        async with asyncio.timeout(patience_s):
            return await ask(settings)
    except TimeoutError:
        what, remedy = f"no answer within {patience_s:g} s", "Look at the address and firewall."
    except SettingsError as error:
        what, remedy = f"{error.mistakes[0].name} {error.mistakes[0].reason}", "Set it."
    except HttpResponseError as error:
        what, remedy = (
            f"refused with status {error.status_code}",
            REMEDIES.get(error.status_code or 0, "Look at the service in the portal."),
        )
    except (AzureError, ValueError) as error:  # ValueError: a connection string that is none
        what = f"cannot be reached ({type(error).__name__})"
        remedy = "Look at the address and the credentials."
    return Answer(setting=name, what=what, remedy=remedy)


REMEDIES = {
    401: "Look at the key.",
    403: "Give the identity the data contributor role, or look at the key.",
    404: "Deploy the database and its containers, or start the app once with a key.",
}


async def _cosmos(settings: Settings) -> Answer:
    from adapters.cosmos import CONSISTENT

    consistency = await _consistency(cosmos_container(settings, create=False))
    await _consistency(customers_container(settings, create=False))
    if consistency not in CONSISTENT:
        return Answer(
            setting="STORE",
            what=f"Cosmos DB answers, but with {consistency} consistency",
            remedy="Set the account's default to Strong or Bounded Staleness.",
        )
    return Answer(setting="STORE", what=f"Cosmos DB answers, with {consistency} consistency")


async def _consistency(container: CosmosContainer) -> str:
    try:
        return await container.consistency()
    finally:
        await container.aclose()


async def _blobs(settings: Settings) -> Answer:
    blobs = blob_store(settings)
    try:
        await blobs.get(NEVER_WRITTEN)
    finally:
        await blobs.aclose()
    return Answer(setting="BLOBS", what="Blob Storage answers")
