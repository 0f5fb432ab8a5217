"""What every blob store promises: a folder, and Azure Storage through its real SDK.

Azure Storage is emulated on loopback. `AZURITE=/path/to/azurite` (npm install azurite) runs the
same promises against Azurite too; it is opt-in because installing it takes longer than all tests.
"""

import asyncio
import os
import re
from contextlib import asynccontextmanager

import pytest
from azure.core.exceptions import HttpResponseError

from adapters.azure_blobs import CONTAINER, AzureBlobs, connection_string
from adapters.folder_blobs import FolderBlobs
from localdev.emulators.blobs import BlobEmulator

AZURITE_KEY = (
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)
READY = re.compile(rb"Azurite Blob service successfully listen\S* \S+ (http://\S+)")


@asynccontextmanager
async def folder(tmp_path):
    yield FolderBlobs(tmp_path)


@asynccontextmanager
async def emulated(tmp_path):
    async with BlobEmulator() as account:
        blobs = AzureBlobs(connection_string(account.connection_string))
        yield blobs
        await blobs.aclose()


@asynccontextmanager
async def azurite(tmp_path):
    program = os.environ.get("AZURITE")
    if not program:
        pytest.skip("AZURITE does not name an azurite executable")
    options = "--blobPort 0 --skipApiVersionCheck --disableProductStyleUrl --disableTelemetry"
    process = await asyncio.create_subprocess_exec(
        f"{program}-blob", *options.split(), "--location", tmp_path, stdout=asyncio.subprocess.PIPE
    )
    try:
        while not (ready := READY.search(await process.stdout.readline())):
            assert process.returncode is None
        blobs = AzureBlobs(
            connection_string(
                f"AccountName=devstoreaccount1;AccountKey={AZURITE_KEY};"
                f"BlobEndpoint={ready[1].decode()}/devstoreaccount1;"
            )
        )
        yield blobs
        await blobs.aclose()
    finally:
        process.terminate()
        await process.wait()


@pytest.fixture(params=[folder, emulated, azurite])
async def blobs(request, tmp_path):
    async with request.param(tmp_path) as made:
        yield made


async def test_a_file_is_read_as_it_was_written_and_replaced_whole(blobs):
    await blobs.put("transcripts/c1.json", b"a longer first text", "application/json")
    await blobs.put("transcripts/c1.json", b"second", "application/json")

    assert await blobs.get("transcripts/c1.json") == b"second"
    assert await blobs.get("transcripts/c2.json") is None


async def test_a_file_may_be_empty_or_large_and_of_any_bytes(blobs):
    large = bytes(range(256)) * 10_000

    await blobs.put("empty", b"", "text/plain")
    await blobs.put("recordings/Grüße & 100% +1.wav", large, "audio/wav")

    assert await blobs.get("empty") == b""
    assert await blobs.get("recordings/Grüße & 100% +1.wav") == large


async def test_a_file_that_is_deleted_is_gone_and_may_be_deleted_again(blobs):
    await blobs.put("a", b"a", "text/plain")

    await blobs.delete("a")
    await blobs.delete("a")

    assert await blobs.get("a") is None


async def test_nothing_is_read_or_deleted_where_nothing_was_ever_written(blobs):
    await blobs.delete("a")

    assert await blobs.get("a") is None


@pytest.mark.parametrize("name", ["", "../a", "a/../../b", "."])
async def test_a_name_does_not_leave_its_folder(blobs, name):
    with pytest.raises(ValueError, match="name"):
        await blobs.put(name, b"", "text/plain")


async def test_many_first_writes_at_once_make_one_container(blobs):
    await asyncio.gather(*(blobs.put(f"f/{n}", b"%d" % n, "text/plain") for n in range(8)))

    assert [await blobs.get(f"f/{n}") for n in range(8)] == [b"%d" % n for n in range(8)]


async def test_a_file_is_kept_with_its_type():
    async with BlobEmulator() as account:
        blobs = AzureBlobs(connection_string(account.connection_string))
        await blobs.put("a.md", b"a", "text/markdown")
        await blobs.aclose()

        assert account.containers[CONTAINER]["a.md"].content_type == "text/markdown"


async def test_a_wrong_key_is_refused():
    async with BlobEmulator() as account:
        wrong = account.connection_string.replace("AccountKey=", "AccountKey=AAAA")
        blobs = AzureBlobs(connection_string(wrong))

        with pytest.raises(HttpResponseError, match="AuthenticationFailed"):
            await blobs.put("a", b"a", "text/plain")

        await blobs.aclose()
