"""A recording is given whole while it is short, and in pieces however long it is."""

import pytest

from api.calls import get_recording
from api.http import Problem, Request
from api.pieces import MOST
from core import facts as f
from core.call_store import StoredCall
from tests.control.fakes import FakeDurable, plane_of
from tests.control.stack import CALLED, CALLER

LONG = bytes(MOST) + b"the end"


async def asked(content, **headers):
    """Ask for the recording of a call that has this one."""
    plane = plane_of(lambda: 1e9)
    await plane.store.claim(
        StoredCall(
            call_id="c", created_at=plane.clock(), direction=f.Direction.INBOUND, caller=CALLER,
            called=CALLED, scenario="banking", scenario_sha="sha",
        )
    )  # fmt: skip
    record = {"recording": {"files": [{"name": "r.wav", "ms": 1}]}}
    await plane.store.finish("c", record, keep_words=True)
    if content is not None:
        await plane.blobs.put("r.wav", content, "audio/wav")
    try:
        request = Request(params={"call_id": "c"}, headers=headers)
        return await get_recording(request, plane, FakeDurable())
    finally:
        await plane.aclose()


@pytest.mark.parametrize("content", [b"", b"sound", bytes(MOST)])
async def test_a_recording_that_is_short_enough_is_given_whole(content):
    reply = await asked(content)

    assert (reply.status, reply.body) == (200, content)


@pytest.mark.parametrize(
    "header", ["bytes=-5", "bytes=3-2", "bytes=0-1,3-4", "lines=1-2", "nonsense"]
)
async def test_a_range_that_is_not_understood_is_none(header):
    assert (await asked(b"sound", range=header)).body == b"sound"


@pytest.mark.parametrize(
    ("header", "content", "told"),
    [
        ("bytes=0-", b"sound", "bytes 0-4/5"),
        ("bytes=1-2", b"ou", "bytes 1-2/5"),
        ("bytes=4-99", b"d", "bytes 4-4/5"),
    ],
)
async def test_a_piece_says_which_it_is(header, content, told):
    reply = await asked(b"sound", range=header)

    assert (reply.status, reply.body, reply.headers["Content-Range"]) == (206, content, told)


async def test_a_long_recording_is_asked_for_piece_by_piece():
    with pytest.raises(Problem) as refused:
        await asked(LONG)
    first = await asked(LONG, range="bytes=0-")
    rest = await asked(LONG, range=f"bytes={len(first.body)}-")

    assert refused.value.status == 400
    assert str(len(LONG)) in refused.value.detail
    assert "Range" in refused.value.detail
    assert first.headers["Content-Range"] == f"bytes 0-{MOST - 1}/{len(LONG)}"
    assert first.body + rest.body == LONG


async def test_there_is_nothing_behind_the_end_and_nothing_of_no_recording():
    with pytest.raises(Problem) as behind:
        await asked(b"sound", range="bytes=5-")
    with pytest.raises(Problem) as none:
        await asked(None, range="bytes=0-")

    assert (behind.value.status, behind.value.detail) == (416, "the recording has 5 bytes")
    assert none.value.status == 404
