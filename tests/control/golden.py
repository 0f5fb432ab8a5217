"""Histories of whole calls, as the local host wrote them: what newer code must still replay.

`python -m tests.control.golden transfer` plays one and writes its history anew. Do that only for an
orchestrator that no live call runs any more: a changed one gets a new name.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from azure.durable_functions.models import DurableOrchestrationContext
from azure.durable_functions.orchestrator import Orchestrator

from core import facts as f
from core.promises import promise_id
from localdev.acs_simulator import Behaviour, Manner
from orchestrators.call import run_call
from orchestrators.promise import run_promise
from tests.control.fakes import MemoryBlobs
from tests.control.stack import CALLED, CALLER, DESK, stack

WORDS = "a lost credit card"
FILE = Path(__file__).with_name("golden_call.json")
TRANSFER = Path(__file__).with_name("golden_transfer.json")
APPROVAL = Path(__file__).with_name("golden_approval.json")
WRAP_UP = Path(__file__).with_name("golden_wrap_up.json")
CALLBACK = Path(__file__).with_name("golden_callback.json")
CAMPAIGN = Path(__file__).with_name("golden_campaign.json")
OUTBOUND = {
    "OUTBOUND_ENABLED": "true",
    "OUTBOUND_ALLOWED_PREFIXES": "+1555",
    "CALLBACK_HOURS": "0-24",
}
PERSON = f.AnsweredBy(who="person", by="words")


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
        await it.settled()
        await it.relay.report(session, f.HangUpRequested(by="agent", reason="done"))
        await it.over(session.call_id)
        found = it.host.engine.status(session.call_id)
        assert found is not None
        history = it.host.engine.history(session.call_id)
        return {"call_id": session.call_id, "history": history, "output": found.output}


async def record_approval(tmp_path: Path) -> dict[str, Any]:
    """Ask a person in a call and let them deny; return the approval's history and output."""
    async with stack(tmp_path) as it:
        call = await it.simulator.ring(from_=CALLER, to=CALLED)
        session = await it.relay.session()
        await call.until("connected")
        asked = f.ApprovalRequested(request_id="r1", tool="refund_fee", subject="a refund")
        await it.relay.report(session, asked)
        await it.settled()
        approval = promise_id(session.call_id, "approval", "r1")
        await it.post(f"api/v1/approvals/{approval}", json={"decision": "deny", "name": "Kim"})
        found = await it.host.engine.wait(approval)
        history = it.host.engine.history(approval)
        return {"call_id": approval, "history": history, "output": found.output}


async def record_wrap_up(tmp_path: Path) -> dict[str, Any]:
    """Wrap up a short call, one step of which fails at first; return history and output."""
    blobs = Stumbling()
    async with stack(tmp_path, wrap=lambda plane: replace(plane, blobs=blobs)) as it:
        call = await it.simulator.ring(from_=CALLER, to=CALLED)
        session = await it.relay.session()
        await call.until("connected")
        await it.relay.report(session, f.CallerSaid(turn=1, text="I want my fee back."))
        call.hang_up()
        await it.over(session.call_id)
        wrapped = f"{session.call_id}:wrap_up"
        found = await it.host.engine.wait(wrapped)
        history = it.host.engine.history(wrapped)
        return {"call_id": wrapped, "history": history, "output": found.output}


class Stumbling(MemoryBlobs):
    """Blobs that lose the first file for analysis."""

    async def put(self, name: str, content: bytes, content_type: str) -> None:
        first = name not in self.files
        await super().put(name, content, content_type)
        if first and name.startswith("analysis/"):
            raise OSError("the blobs are away")


