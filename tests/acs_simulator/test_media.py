"""The media socket and what the caller hears, on one clock."""

from __future__ import annotations

from tests.acs_simulator.conftest import Bench
from tests.acs_simulator.sounds import tone


async def test_a_call_is_answered_connected_streamed_and_hung_up(bench: Bench) -> None:
    simulator = await bench.simulator()
    client = await bench.client(simulator)

    call, answer = await bench.answered(simulator, client)
    socket = await bench.app.socket()
    await bench.app.until(lambda: len(socket.frames()) >= 10)
    await socket.play(tone(200))
    await call.timeline.wait_for("heard")
    call.hang_up()
    await call.finished()

    assert answer.call_connection_id == call.connection_id
    assert socket.messages[0]["audioMetadata"]["sampleRate"] == 16000
    assert bench.app.event_types()[0] == "CallConnected"
    assert bench.app.event_types()[-1] == "CallDisconnected"
    [heard] = call.timeline.of("heard")
    assert heard.facts["end_ms"] - heard.facts["start_ms"] == 200
