"""Who is let in to the relay's port, and what a socket may do."""

import asyncio
import base64
import time
from contextlib import suppress

from adapters.scripted import ScriptedChat, spoken
from core.facts import MediaDetached, TurnDone
from media_relay.calls import AdmissionSettings
from media_relay.door import Door
from tests.relay.calls import MemoryControl, scenario
from tests.relay.stations import relaying, token

SILENCE = bytes(640)


async def test_a_call_over_a_real_socket_is_greeted_and_answered():
    async with (
        relaying(chat=ScriptedChat(["Ten dollars."])) as station,
        station.dialled() as caller,
    ):
        await caller.hears("Hi.")
        await station.control.until(TurnDone)
        await caller.says(spoken("my balance") + SILENCE * 40)
        await caller.hears("Ten dollars.")

        turn = await station.control.until(TurnDone, count=2)

        assert (turn.caller, turn.heard) == ("my balance", "Ten dollars.")
        assert turn.latency.heard_until == "2026-01-01T00:00:00.000Z"


async def test_health_is_public_and_nothing_else_is_there():
    async with relaying() as station:
        statuses = [
            await station.get(path) for path in ("/healthz", "/livez", "/readyz", "/", "/x")
        ]

        assert statuses == [200, 200, 200, 404, 404]


async def test_a_draining_relay_is_not_ready_and_lets_nobody_in():
    async with relaying() as station:
        station.server.draining = True

        assert await station.get("/readyz") == 503
        assert await station.get("/healthz") == 200
        assert await station.refused() == 503


async def test_a_socket_needs_the_carriers_token():
    async with relaying() as station:
        expired = token(exp=time.time() - 3600)

        assert await station.refused(bearer="nonsense") == 401
        assert await station.refused(bearer=expired) == 401
        assert await station.refused(bearer=token(aud="somebody else")) == 401
        assert not station.control.epochs


async def test_a_token_made_of_brackets_is_refused_like_any_other():
    header = base64.urlsafe_b64encode(b"[" * 6000).decode().rstrip("=")
    async with relaying() as station:
        assert await station.refused(bearer=f"{header}.e30.x") == 401


async def test_a_request_that_breaks_the_door_is_answered_and_let_go():
    async def broken(request):
        raise KeyError(request.path)

    loop, deciding = asyncio.get_running_loop(), set()
    server = await loop.create_server(lambda: Door(broken, deciding), "127.0.0.1", 0)
    async with server, asyncio.timeout(5):
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.write(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        answer = await reader.read()
        writer.close()

    assert answer.startswith(b"HTTP/1.1 500 ")
    assert deciding == set()


async def test_a_socket_needs_the_calls_own_secret():
    async with relaying() as station:
        other = station.url("other").rpartition("/")[2]

        assert await station.refused(secret="wrong") == 403
        assert await station.refused(secret=other) == 403
        assert not station.control.epochs


async def test_a_socket_needs_the_legs_connection_id():
    async with relaying() as station:
        assert await station.refused(connection_id=None) == 403
        assert await station.refused(connection_id="foreign leg") == 403
        assert await station.refused(connection_id="foreign-leg") == 409


async def test_a_page_of_the_web_cannot_reach_a_local_relay():
    async with relaying() as station:
        assert await station.refused(Origin="https://evil.example") == 403
        assert await station.get("/healthz", Host="evil.example") == 403
        assert await station.get("/healthz", Host="[") == 403


async def test_a_second_socket_of_a_live_call_is_refused():
    async with relaying() as station, station.dialled() as first:
        await first.hears("Hi.")

        assert await station.refused() == 409


async def test_a_full_relay_says_so():
    async with (
        relaying(admission=AdmissionSettings(max_calls=1)) as station,
        station.dialled("one") as caller,
    ):
        await caller.hears("Hi.")

        assert await station.refused("two") == 503


async def test_garbage_does_not_disturb_a_call():
    async with relaying() as station, station.dialled() as caller:
        for garbage in (b"{", b"[]", b"null", b'{"kind":"AudioData"}', b'{"kind":"Later"}'):
            await caller.send(garbage)
        await caller.says(spoken("hello") + SILENCE * 40)

        await caller.hears("Yes.")


async def test_an_oversized_frame_ends_the_socket_and_is_reported():
    async with relaying() as station, station.dialled() as caller:
        await caller.hears("Hi.")
        await caller.send(b"x" * 20_000)

        await caller.gone()
        detached = await station.control.until(MediaDetached)

        assert detached.reason == "socket closed"


async def test_a_flood_ends_the_socket():
    async with relaying() as station, station.dialled() as caller:
        await caller.hears("Hi.")
        with suppress(ConnectionResetError):  # it may end before all is sent
            await caller.says(SILENCE * 1000)

        assert await caller.gone() in (1008, 1006)


async def test_a_dropped_socket_is_reported_and_the_next_one_goes_on():
    async with relaying() as station:
        async with station.dialled() as caller:
            await caller.hears("Hi.")
            await station.control.until(TurnDone)
        await station.control.until(MediaDetached)
        async with station.dialled() as caller:
            await caller.hears("Sorry, I lost you")

        assert station.control.epochs == {"call": 2}


async def test_sound_that_came_before_the_session_is_heard():
    control = MemoryControl(scenario())
    control.down = True
    admission = AdmissionSettings(decide_s=0.01, retry_s=0.01)
    async with (
        relaying(control=control, admission=admission) as station,
        station.dialled() as caller,
    ):
        await caller.says(spoken("are you there") + SILENCE * 40)
        control.down = False

        await caller.hears("Yes.")


async def test_a_slow_head_and_a_huge_one_are_turned_away():
    async with relaying() as station:
        reader, writer = await asyncio.open_connection("127.0.0.1", station.port)
        writer.write(b"GET / HTTP/1.1\r\n" + b"x: y\r\n" * 4000)
        answer = await reader.read(100)
        writer.close()

        assert answer.startswith((b"HTTP/1.1 431", b"HTTP/1.1 400"))
        assert await station.get("/healthz") == 200


async def test_a_relay_that_cannot_keep_up_lets_nobody_else_in():
    async with relaying(lag=lambda: 0.2) as station, station.dialled("one") as caller:
        await caller.hears("Hi.")

        assert station.calls.load == 1
        assert await station.refused("two") == 503


async def test_every_door_of_the_port_asks_for_what_was_decided():
    media = "/api/v1/media/stream/call/secret"
    paths = (
        "/", "/healthz", "/livez", "/readyz", "/metrics", "/admin", "/api/v1/calls",
        "/api/v1/media/stream", media, f"{media}/more", "/api/v1/media/stream/../../healthz",
        "/api/v1/media/stream/call", "/api/v1/media/stream/a%2fb/secret", "//healthz",
    )  # fmt: skip
    public = {("GET", path) for path in ("/healthz", "/livez", "/readyz")}
    upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\n"
    async with relaying() as station:
        answers = {
            (method, path, head): await status_of(station, method, path, head)
            for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "CONNECT", "TRACE")
            for path in paths
            for head in ("", upgrade)
        }

    opened = {(method, path) for (method, path, _), status in answers.items() if status < 400}
    assert opened == public
    assert set(answers.values()) == {200, 401, 404, 405}
    assert answers["GET", media, upgrade] == 401
    assert not station.control.epochs


async def status_of(station, method, path, head):
    """Send a request's head as it stands; no client tidies it up."""
    reader, writer = await asyncio.open_connection("127.0.0.1", station.port)
    writer.write(f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{head}\r\n".encode())
    line = await reader.readline()
    writer.close()
    return int(line.split()[1])
