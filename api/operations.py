"""What every door takes and gives, by the name of its route."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from api import answers, inputs
from api.http import KEY
from core import session

JSON = "application/json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """What a door takes and gives. `answers`: a type per status; `problems`: its refusals.

    `others`: media types in which the same answer may be had. `headers`: JSON schemas of those
    that it reads, beside what its access asks for.
    """

    answers: Mapping[int, Any]
    body: Any = None
    query: Any = None
    headers: Mapping[str, Mapping[str, Any]] | None = None
    problems: tuple[int, ...] = ()
    media_type: str = JSON
    others: tuple[str, ...] = ()


IDEMPOTENCY = {"Idempotency-Key": {"type": "string", "pattern": f"^{KEY.pattern}$"}}
NOTHING = Operation(answers={200: None})
WAV = Operation(answers={200: bytes}, problems=(404,), media_type="audio/wav")
HANG_UP = Operation(
    body=inputs.HangUpOrder, answers={202: answers.Terminating}, problems=(400, 404, 409, 413)
)
TURN = Operation(answers={200: answers.CampaignLine}, problems=(404, 409))
HEALTH = Operation(answers={200: answers.Health})
READINESS = Operation(answers={200: answers.Readiness, 503: answers.Readiness})
OPERATIONS: dict[str, Operation] = {
    # The carrier's own format: `core.acs_events` reads it.
    "callbacks": Operation(
        body=list[Mapping[str, Any]], answers={200: None}, problems=(400, 401, 403, 404, 413)
    ),
    "open_session": Operation(
        body=session.OpenSession, answers={200: session.Session}, problems=(400, 401, 404, 409, 413)
    ),
    "report": Operation(
        body=session.Report,
        answers={200: session.Acknowledged},
        headers={"x-session-token": {"type": "string"}},
        problems=(400, 401, 404, 413),
    ),
    "heartbeat": Operation(
        body=session.Heartbeat, answers={200: session.Directives}, problems=(400, 401, 413)
    ),
    "list_calls": Operation(
        query=inputs.CallsQuery, answers={200: answers.CallPage}, problems=(400,)
    ),
    "initiate": Operation(
        body=inputs.OutboundOrder,
        answers={202: answers.Initiated},
        headers=IDEMPOTENCY,
        problems=(400, 403, 409, 413, 429, 502),
    ),
    "terminate_by_body": HANG_UP,
    "get_call": Operation(answers={200: answers.CallShown}, problems=(404,)),
    "get_transcript": Operation(
        answers={200: answers.Transcript}, problems=(404,), others=("text/markdown",)
    ),
    "get_recording": Operation(
        answers={200: bytes, 206: bytes},
        headers={"Range": {"type": "string"}},
        problems=(400, 404, 416),
        media_type="audio/wav",
    ),
    "get_log": Operation(
        query=inputs.LogQuery, answers={200: answers.LogPage}, problems=(400, 404)
    ),
    "hang_up": HANG_UP,
    "terminate": HANG_UP,
    "whisper": Operation(
        body=inputs.WhisperOrder, answers={202: answers.Whispering}, problems=(400, 404, 409, 413)
    ),
    "take_over": Operation(
        body=inputs.TakeOverOrder,
        answers={202: answers.TakingOver},
        problems=(400, 403, 404, 409, 413),
    ),
    "approvals": Operation(
        query=inputs.ApprovalsQuery, answers={200: answers.ApprovalPage}, problems=(400,)
    ),
    "decide": Operation(
        body=inputs.ApprovalOrder,
        answers={200: answers.ApprovalShown},
        problems=(400, 404, 409, 413),
    ),
    "promised_calls": Operation(
        query=inputs.CallbacksQuery, answers={200: answers.CallbackPage}, problems=(400,)
    ),
    "cancel": Operation(answers={200: answers.CallbackShown}, problems=(404, 409)),
    "start_campaign": Operation(
        body=inputs.CampaignOrder,
        answers={201: answers.CampaignLine},
        headers=IDEMPOTENCY,
        problems=(400, 403, 409, 413),
    ),
    "campaigns": Operation(
        query=inputs.CampaignsQuery, answers={200: answers.CampaignPage}, problems=(400,)
    ),
    "get_campaign": Operation(
        query=inputs.TargetsQuery, answers={200: answers.CampaignShown}, problems=(400, 404)
    ),
    "pause_campaign": TURN,
    "resume_campaign": TURN,
    "cancel_campaign": TURN,
    "agents": Operation(answers={200: answers.AgentList}),
    "tools": Operation(answers={200: answers.ToolList}),
    "scenarios": Operation(answers={200: answers.ScenarioList}),
    "scenario": Operation(answers={200: answers.ScenarioShown}, problems=(404,)),
    "prompt": WAV,
    "openapi": Operation(answers={200: Mapping[str, Any]}),
    "health": HEALTH,
    "health_v1": HEALTH,
    "readiness": READINESS,
    "readiness_v1": READINESS,
}
