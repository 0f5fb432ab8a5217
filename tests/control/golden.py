"""Histories of whole calls, as the local host wrote them: what newer code must still replay.

`python -m tests.control.golden` plays a call and writes its history anew. Do that only for an
orchestrator that no live call runs any more: a changed one gets a new name.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from pathlib import Path
from typing import Any

from azure.durable_functions.models import DurableOrchestrationContext
from azure.durable_functions.orchestrator import Orchestrator

from core import facts as f
from localdev.acs_simulator import Behaviour, Manner
from orchestrators.call import run_call
from tests.control.stack import CALLED, CALLER, DESK, stack

FILE = Path(__file__).with_name("golden_call.json")


async def record(tmp_path: Path) -> dict[str, Any]:
    """Play a call with a failed transfer and a hang-up; return its history and output."""
    async with stack(tmp_path) as it:
        it.simulator.numbers[DESK] = Behaviour(manner=Manner.BUSY)
        call = await it.simulator.ring(from_=CALLER, to=CALLED)
        session = await it.relay.session()
        await call.until("connected")
        wish = f.TransferRequested(request_id="t1", target="call_center")
        await it.relay.report(session, wish)
        await call.timeline.wait_for("event", type="CallTransferFailed")
        await it.host.engine.settled()
        await it.relay.report(session, f.HangUpRequested(by="agent", reason="done"))
        await it.over(session.call_id)
        found = it.host.engine.status(session.call_id)
        assert found is not None
        history = it.host.engine.history(session.call_id)
        return {"call_id": session.call_id, "history": history, "output": found.output}


def replay(call_id: str, history: list[dict[str, Any]]) -> dict[str, Any]:
    """Run the orchestrator over a history; return what the SDK answers to the extension."""
    started = next(event for event in history if event["EventType"] == 0)
    body = {
        "history": history,
        "instanceId": call_id,
        "isReplaying": False,
        "parentInstanceId": None,
        "input": json.loads(started["Input"]),
        "upperSchemaVersion": 1,
        "upperSchemaVersionNew": 2,
    }
    context = DurableOrchestrationContext.from_json(json.dumps(body))
    answer: dict[str, Any] = json.loads(Orchestrator(run_call).handle(context))
    return answer


def activities(actions: Any) -> list[tuple[str, str]]:
    """Return every activity an answer asks for, in order, with its input."""
    if isinstance(actions, list):
        return [each for action in actions for each in activities(action)]
    if "compoundActions" in actions:
        return activities(actions["compoundActions"])
    return [(actions["functionName"], actions["input"])] if actions["actionType"] == 0 else []


if __name__ == "__main__":
    recorded = asyncio.run(record(Path(tempfile.mkdtemp())))
    FILE.write_text(json.dumps(recorded, indent=1) + "\n")
