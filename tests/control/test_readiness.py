"""Whether a probe is told the truth, soon, and whether it costs little."""

import asyncio
from dataclasses import replace

from api import health
from api.http import Request
from tests.control.fakes import FakeDurable, plane_of
from tests.control.stack import stack


async def test_an_app_whose_relay_is_gone_is_alive_and_not_ready(tmp_path):
    async with stack(tmp_path, wrap=relay_gone) as it:
        live = await it.get("health")
        status, told = await it.get("readiness")

    checks = {check["component"]: check for check in told["checks"]}
    assert (live[0], status, told["status"]) == (200, 503, "not_ready")
    assert [name for name, check in checks.items() if check["status"] != "healthy"] == ["relay"]
    assert checks["relay"]["error"] == "the relay does not answer"
    assert "127.0.0.1" not in str(told)


def relay_gone(plane):
    settings = plane.settings.model_copy(update={"relay_base_url": "http://127.0.0.1:1"})
    return replace(plane, settings=settings)


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
