"""A telephone that rings through Event Grid, as it is delivered to the real Function."""

import pytest

from core import facts as f
from tests.control.stack import CALLED, CALLER, stack


@pytest.mark.parametrize("faults", [[], ["eg_cloudevents"]])
async def test_a_call_is_offered_in_either_schema_to_an_app_behind_keys(tmp_path, faults):
    async with stack(tmp_path, function_key="a-key-of-the-tests") as it:
        call = await it.simulator.ring(from_=CALLER, to=CALLED, faults=faults)
        session = await it.relay.session()
        await it.relay.report(session, f.HangUpRequested(by="agent"))
        await it.over(session.call_id)
        stored = await it.plane.store.call(session.call_id)

    delivered = [entry.facts["status"] for entry in call.timeline.of("grid_delivery")]
    assert (delivered, stored.record["outcome"]) == ([202], "completed")
