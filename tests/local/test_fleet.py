"""Two relays behind one address, as processes; the one that has a call is killed."""

import asyncio
import os
import signal
from contextlib import AsyncExitStack

import pytest

from adapters.scripted import spoken
from benchmarks.recovery import Bench, opened, relay_of, ring
from localdev.caller.exchange import fetch_record
from localdev.cli.fleet import Fleet

pytestmark = pytest.mark.alone

ENGINES = {"STT": "scripted", "TTS": "scripted"}


async def ended(bench, call_id):
    url = bench.stack.layout.url("host")
    async with asyncio.timeout(30):
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


async def test_a_killed_relay_is_missed_and_replaced_without_a_word_of_the_carrier(tmp_path):
    async with AsyncExitStack() as running:
        bench: Bench = await opened(running, Fleet(relays=2), tmp_path, **ENGINES)
        call = await ring(bench, ["drop_event:MediaStreamingFailed"])
        await call.until("heard_started")
        await said_and_answered(call, "What is my account balance?")
        relay = await relay_of(call, bench.stack)
        await asyncio.sleep(1)
        died = await call.now_ms()
        os.kill(bench.stack.pids[relay], signal.SIGKILL)
        await call.words_after(died)  # how soon is measured by benchmarks/recovery.py
        await said_and_answered(call, "Thank you, goodbye.")
        record = await ended(bench, call.call_id)

    assert (record["outcome"], record["epoch"]) == ("completed", 2)
    assert "relay_lost" in [entry["kind"] for entry in record["timeline"]]
    assert [turn["n"] for turn in record["turns"]] == [0, 1, 2]
    assert [turn["caller"] for turn in record["turns"]] == [
        "",
        "What is my account balance?",
        "Thank you, goodbye.",
    ]


async def test_a_relay_that_starts_from_nothing_takes_the_call_that_woke_it_and_goes(tmp_path):
    async with AsyncExitStack() as running:
        bench: Bench = await opened(running, Fleet(idle_s=0.5), tmp_path, **ENGINES)
        before = set(bench.stack.pids)
        call = await ring(bench)
        prompt = await call.words_after(0)
        opening = await call.until("media_open")
        greeting = await call.words_after(opening["at_ms"])
        await call.exchange.hang_up()
        record = await ended(bench, call.call_id)
        async with asyncio.timeout(20):
            while "relay-1" in bench.stack.pids:  # noqa: ASYNC110 a process tells nobody
                await asyncio.sleep(0.1)

    assert before == {"host", "simulator"}
    assert prompt < opening["at_ms"] < greeting
    assert record["outcome"] == "completed"
