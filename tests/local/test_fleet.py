"""Two relays behind one address, as processes; the one that has a call is killed."""

import asyncio
import os
import signal
from contextlib import AsyncExitStack

from benchmarks.recovery import Bench, opened, relay_of, ring
from localdev.caller.exchange import fetch_record
from localdev.cli.fleet import Fleet

ENGINES = {"STT": "scripted", "TTS": "scripted"}


async def ended(bench, call_id):
    url = bench.stack.layout.url("host")
    async with asyncio.timeout(30):
        while True:
            record = await fetch_record(bench.http, url, call_id)
            if record is not None and record["status"] == "ended":
                return record
            await asyncio.sleep(0.1)


async def test_a_killed_relay_is_missed_and_replaced_without_a_word_of_the_carrier(tmp_path):
    async with AsyncExitStack() as running:
        bench: Bench = await opened(running, Fleet(relays=2), tmp_path, **ENGINES)
        call = await ring(bench, ["drop_event:MediaStreamingFailed"])
        await call.until("heard_started")
        relay = await relay_of(call, bench.stack)
        await asyncio.sleep(1)
        died = await call.now_ms()
        os.kill(bench.stack.pids[relay], signal.SIGKILL)
        spoke = await call.words_after(died)
        await call.exchange.hang_up()
        record = await ended(bench, call.call_id)

    assert (spoke - died) / 1000 < 6  # 3 s on a machine that does nothing else
    assert (record["outcome"], record["epoch"]) == ("completed", 2)
    assert "relay_lost" in [entry["kind"] for entry in record["timeline"]]
