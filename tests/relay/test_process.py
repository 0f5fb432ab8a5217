"""The relay as a process: it starts, serves, and drains when it is told to stop."""

import asyncio
import os
import shutil
import signal
import sys
import time
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from adapters.settings import Settings, SettingsError
from adapters.tokens import call_secret
from core import session as s
from core.facts import MediaDetached, TurnDone
from localdev.doctor import left_alone
from media_relay.app import serve
from media_relay.control_client import ControlClient
from media_relay.control_plane import ControlRefused, ControlUnavailable
from media_relay.engines import engines_of
from tests.relay.calls import MemoryControl, agent, scenario
from tests.relay.stations import AUDIENCE, METADATA, SIGNING_KEY, keys, token

SHARED_KEY = "s" * 40
ROOT = Path(__file__).parents[2]


@asynccontextmanager
async def control_plane(control):
    """Serve a control plane, and the carrier's keys, over HTTP."""

    def authorized(request):
        if request.headers.get("Authorization") != f"Bearer {SHARED_KEY}":
            raise web.HTTPUnauthorized

    async def sessions(request):
        authorized(request)
        wanted = s.OPEN_SESSION.validate_json(await request.read())
        try:
            opened = await control.open_session(request.match_info["call_id"], wanted)
        except ControlRefused as refusal:
            return web.Response(status=refusal.status)
        return web.Response(body=s.SESSION.dump_json(opened))

    async def events(request):
        authorized(request)
        report = s.REPORT.validate_json(await request.read())
        token = request.headers["x-session-token"]
        told = await control.report(request.match_info["call_id"], token, report)
        return web.Response(body=s.ACKNOWLEDGED.dump_json(told))

    async def heartbeat(request):
        authorized(request)
        beat = s.HEARTBEAT.validate_json(await request.read())
        answer = await control.heartbeat(request.match_info["relay_id"], beat)
        return web.Response(body=s.DIRECTIVES.dump_json(answer))

    async def jwks(_):
        return web.json_response(await keys(""))

    app = web.Application()
    app.router.add_post("/api/v1/calls/{call_id}/sessions", sessions)
    app.router.add_post("/api/v1/calls/{call_id}/events", events)
    app.router.add_post("/api/v1/relays/{relay_id}/heartbeat", heartbeat)
    app.router.add_get("/keys", jwks)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def environment(url, folder, **more):
    return {
        "ACS_ENDPOINT": "http://127.0.0.1:1",
        "ACS_ACCESS_KEY": "a2V5",
        "ACS_RESOURCE_ID": AUDIENCE,
        "ACS_JWKS_URL": f"{url}/keys",
        "CALL_SIGNING_KEY": SIGNING_KEY,
        "FUNCTIONS_BASE_URL": url,
        "RELAY_SHARED_KEY": SHARED_KEY,
        "CHAT": "scripted",
        "STT": "scripted",
        "TTS": "scripted",
        "STORE_PATH": str(folder),
        **more,
    }


def dial(http, url):
    secret = call_secret(SIGNING_KEY, "media", "call")
    headers = {"Authorization": f"Bearer {token()}", "x-ms-call-connection-id": "leg"}
    return http.ws_connect(f"{url}/api/v1/media/stream/call/{secret}", headers=headers)


async def test_a_told_relay_drains_and_hands_its_call_on(tmp_path):
    control = MemoryControl(scenario(agent("Ann", greeting="Hi.")))
    stop, ready = asyncio.Event(), asyncio.get_running_loop().create_future()
    async with control_plane(control) as url, aiohttp.ClientSession() as http:
        serving = asyncio.create_task(
            serve(environment(url, tmp_path), "127.0.0.1", 0, stop, ready.set_result, drain_s=0.2)
        )
        relay = await ready
        async with dial(http, relay) as socket:
            await socket.send_str(METADATA.decode())
            await control.until(TurnDone)
            stop.set()
            await serving

        assert control.facts(MediaDetached) == [
            MediaDetached(epoch=1, reason="draining", handed_on=True)
        ]
        assert [beat.draining for beat in control.beats][-1]
        assert control.beats[0].calls == ()


async def test_sigterm_drains_a_real_process(tmp_path):
    control = MemoryControl(scenario(agent("Ann", greeting="Hi.")))
    async with control_plane(control) as url, aiohttp.ClientSession() as http:
        given = {
            **os.environ,
            **environment(url, tmp_path),
            "HOST": "127.0.0.1",
            "PORT": "0",
            "DRAIN_SECONDS": "0.2",
        }
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "media_relay", cwd=ROOT, env=given,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        try:
            line = await process.stdout.readline()
            relay = line.decode().split()[-1]
            async with dial(http, relay) as socket:
                await socket.send_str(METADATA.decode())
                await control.until(TurnDone)
                process.send_signal(signal.SIGTERM)
                while (message := await socket.receive()).type is aiohttp.WSMsgType.TEXT:
                    pass
                async with asyncio.timeout(60):
                    code = await process.wait()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()

        assert code == 0
        assert message.type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED)
        assert control.facts(MediaDetached)[-1].reason == "draining"


