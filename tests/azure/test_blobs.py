"""What every blob store promises: a folder, and Azure Storage through its real SDK.

Azure Storage is emulated on loopback twice: by an emulator of ours, and by Azurite, which is
installed from npm when it is first needed (`AZURITE` may name one that is there).
"""

import asyncio
from contextlib import asynccontextmanager

import pytest
from azure.core.exceptions import HttpResponseError

from adapters.azure_blobs import CONTAINER, AzureBlobs, connection_string
from adapters.folder_blobs import FolderBlobs
from localdev.emulators.blobs import BlobEmulator
from tests.azure.azurite import running


@asynccontextmanager
async def folder(tmp_path, request):
    yield FolderBlobs(tmp_path)


@asynccontextmanager
async def emulated(tmp_path, request):
    async with BlobEmulator() as account:
        blobs = AzureBlobs(connection_string(account.connection_string))
        yield blobs
        await blobs.aclose()


@asynccontextmanager
async def azurite(tmp_path, request):
    blobs = AzureBlobs(connection_string(next(request.getfixturevalue("accounts"))))
    yield blobs
    await blobs.aclose()


@pytest.fixture(scope="module")
def accounts(tmp_path_factory):
    with running(tmp_path_factory.mktemp("azurite")) as accounts:
        yield accounts


@pytest.fixture(params=[folder, emulated, azurite])
async def blobs(request, tmp_path):
    async with request.param(tmp_path, request) as made:
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


@pytest.mark.parametrize(
    ("first", "most", "content"),
    [(0, 4, b"0123"), (4, 3, b"456"), (6, 99, b"6789"), (0, 10, b"0123456789"), (10, 5, b"")],
)
async def test_a_stretch_of_a_file_is_read_alone(blobs, first, most, content):
    await blobs.put("recordings/r.wav", b"0123456789", "audio/wav")

    piece = await blobs.piece("recordings/r.wav", first, most)

    assert (piece.content, piece.size) == (content, 10)


async def test_there_is_no_stretch_of_an_empty_file_or_of_none(blobs):
    await blobs.put("empty", b"", "audio/wav")

    piece = await blobs.piece("empty", 0, 5)

    assert (piece.content, piece.size) == (b"", 0)
    assert await blobs.piece("gone", 0, 5) is None


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
