"""Recording through every door it really has: consent, the carrier, the file, and the record."""

import asyncio
import io
import json
import sqlite3
import wave
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

import aiohttp
import pytest

from adapters.recordings import file_of, index_of
from core import facts as f
from core.agents import RecordingRule
from core.carrier import CarrierError, Trouble
from core.session import SCENARIO as SCENARIOS
from tests.control.stack import CALLED, CALLER, stack
from tests.control.test_calls import talk, written

YES = f.ConsentDecided(decision="given", turn=1)
SECRET, NO_SECRET = f.SecretAwaited(awaited=True), f.SecretAwaited(awaited=False)


def recording_stack(tmp_path, **more):
    settings = {"KEEP_AUDIO": "true", "RECORDING_CONTAINER_URL": "http://127.0.0.1:9/c", **more}
    return stack(tmp_path, simulator={"recordings_dir": tmp_path / "blobs"}, **settings)


async def changed(call, count):
    """Wait until a recording has changed so often; return how it has been."""
    while len(found := [e for e in call.timeline.entries if e.kind == "recording"]) < count:
        async with asyncio.timeout(60):
            await call.timeline.grown(len(call.timeline.entries))
    return [entry.facts["state"] for entry in found]


async def ended(it, call, session):
    """Hang up, and wait until all of it is done; return the record's words on the recording."""
    call.hang_up()
    await call.finished()
    await it.over(session.call_id)
    await it.over(f"{session.call_id}:wrap_up")
    return (await it.get(f"api/v1/calls/{session.call_id}"))[1]["recording"]


async def fetched(it, session, **headers):
    url = f"{it.host.url}/api/v1/calls/{session.call_id}/recording"
    async with aiohttp.ClientSession() as http, http.get(url, headers=headers) as answer:
        return answer.status, await answer.read()


async def test_a_call_is_recorded_after_a_yes_and_without_its_secrets(tmp_path):
    async with recording_stack(tmp_path) as it:
        call = await it.simulator.ring(from_=CALLER, to=CALLED)
        session = await talk(it, call, YES)
        await changed(call, 1)
        await it.relay.report(session, SECRET)
        await changed(call, 2)
        before = call.desk.recordings[0].ms
        paused_at = call.clock.now_ms()
        await call.clock.reach(paused_at + 300)
        during = call.desk.recordings[0].ms
        await it.relay.report(session, NO_SECRET)
        states = await changed(call, 3)
        record = await ended(it, call, session)
        status, content = await fetched(it, session)
        piece = await fetched(it, session, Range="bytes=44-143")

        assert states == ["active", "inactive", "active"]
        assert during == before
        assert [each["decision"] for each in record["consent"]] == ["given"]
        assert (record["state"], record["paused"], record["trouble"]) == ("over", 1, "")
        assert [file["name"].endswith("audiomixed.wav") for file in record["files"]] == [True]
        assert status == 200
        with wave.open(io.BytesIO(content)) as sound:
            assert sound.getnframes() // 16 == record["files"][0]["ms"]
        assert piece == (206, content[44:144])
    assert call.desk.recordings[0].id not in written(tmp_path, "hub.db*")


@dataclass
class Stubborn:
    """A carrier that goes on recording the first times that it is told to stop."""

    carrier: Any
    times: int

    def __getattr__(self, name: str) -> Any:
        return getattr(self.carrier, name)

    async def stop_recording(self, recording_id: str) -> None:
        self.times -= 1
        if self.times >= 0:
            raise CarrierError(Trouble.UNAVAILABLE, "503")
        await self.carrier.stop_recording(recording_id)


@pytest.mark.parametrize("hangs_up", [False, True])
async def test_a_recording_that_would_not_stop_is_stopped_again(tmp_path, hangs_up):
    def stubborn(plane):
        return replace(plane, calls=Stubborn(plane.calls, 3))

    async with recording_stack(tmp_path, wrap=stubborn) as it:
        call = await it.simulator.ring(from_=CALLER, to=CALLED)
        session = await talk(it, call, YES)
        await changed(call, 1)
        if not hangs_up:
            await it.relay.report(session, f.ConsentDecided(decision="withdrawn", turn=2))
            await changed(call, 2)
        record = await ended(it, call, session)

        assert (it.plane.calls.times, record["state"], record["trouble"]) == (-1, "over", "")


@pytest.mark.parametrize("decision", ["refused", "unclear"])
async def test_nobody_who_did_not_agree_is_recorded(tmp_path, decision):
    async with recording_stack(tmp_path) as it:
        call = await it.simulator.ring(from_=CALLER, to=CALLED)
        session = await talk(it, call, f.ConsentDecided(decision=decision))
        record = await ended(it, call, session)
        status, _ = await fetched(it, session)

        assert call.desk.recordings == []
        assert (record["state"], record["files"], status) == ("off", [], 404)
        assert [each["decision"] for each in record["consent"]] == [decision]


async def test_who_changes_his_mind_is_recorded_no_more(tmp_path):
    async with recording_stack(tmp_path) as it:
        call = await it.simulator.ring(from_=CALLER, to=CALLED)
        session = await talk(it, call, YES)
        await changed(call, 1)
        await it.relay.report(session, f.ConsentDecided(decision="withdrawn"))
        await changed(call, 2)
        assert call.desk.recordings[0].over
        record = await ended(it, call, session)

        assert [each["decision"] for each in record["consent"]] == ["given", "withdrawn"]
        assert len(record["files"]) == 1


