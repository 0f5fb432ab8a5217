"""The control interface: what a command line or a test in another process can do."""

from __future__ import annotations

import asyncio
import io
import json
import wave
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from localdev.acs_simulator import Simulator, SimulatorSettings, serve
from tests.acs_simulator.conftest import CONTROL_TOKEN, KEY, Bench
from tests.acs_simulator.sounds import tone, wav_bytes

CALL = {"from": "+15550100", "to": "+15550199"}


class Control:
    """A client of the control interface."""

    def __init__(self, http: aiohttp.ClientSession, simulator: Simulator, bench: Bench) -> None:
        self.http = http
        self.simulator = simulator
        self.bench = bench

    async def __call__(self, method: str, path: str, **options: Any) -> tuple[int, Any]:
        url = f"{self.simulator.url}/emulator{path}"
        async with self.http.request(method, url, **options) as response:
            is_json = response.content_type == "application/json"
            return response.status, await (response.json() if is_json else response.read())

    async def answered(self) -> str:
        """Ring and answer; return the call's id."""
        client = await self.bench.client(self.simulator)
        call, _ = await self.bench.answered(self.simulator, client)
        await call.timeline.wait_for("media_open")
        return call.id


@pytest.fixture
async def control(bench: Bench) -> AsyncIterator[Control]:
    simulator = await bench.simulator()
    async with aiohttp.ClientSession(headers={"x-emulator-token": CONTROL_TOKEN}) as http:
        yield Control(http, simulator, bench)


async def test_a_call_is_placed_and_shown(control: Control) -> None:
    status, placed = await control("POST", "/calls", json=CALL | {"faults": ["dup_events"]})

    _, shown = await control("GET", f"/calls/{placed['id']}")
    _, listed = await control("GET", "/calls")

    assert status == 201
    assert shown["state"] == "ringing"
    assert shown["faults"] == {"dup_events": ""}
    assert shown["timeline"][0]["kind"] == "phase"
    assert [call["id"] for call in listed] == [placed["id"]]


@pytest.mark.parametrize(
    "body",
    [
        {"to": "+15550199"},
        {"from": "somebody", "to": "+15550199"},
        CALL | {"faults": ["no_such_fault"]},
        CALL | {"display_name": "x" * 1000},
    ],
)
async def test_a_call_that_cannot_be_is_refused_with_a_reason(
    control: Control, body: dict[str, Any]
) -> None:
    status, answer = await control("POST", "/calls", json=body)

    assert status == 400
    assert answer["error"]


async def test_an_unknown_fault_is_answered_with_the_known_ones(control: Control) -> None:
    _, answer = await control("POST", "/calls", json=CALL | {"faults": ["ws_dorp"]})

    assert "ws_drop_after" in answer["error"]


async def test_the_caller_speaks_hears_and_hangs_up(control: Control) -> None:
    call_id = await control.answered()
    socket = await control.bench.app.socket()
    await socket.play(tone(400))

    status, said = await control(
        "POST", f"/calls/{call_id}/say?text=hello", data=wav_bytes(tone(250))
    )
    call = control.simulator.calls[call_id]
    await call.timeline.wait_for("utterance_ended")
    await control("POST", f"/calls/{call_id}/dtmf", json={"digit": "7"})
    await call.timeline.wait_for("dtmf")
    _, gone = await control("POST", f"/calls/{call_id}/hangup")
    await call.finished()

    assert (status, said) == (202, {"index": 0, "duration_ms": 250})
    assert gone["state"] == "disconnected"
    _, heard = await control("GET", f"/calls/{call_id}/heard.wav")
    _, caller = await control("GET", f"/calls/{call_id}/caller.wav")
    with wave.open(io.BytesIO(heard)) as one, wave.open(io.BytesIO(caller)) as other:
        assert one.getframerate() == 16000
        assert one.getnframes() == other.getnframes() > 16000
    _, timeline = await control("GET", f"/calls/{call_id}/timeline")
    kinds = {entry["kind"] for entry in timeline}
    assert {"utterance_started", "utterance_ended", "heard", "dtmf", "event", "rest"} <= kinds


async def test_an_interruption_comes_at_its_time(control: Control) -> None:
    call_id = await control.answered()

    await control("POST", f"/calls/{call_id}/say?at_ms=3000", data=tone(100))
    ended = await control.simulator.calls[call_id].timeline.wait_for("utterance_ended")

    assert ended.facts["start_ms"] == 3000


async def test_events_are_waited_for(control: Control) -> None:
    call_id = await control.answered()
    _, so_far = await control("GET", f"/calls/{call_id}/events")

    waiting = asyncio.create_task(
        control("GET", f"/calls/{call_id}/events?after={so_far['next']}&wait=30")
    )
    await control("POST", f"/calls/{call_id}/hangup")
    _, news = await waiting
    await control.simulator.calls[call_id].finished()
    _, rest = await control("GET", f"/calls/{call_id}/events?after={news['next']}&wait=30")

    kinds = [entry["kind"] for entry in news["entries"] + rest["entries"]]
    assert "caller_hung_up" in kinds
    assert rest["ended"] is True
    numbers = [e["n"] for e in so_far["entries"] + news["entries"] + rest["entries"]]
    assert numbers == list(range(len(numbers)))


