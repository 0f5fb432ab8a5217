"""What REST answers to people who page, mistype or attack."""

import asyncio
from io import BytesIO

import aiohttp

from api.routes import ROUTES
from core import facts as f
from core.call_store import StoredCall
from tests.control.stack import CALLED, CALLER, stack

ODD_IDS = (
    "nobody", "..%2f..%2fetc%2fpasswd", "%2e%2e", "a%00b", "%ff%fe", "x" * 3000, "{call_id}",
    "'%20or%201=1--", "%f0%9f%93%9e",
)  # fmt: skip
ODD_BODIES = (b"", b"[]", b"null", b"{", b"\xff\xfe", b"[" * 100_000, b'{"call_id": 7}',
              b'{"call_id": "\\ud800"}', b'{"call_id": "' + b"x" * 5000 + b'"}',
              b"1" * 5000, b"NaN", b"--x\r\nContent-Disposition: form-data\r\n")  # fmt: skip
ODD_QUERIES = (
    "limit=0", "limit=201", "limit=-1", "limit=ten", "limit=%C2%B2", "limit=" + "9" * 5000,
    "status=asleep", "continuation=x", "continuation=x%7Cy", "continuation=nan%7Cy",
    "continuation=%ff",
)  # fmt: skip


async def ask(it, method, path, **kwargs):
    """Return status, content type and body of an answer."""
    async with (
        aiohttp.ClientSession(skip_auto_headers=["content-type"]) as http,
        http.request(method, f"{it.host.url}/{path}", **kwargs) as answer,
    ):
        return answer.status, answer.content_type, await answer.read()


def problems(answers):
    """Return the answers that are no problem documents."""
    return [each for each in answers if each[1] != "application/problem+json"]


async def test_odd_ids_bodies_and_queries_are_refused_in_the_same_way(tmp_path):
    async with stack(tmp_path) as it:
        lost = [await ask(it, "GET", f"api/v1/calls/{odd}") for odd in ODD_IDS]
        lost += [await ask(it, "POST", f"api/v1/calls/{odd}/hangup") for odd in ODD_IDS]
        lost += [await ask(it, "GET", f"api/v1/scenarios/{odd}") for odd in ODD_IDS]
        lost += [await ask(it, "GET", f"api/v1/prompts/{odd}") for odd in ODD_IDS]
        bodies = [await ask(it, "POST", "api/v1/calls/terminate", data=odd) for odd in ODD_BODIES]
        queries = [await ask(it, "GET", f"api/v1/calls?{odd}") for odd in ODD_QUERIES]
        huge = await ask(
            it, "POST", "api/v1/calls/terminate", data=BytesIO(b" " * (4 * 1024 * 1024 + 1))
        )

    assert {status for status, *_ in lost} == {404}
    assert {status for status, *_ in bodies} == {400, 404}
    assert {status for status, *_ in queries} == {400}
    assert huge[0] == 413
    # A path with a dot segment is the platform's to refuse.
    assert problems([*(each for each in lost if each[2]), *bodies, *queries, huge]) == []


async def test_a_door_opens_to_its_own_method_only(tmp_path):
    async with stack(tmp_path) as it:
        paths = {route.path.replace("{", "").replace("}", "") for route in ROUTES}
        answers = [
            (await ask(it, method, path))[0]
            for path in sorted(paths)
            for method in ("HEAD", "OPTIONS", "PUT", "DELETE", "TRACE")
        ]

    assert set(answers) <= {404, 405}


async def test_headers_that_are_no_text_prove_nothing(tmp_path):
    async with stack(tmp_path) as it:
        odd = b"Bearer \xff\xfe\r\nx-session-token: \xff\r\nconnection: close"
        answers = []
        for path in ("calls/callbacks/c/s", "calls/c/sessions", "relays/r/heartbeat"):
            reader, writer = await asyncio.open_connection("127.0.0.1", it.host.port)
            head = f"POST /api/v1/{path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 0\r\n"
            writer.write(head.encode() + b"authorization: " + odd + b"\r\n\r\n")
            answers.append((await reader.readline()).split()[1])
            writer.close()

    assert answers == [b"401"] * 3


async def test_calls_are_paged_newest_first_and_filtered(tmp_path):
    async with stack(tmp_path) as it:
        for n in range(5):
            await it.plane.store.claim(a_call(f"c{n}", created_at=float(n)))
        await it.plane.store.finish("c2", {"outcome": "completed"}, keep_words=True)
        pages, token = [], ""
        while token is not None:
            _, page = await it.get("api/v1/calls", params={"limit": "2", "continuation": token})
            pages.append([call["call_id"] for call in page["calls"]])
            token = page["continuation"]
        _, live = await it.get("api/v1/calls?status=live")
        _, ended = await it.get("api/v1/calls?status=ended&limit=200")

    assert pages == [["c4", "c3"], ["c2", "c1"], ["c0"]]
    assert [call["call_id"] for call in live["calls"]] == ["c4", "c3", "c1", "c0"]
    (only,) = ended["calls"]
    assert (only["call_id"], only["status"], only["outcome"]) == ("c2", "ended", "completed")
    assert (CALLER in str(live), only["caller"]) == (False, "*******00")


def a_call(call_id, **facts):
    return StoredCall(
        **{
            "call_id": call_id, "created_at": 1.0, "direction": f.Direction.INBOUND,
            "caller": CALLER, "called": CALLED, "scenario": "banking", "scenario_sha": "sha",
            **facts,
        }
    )  # fmt: skip
