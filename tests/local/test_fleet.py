"""Two relays behind one address, as processes; the one that has a call dies, or is told to go."""

import asyncio
import os
import signal
from contextlib import AsyncExitStack

import pytest

from adapters.scripted import spoken
from benchmarks.recovery import Bench, opened, relay_of, ring
from localdev.caller.exchange import fetch_record
from localdev.cli.fleet import Fleet

ENGINES = {"STT": "scripted", "TTS": "tests.reliability.brisk:speaking"}
# A busy machine starts a process slowly; and who was woken must not go before he is dialled.
PATIENT = {"CALL_WAKE_SECONDS": "50", "CALL_SPEECHLESS_SECONDS": "50"}
IDLE_S = 3.0


@pytest.fixture(scope="module")
def anyio_backend():
    return "asyncio"


@pytest.fixture(scope="module")
async def pair(tmp_path_factory):
    """A stack with two relays, which let go of their calls at once when they are told to go."""
    home = tmp_path_factory.mktemp("pair")
    async with AsyncExitStack() as running:
        yield await opened(running, Fleet(relays=2), home, **ENGINES, DRAIN_SECONDS="0")


async def ended(bench, call_id):
    url = bench.stack.layout.url("host")
    async with asyncio.timeout(60):
        while True:
            record = await fetch_record(bench.http, url, call_id)
            if record is not None and record["status"] == "ended":
                return record
            await asyncio.sleep(0.1)


async def said_and_answered(call, text):
    """Say something; return when the answer begins, on the call's clock."""
    before = await call.now_ms()
    await call.exchange.say(spoken(text), quiet_ms=600, max_wait_ms=20_000)
    said = await call.until("utterance_ended", since_ms=before)
    return await call.words_after(said["end_ms"])


async def talked(bench: Bench, by, *faults):
    """Talk with an agent whose relay goes while he speaks; return the call's record.

    How soon another one speaks is measured by benchmarks/recovery.py.
    """
    call = await ring(bench, faults)
    await call.until("heard_started")
    await said_and_answered(call, "What is my account balance?")
    relay = await relay_of(call.call_id, bench.stack)
    gone = await call.now_ms()
    os.kill(bench.stack.pids[relay], by)
    await call.next_relay_sounds(gone)
    await said_and_answered(call, "Thank you, goodbye.")
    return await ended(bench, call.call_id)


def is_whole(record):
    """Whether no turn was lost with the first relay, and the second one did the rest."""
    return (record["outcome"], record["epoch"]) == ("completed", 2) and [
        (turn["n"], turn["caller"]) for turn in record["turns"]
    ] == [(0, ""), (1, "What is my account balance?"), (2, "Thank you, goodbye.")]


# Before the pair: a port is nobody's while its relay is not there.
async def test_a_relay_that_starts_from_nothing_takes_the_call_that_woke_it_and_goes(tmp_path):
    async with AsyncExitStack() as running:
        bench: Bench = await opened(running, Fleet(idle_s=IDLE_S), tmp_path, **ENGINES, **PATIENT)
        before = set(bench.stack.pids)
        call = await ring(bench)
        prompt = await call.words_after(0)
        opening = await call.until("media_open")
        greeting = await call.next_relay_sounds(0)
        await call.exchange.hang_up()
        record = await ended(bench, call.call_id)
        async with asyncio.timeout(90):
            while "relay-1" in bench.stack.pids:  # noqa: ASYNC110 a process tells nobody
                await asyncio.sleep(0.1)

    assert before == {"host", "simulator"}
    assert prompt < opening["at_ms"] < greeting
    assert record["outcome"] == "completed"


async def test_a_killed_relay_is_missed_and_replaced_without_a_word_of_the_carrier(pair):
    record = await talked(pair, signal.SIGKILL, "drop_event:MediaStreamingFailed")

    assert is_whole(record), record
    assert "relay_lost" in [entry["kind"] for entry in record["timeline"]]


async def test_a_relay_that_is_told_to_go_hands_its_call_to_another_and_the_talk_goes_on(pair):
    record = await talked(pair, signal.SIGTERM, "drop_event:MediaStreamingFailed")

    assert is_whole(record), record
    handed_on = [e.get("handed_on") for e in record["timeline"] if e["kind"] == "media_detached"]
    assert handed_on[0] is True