async def test_waiting_for_events_ends(control: Control) -> None:
    _, placed = await control("POST", "/calls", json=CALL)

    status, news = await control("GET", f"/calls/{placed['id']}/events?after=1&wait=2")

    assert (status, news) == (200, {"entries": [], "next": 1, "ended": False})


async def test_faults_are_added_to_a_live_call_and_listed(control: Control) -> None:
    call_id = await control.answered()

    _, answer = await control("POST", f"/calls/{call_id}/faults", json={"faults": ["rest_503=2"]})
    _, table = await control("GET", "/faults")

    assert answer == {"faults": {"rest_503": "2"}}
    assert {"name", "parameter", "default", "help"} == set(table[0])


async def test_a_number_s_behaviour_is_set(control: Control) -> None:
    await control("POST", "/numbers/+15550142", json={"behaviour": "busy", "delay_s": 2})

    behaviour = control.simulator.numbers["+15550142"]
    assert (behaviour.manner, behaviour.delay_s) == ("busy", 2)


@pytest.mark.parametrize(
    ("method", "path", "options", "status"),
    [
        ("GET", "/calls/none", {}, 404),
        ("POST", "/calls/{id}/say?at_ms=-5", {"data": b"\1\1"}, 400),
        ("POST", "/calls/{id}/say?when=later", {"data": b"\1\1"}, 400),
        ("POST", "/calls/{id}/say", {"data": b"odd"}, 400),
        ("POST", "/calls/{id}/dtmf", {"json": {"digit": "12"}}, 400),
        ("POST", "/calls/{id}/faults", {"json": {"faults": ["nope"]}}, 400),
        ("POST", "/numbers/+1", {"json": {"behaviour": "sings"}}, 400),
        ("POST", "/calls", {"data": b"not json"}, 400),
        ("GET", "/calls/{id}/events?wait=9999", {}, 400),
    ],
)
async def test_what_makes_no_sense_is_refused(
    control: Control, method: str, path: str, options: dict[str, Any], status: int
) -> None:
    _, placed = await control("POST", "/calls", json=CALL)

    answer = await control(method, path.format(id=placed["id"]), **options)

    assert answer[0] == status
    assert answer[1]["error"]


async def test_there_is_an_end_to_how_many_calls_may_live(control: Control) -> None:
    statuses = [(await control("POST", "/calls", json=CALL))[0] for _ in range(201)]

    assert statuses == [201] * 200 + [429]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"x-emulator-token": "wrong"}, 401),
        ({"x-emulator-token": ""}, 401),
        ({"Host": "evil.example"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "http://localhost:7071"}, 200),
    ],
)
async def test_strangers_are_refused(
    control: Control, headers: dict[str, str], status: int
) -> None:
    answer, _ = await control("GET", "/calls", headers=headers)

    assert answer == status


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/faults"),
        ("GET", "/calls"),
        ("GET", "/calls/x"),
        ("GET", "/calls/x/timeline"),
        ("GET", "/calls/x/events"),
        ("GET", "/calls/x/heard.wav"),
        ("GET", "/calls/x/caller.wav"),
        ("POST", "/calls"),
        ("POST", "/calls/x/say"),
        ("POST", "/calls/x/dtmf"),
        ("POST", "/calls/x/hangup"),
        ("POST", "/calls/x/faults"),
        ("POST", "/numbers/1"),
    ],
)
async def test_every_control_route_needs_the_token(
    control: Control, method: str, path: str
) -> None:
    status, _ = await control(method, path, headers={"x-emulator-token": "wrong"})

    assert status == 401


async def test_recordings_and_timeline_are_kept(bench: Bench, tmp_path: Path) -> None:
    simulator = await bench.simulator(out_dir=tmp_path)
    client = await bench.client(simulator)
    call, _ = await bench.answered(simulator, client)
    await call.timeline.wait_for("media_open")

    await simulator.stop()

    folder = tmp_path / call.id
    assert {file.name for file in folder.iterdir()} == {
        "heard.wav",
        "caller.wav",
        "timeline.json",
    }
    text = (folder / "timeline.json").read_text()
    assert json.loads(text)[0]["kind"] == "phase"
    assert "secret" not in text
    assert KEY not in text


async def test_the_simulator_is_served_until_it_is_stopped() -> None:
    stop, ready = asyncio.Event(), asyncio.Event()
    settings = SimulatorSettings(access_key=KEY, control_token=CONTROL_TOKEN)

    serving = asyncio.create_task(serve(settings, stop, lambda _: ready.set()))
    await ready.wait()
    stop.set()
    await serving

    assert serving.done()


@pytest.mark.parametrize(
    "wrong", [{"access_key": "not base64!"}, {"access_key": ""}, {"control_token": ""}]
)
def test_settings_that_cannot_work_are_refused(wrong: dict[str, str]) -> None:
    right = {"access_key": KEY, "control_token": CONTROL_TOKEN}

    with pytest.raises(ValueError, match="access_key"):
        SimulatorSettings(**(right | wrong))  # type: ignore[arg-type]


def test_settings_do_not_show_secrets() -> None:
    settings = SimulatorSettings(access_key=KEY, control_token=CONTROL_TOKEN, function_key="fkey")

    assert KEY not in repr(settings)
    assert CONTROL_TOKEN not in repr(settings)
    assert "fkey" not in repr(settings)
