"""Whether a probe is told the truth, soon, and whether it costs little."""

import asyncio
from dataclasses import replace

from adapters.relay_door import HttpDoor
from api import health
from api.http import Request
from tests.control.fakes import FakeDurable, PaperDoor, plane_of
from tests.control.stack import stack


async def test_an_app_whose_relay_is_gone_is_alive_and_not_ready(tmp_path):
    async with stack(tmp_path, wrap=relay_gone, PROFILE="warm") as it:
        live = await it.get("health")
        status, told = await it.probed(["relay"])

    checks = {check["component"]: check for check in told["checks"]}
    assert (live[0], status, told["status"]) == (200, 503, "not_ready")
    assert checks["relay"]["error"] == "no relay is ready"
    assert "127.0.0.1" not in str(told)


def relay_gone(plane):
    return replace(plane, door=HttpDoor("http://127.0.0.1:1"))


async def test_a_probe_wakes_no_relay_that_may_sleep():
    plane = replace(plane_of(lambda: 1.0), door=PaperDoor(asleep=9))

    reply = await health.readiness(Request(), plane, FakeDurable())

    assert plane.door.asked == 0
    assert b'"relay"' in reply.body
    await plane.aclose()


async def test_a_crowd_of_probes_tries_the_parts_once():
    class Carrier:
        asked = 0

        async def check(self):
            self.asked += 1
            await asyncio.Event().wait()  # never answers: the probe does, in time

        async def aclose(self):
            return

    plane = replace(plane_of(lambda: 1.0), calls=Carrier())

    replies = await asyncio.gather(
        *(health.readiness(Request(), plane, FakeDurable()) for _ in range(20))
    )

    assert plane.calls.asked == 1
    assert {reply.status for reply in replies} == {503}
    assert b"no answer within 1 s" in replies[0].body
    await plane.aclose()