async def test_where_audio_may_not_be_kept_no_relay_asks_and_nothing_is_recorded(tmp_path):
    async with recording_stack(tmp_path, KEEP_AUDIO="false") as it:
        call = await it.simulator.ring(from_=CALLER, to=CALLED)
        session = await talk(it, call, YES)
        await it.settled()
        record = await ended(it, call, session)

        assert session.recording is RecordingRule.OFF
        assert call.desk.recordings == []
        assert (record["state"], "KEEP_AUDIO" in record["trouble"]) == ("failed", True)


async def test_a_relay_is_told_the_rule_of_the_calls_scenario(tmp_path):
    async with recording_stack(tmp_path) as it:
        snapshot = it.plane.snapshot("banking")
        ask = replace(snapshot.scenario, recording=RecordingRule.ASK)
        text = SCENARIOS.dump_json(ask).decode()
        it.plane._snapshots["banking"] = replace(snapshot, sha="ask", text=text, scenario=ask)
        call = await it.simulator.ring(from_=CALLER, to=CALLED)
        session = await talk(it, call)
        await ended(it, call, session)

        assert session.recording is RecordingRule.ASK


@pytest.mark.parametrize(
    ("fault", "state", "trouble", "files"),
    [
        ("recording_fail", "failed", "start_recording: 8500", 0),
        ("drop_event:RecordingStateChanged", "over", "", 1),
        ("recording_no_file", "over", "", 0),
    ],
)
async def test_a_recording_that_goes_wrong_leaves_the_call_alone(
    tmp_path, fault, state, trouble, files
):
    async with recording_stack(tmp_path) as it:
        call = await it.simulator.ring(from_=CALLER, to=CALLED, faults=[fault])
        session = await talk(it, call, YES)
        await it.relay.report(session, f.CallerSaid(turn=1, text="Hello?"))
        await it.settled()
        record = await ended(it, call, session)
        _, shown = await it.get(f"api/v1/calls/{session.call_id}")

        assert (record["state"], record["trouble"], len(record["files"])) == (state, trouble, files)
        assert shown["outcome"] == "completed"


async def test_recordings_go_with_their_calls(tmp_path):
    async with recording_stack(tmp_path, RETENTION_DAYS="1") as it:
        call = await it.simulator.ring(from_=CALLER, to=CALLED)
        session = await talk(it, call, YES)
        await changed(call, 1)
        await it.settled()
        await ended(it, call, session)
        there = list((tmp_path / "blobs").rglob("*.wav"))
        with closing(sqlite3.connect(it.plane.settings.store_path + "/calls.db")) as db, db:
            db.execute("update calls set ended_at = ended_at - 2 * 86400")
        other = await it.simulator.ring(from_=CALLER, to=CALLED)
        later = await it.relay.session(2)
        await other.until("connected")
        await ended(it, other, later)

        assert len(there) == 1
        assert list((tmp_path / "blobs" / "recordings" / "by-id").iterdir()) == []
        assert list((tmp_path / "blobs").rglob("*.wav")) == []


def written_event(recording, location):
    """Make the event that a recording was written to this place."""
    chunk = {"documentId": "d", "index": 0, "contentLocation": location}
    return {
        "id": "1", "subject": f"/recording/call/c/recordingId/{recording}", "dataVersion": "1",
        "topic": "t", "eventType": "Microsoft.Communication.RecordingFileStatusUpdated",
        "eventTime": "2026-01-01T00:00:00Z",
        "data": {"recordingStorageInfo": {"recordingChunks": [chunk]}},
    }  # fmt: skip


async def delivered(it, event):
    url = f"{it.host.url}/runtime/webhooks/EventGrid?functionName=on_recording_file"
    headers = {"aeg-event-type": "Notification", "content-type": "application/json"}
    async with (
        aiohttp.ClientSession() as http,
        http.post(url, data=json.dumps([event]), headers=headers) as answer,
    ):
        return answer.status


async def test_an_event_about_somebody_elses_recording_is_ignored(tmp_path):
    async with recording_stack(tmp_path) as it:
        event = written_event("unknown", "http://x/c/f.wav")
        events = (event, {**event, "data": {}}, {**event, "subject": "/"})

        assert [await delivered(it, each) for each in events] == [202, 202, 202]


async def test_a_file_that_comes_before_its_recording_is_known_is_asked_for_again(tmp_path):
    async with recording_stack(tmp_path) as it:
        call = await it.simulator.ring(from_=CALLER, to=CALLED)
        session = await talk(it, call)
        event = written_event("rec", "http://127.0.0.1:9/c/rec.wav")
        early = await delivered(it, event)
        await it.plane.blobs.put(index_of("rec"), file_of(session.call_id), "application/json")
        again = await delivered(it, event)
        page = await it.plane.store.log(session.call_id)

        assert (early, again) == (500, 202)
        assert [e.fact.name for e in page.entries if isinstance(e.fact, f.RecordingKept)] == [
            "rec.wav"
        ]