async def record_transfer(tmp_path: Path) -> dict[str, Any]:
    """Announce a transfer that fails; return the transfer's history and output."""
    desk = {"to": DESK, "announcement": "I connect you now.", "headers": {"User-To-User": WORDS}}
    async with stack(tmp_path, TRANSFER_TARGETS=json.dumps({"call_center": desk})) as it:
        it.simulator.numbers[DESK] = Behaviour(manner=Manner.BUSY)
        call = await it.simulator.ring(from_=CALLER, to=CALLED)
        session = await it.relay.session()
        await call.until("connected")
        wish = f.TransferRequested(request_id="t1", target="call_center", summary=WORDS)
        await it.relay.report(session, wish)
        transfer = promise_id(session.call_id, "transfer", "t1")
        await it.host.engine.wait_until(transfer, lambda found: found.status == "Running")
        await it.settled()
        await it.relay.report(session, f.TransferAnnounced(request_id="t1"))
        found = await it.host.engine.wait(transfer)
        history = it.host.engine.history(transfer)
        return {"call_id": transfer, "history": history, "output": found.output}


async def record_callback(tmp_path: Path) -> dict[str, Any]:
    """Promise a call, make it when it is due, and find that it was answered."""
    async with stack(tmp_path, **OUTBOUND) as it:
        call = await it.simulator.ring(from_=CALLER, to=CALLED)
        session = await it.relay.session()
        await call.until("connected")
        due = it.plane.clock() + 2
        wish = f.CallbackRequested(request_id="r1", at=due, agent="BankingConcierge", topic=WORDS)
        await it.relay.report(session, wish)
        call.hang_up()
        await it.relay.report(await it.relay.session(2), PERSON)
        callback = promise_id(session.call_id, "callback", "r1")
        found = await it.host.engine.wait(callback)
        history = it.host.engine.history(callback)
        return {"call_id": callback, "history": history, "output": found.output}


async def record_campaign(tmp_path: Path) -> dict[str, Any]:
    """Call two people one after the other, with a pause in between."""
    async with stack(tmp_path, **OUTBOUND) as it:
        it.simulator.numbers[CALLER] = Behaviour(manner=Manner.BUSY)
        targets = [{"number": CALLER}, {"number": DESK, "topic": WORDS}]
        order = {"name": "a", "targets": targets, "concurrency": 1, "attempts": 1}
        _, started = await it.post("api/v1/campaigns", json=order)
        where = f"api/v1/campaigns/{started['id']}"
        await it.post(f"{where}/pause")
        await it.settled()
        await it.post(f"{where}/resume")
        session = await it.relay.session()
        await it.relay.report(session, PERSON, f.HangUpRequested(by="agent"))
        found = await it.host.engine.wait(started["id"])
        history = it.host.engine.history(started["id"])
        return {"call_id": started["id"], "history": history, "output": found.output}


def run_callback(context: Any) -> Any:
    """Run the orchestrator of a promised call."""
    return run_promise(context, "review_callback")


def run_campaign(context: Any) -> Any:
    """Run the orchestrator of a campaign."""
    return run_promise(context, "review_campaign", lives=100)


def run_transfer(context: Any) -> Any:
    """Run the orchestrator of a transfer."""
    return run_promise(context, "review_transfer")


def run_approval(context: Any) -> Any:
    """Run the orchestrator of an approval."""
    return run_promise(context, "review_approval")


def replay(
    call_id: str, history: list[dict[str, Any]], orchestrator: Any = run_call
) -> dict[str, Any]:
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
    answer: dict[str, Any] = json.loads(Orchestrator(orchestrator).handle(context))
    return answer


def activities(actions: Any) -> list[tuple[str, str]]:
    """Return every activity an answer asks for, in order, with its input."""
    if isinstance(actions, list):
        return [each for action in actions for each in activities(action)]
    if "compoundActions" in actions:
        return activities(actions["compoundActions"])
    return [(actions["functionName"], actions["input"])] if actions["actionType"] == 0 else []


RECORDINGS = {
    "call": (FILE, record),
    "approval": (APPROVAL, record_approval),
    "transfer": (TRANSFER, record_transfer),
    "wrap_up": (WRAP_UP, record_wrap_up),
    "callback": (CALLBACK, record_callback),
    "campaign": (CAMPAIGN, record_campaign),
}

if __name__ == "__main__":
    for file, play in (RECORDINGS[name] for name in sys.argv[1:]):
        recorded = asyncio.run(play(Path(tempfile.mkdtemp())))
        file.write_text(json.dumps(recorded, indent=1) + "\n")