async def test_mistakes_in_the_registries_are_told_before_any_call_comes(tmp_path):
    shutil.copytree(ROOT / "registries", tmp_path / "registries")
    agents = tmp_path / "registries" / "agentstore"
    (agents / "one.yaml").write_text("prompt: Hello {{ caler_name }}\n")
    (agents / "two.yaml").write_text("prompt: Hello.\ntools: [nothing]\n")
    given = {**os.environ, **environment("http://127.0.0.1:1", tmp_path)}
    given |= {"PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"}

    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "media_relay", cwd=tmp_path, env=given,
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    _, told = await process.communicate()

    first, second = told.decode().splitlines()
    assert process.returncode == 2
    assert first.startswith("agentstore/one.yaml: prompt: uses the undefined variable 'caler_name'")
    assert second.startswith("agentstore/two.yaml: tools.0: there is no tool 'nothing'")


async def test_what_stops_a_relays_loop_is_in_its_log(tmp_path, caplog):
    control = MemoryControl(scenario(agent("Ann")))
    stop, ready = asyncio.Event(), asyncio.get_running_loop().create_future()
    async with control_plane(control) as url:
        serving = asyncio.create_task(
            serve(environment(url, tmp_path), "127.0.0.1", 0, stop, ready.set_result, drain_s=0)
        )
        await ready
        async with asyncio.timeout(60):
            named = False
            while not named:  # on a busy machine the watch may have looked elsewhere
                until = time.monotonic() + 0.3
                while time.monotonic() < until:
                    pass
                for _ in range(3):
                    await asyncio.sleep(0)
                stalls = [r for r in caplog.records if r.message == "the loop stalled"]
                named = any("test_what_stops_a_relays_loop" in each.stack for each in stalls)
        stop.set()
        await serving

    assert stalls[0].ms > 50


async def test_an_engine_that_is_left_alone_is_seen_from_outside(tmp_path, capsys):
    control = MemoryControl(scenario(agent("Ann")))
    stop, ready = asyncio.Event(), asyncio.get_running_loop().create_future()
    async with control_plane(control) as url:
        chain = {"CHAT": "tests.relay.providers:shut,scripted", "TELEMETRY": "console"}
        given = environment(url, tmp_path, **chain)
        serving = asyncio.create_task(
            serve(given, "127.0.0.1", 0, stop, ready.set_result, drain_s=0)
        )
        relay = await ready
        found = await asyncio.to_thread(lambda: list(left_alone("relay", relay)))
        stop.set()
        await serving

    what = "thinking: tests.relay.providers:shut is left alone after 1 failures, tried again in "
    assert [each.name for each in found] == ["relay"]
    assert found[0].what.startswith(what)
    told = capsys.readouterr().err
    assert "engine.circuit.changes" in told
    assert '"engine.name": "tests.relay.providers:shut"' in told


async def test_a_relay_that_nobody_listens_to_still_stops(tmp_path):
    control = MemoryControl(scenario(agent("Ann", greeting="Hi.")))
    stop, ready = asyncio.Event(), asyncio.get_running_loop().create_future()
    async with aiohttp.ClientSession() as http:
        async with control_plane(control) as url:
            settings = environment(url, tmp_path)
            serving = asyncio.create_task(
                serve(settings, "127.0.0.1", 0, stop, ready.set_result, drain_s=0, tell_s=0.2)
            )
            socket = await dial(http, await ready)
            await control.until(TurnDone)
        stop.set()
        async with asyncio.timeout(60):
            await serving
        await socket.close()


async def test_the_client_tells_a_no_from_a_silence():
    control = MemoryControl(scenario())
    async with control_plane(control) as url:
        good, stranger = ControlClient(url, SHARED_KEY), ControlClient(url, "wrong")
        nobody = ControlClient("http://127.0.0.1:1", SHARED_KEY)
        wanted = s.OpenSession(relay_id="r", connection_id="leg")
        foreign = s.OpenSession(relay_id="r", connection_id="foreign")

        opened = await good.open_session("call", wanted)
        with pytest.raises(ControlRefused) as refused:
            await good.open_session("call", foreign)
        with pytest.raises(ControlRefused) as unknown:
            await stranger.open_session("call", wanted)
        with pytest.raises(ControlUnavailable):
            await nobody.open_session("call", wanted)
        for client in (good, stranger, nobody):
            await client.aclose()

        assert (opened.epoch, refused.value.status, unknown.value.status) == (1, 409, 401)


def test_providers_are_found_by_name_or_by_module():
    ours = engines_of(
        Settings.read({"CHAT": "tests.relay.providers:chat", "STT": "scripted", "TTS": "scripted"})
    )

    assert type(ours.chat).__name__ == "ScriptedChat"
    with pytest.raises(SettingsError) as wrong:
        engines_of(
            Settings.read(
                {"CHAT": "gpt", "STT": "nowhere:ears", "TTS": "tests.relay.providers:nobody"}
            )
        )
    stt, chat, tts = map(str, wrong.value.mistakes)
    assert stt.startswith("STT: nowhere cannot be imported (No module named 'nowhere').")
    assert "azure_openai, openai, scripted or module:attr" in chat
    assert tts.startswith("TTS: tests.relay.providers:nobody is not there")


async def test_a_relay_without_its_settings_says_what_is_missing(tmp_path):
    with pytest.raises(SettingsError) as missing:
        await serve({}, "127.0.0.1", 0, asyncio.Event(), print)

    assert {mistake.name for mistake in missing.value.mistakes} == {
        "ACS_RESOURCE_ID",
        "CALL_SIGNING_KEY",
        "FUNCTIONS_BASE_URL",
        "RELAY_SHARED_KEY",
    }
