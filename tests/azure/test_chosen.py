"""Settings choose the Azure stores: a whole call on them, what `doctor` says, what imports cost."""

import asyncio
import subprocess
import sys
from contextlib import asynccontextmanager

import pytest

from adapters.settings import Settings, SettingsError
from adapters.stores import blob_store, call_store, customer_store
from core import facts as f
from localdev.doctor import azure_findings
from localdev.doctor_stores import ask_stores
from localdev.emulators.blobs import BlobEmulator
from localdev.emulators.cosmos import CosmosEmulator
from localdev.findings import Health
from tests.bank import TODAY
from tests.control.stack import CALLED, CALLER, stack

SDKS = ("azure.cosmos", "azure.storage", "azure.identity", "azure.core")


@asynccontextmanager
async def azure(**options):
    """Run both accounts; give the settings that choose them."""
    async with CosmosEmulator(**options) as cosmos, BlobEmulator() as storage:
        yield {
            "STORE": "cosmos",
            "AZURE_COSMOS_ENDPOINT": cosmos.url,
            "AZURE_COSMOS_KEY": cosmos.key,
            "BLOBS": "azure",
            "AZURE_STORAGE_CONNECTION_STRING": storage.connection_string,
        }


async def deploy(environ, *, customers=True):
    """Make the containers, as a deployment does."""
    store = call_store(Settings.read(environ))
    await store.calls()
    await store.aclose()
    if customers:
        bank = customer_store(Settings.read(environ), today=TODAY)
        await asyncio.to_thread(bank.warm)
        await asyncio.to_thread(bank.close)


async def stores(environ):
    """Return what `doctor` says of the two, by name."""
    found = await asyncio.to_thread(azure_findings, environ)
    return {each.name: each for each in found if each.name in {"STORE", "BLOBS"}}


async def test_a_whole_call_is_kept_in_azure(tmp_path):
    async with azure() as environ, stack(tmp_path, **environ) as it:
        call = await it.simulator.ring(from_=CALLER, to=CALLED)
        session = await it.relay.session()
        await call.until("connected")
        proved = f.Remembered(slots={"client_id": "maria_lopez"})
        await it.relay.report(session, f.CallerSaid(turn=1, text="hello there"), proved)
        call.hang_up()
        await it.over(session.call_id)
        await it.over(f"{session.call_id}:wrap_up")

        _, record = await it.get(f"api/v1/calls/{session.call_id}")
        _, listed = await it.get("api/v1/calls?status=ended")
        notes = await asyncio.to_thread(it.plane.customers.call_notes, "maria_lopez")
        transcript = await it.plane.blobs.get(f"transcripts/{session.call_id}.json")

    assert (record["outcome"], record["ended_by"]) == ("completed", "caller")
    assert [call["call_id"] for call in listed["calls"]] == [session.call_id]
    assert transcript is not None
    assert [note.call_id for note in notes] == [session.call_id]
    assert [each for each in ("store", "blobs") if (tmp_path / each).exists()] == []


async def test_doctor_knows_stores_that_answer_and_changes_nothing():
    async with azure() as environ:
        empty = await stores(environ)
        await deploy(environ, customers=False)
        half = await stores(environ)
        await deploy(environ)

        deployed = await stores(environ)

    assert (empty["STORE"].health, empty["BLOBS"].health) == (Health.BAD, Health.OK)
    assert "404" in empty["STORE"].what
    assert (half["STORE"].health, "404" in half["STORE"].what) == (Health.BAD, True)
    assert deployed["STORE"].health is Health.OK
    assert "Strong" in deployed["STORE"].what


async def test_doctor_warns_of_an_account_whose_readers_may_lag_behind():
    async with azure(consistency="Session") as environ:
        await deploy(environ)

        found = await stores(environ)

    assert found["STORE"].health is Health.BAD
    assert "Bounded Staleness" in found["STORE"].remedy


async def test_doctor_never_repeats_a_key_that_does_not_fit():
    async with azure() as environ:
        secret = "c2VjcmV0c2VjcmV0"
        found = await stores(
            {
                **environ,
                "AZURE_COSMOS_KEY": secret,
                "AZURE_STORAGE_CONNECTION_STRING": f"AccountName=x;AccountKey={secret};nonsense",
            }
        )

    assert {each.health for each in found.values()} == {Health.BAD}
    assert "401" in found["STORE"].what
    assert secret not in str(found)


async def test_doctor_waits_for_no_store_longer_than_it_says():
    async def silent(reader, writer):
        await reader.read()
        writer.close()

    async with await asyncio.start_server(silent, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        settings = Settings.read(
            {
                "STORE": "cosmos",
                "AZURE_COSMOS_ENDPOINT": f"http://127.0.0.1:{port}",
                "AZURE_COSMOS_KEY": "a2V5",
            }
        )
        (answer,) = await asyncio.to_thread(lambda: list(ask_stores(settings, patience_s=0.3)))

    assert answer.what == "no answer within 0.3 s"


def test_a_store_says_which_setting_it_lacks():
    with pytest.raises(SettingsError, match="AZURE_COSMOS_ENDPOINT"):
        call_store(Settings.read({"STORE": "cosmos"}))
    with pytest.raises(SettingsError, match="AZURE_STORAGE_ACCOUNT_URL"):
        blob_store(Settings.read({"BLOBS": "azure"}))


def test_importing_the_app_imports_no_sdk_of_a_store():
    check = f"import sys, function_app; print([m for m in sys.modules if m.startswith({SDKS!r})])"

    seen = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)

    assert seen.stdout.strip() == "[]"
