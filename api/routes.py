"""Every HTTP door of the app: path, method, handler, and who may use it."""

from __future__ import annotations

import importlib
import json
import logging
from dataclasses import dataclass
from typing import Any

import azure.durable_functions as df
import azure.functions as func

from api.access_levels import Access

log = logging.getLogger("artvoice.api")

bp = df.Blueprint()

NOT_STARTED = json.dumps(
    {
        "type": "about:blank",
        "title": "Service Unavailable",
        "status": 503,
        "detail": "the settings are incomplete; run `artvoice doctor`",
    }
).encode()


@dataclass(frozen=True, slots=True)
class Route:
    """One door. `handler` is `module:function`, imported when the door is first used."""

    name: str
    method: str
    path: str
    access: Access
    handler: str


V1 = "api/v1"
CALL = f"{V1}/calls/{{call_id}}"
CAMPAIGN = f"{V1}/campaigns/{{campaign_id}}"
ROUTES = (
    Route("callbacks", "POST", f"{V1}/calls/callbacks/{{call_id}}/{{secret}}", Access.ACS_TOKEN,
          "api.callbacks:receive"),
    Route("open_session", "POST", f"{CALL}/sessions", Access.RELAY_KEY, "api.relays:open_session"),
    Route("report", "POST", f"{CALL}/events", Access.RELAY_KEY, "api.relays:report"),
    Route("heartbeat", "POST", f"{V1}/relays/{{relay_id}}/heartbeat", Access.RELAY_KEY,
          "api.relays:heartbeat"),
    Route("list_calls", "GET", f"{V1}/calls", Access.FUNCTION_KEY, "api.calls:list_calls"),
    Route("initiate", "POST", f"{V1}/calls/initiate", Access.FUNCTION_KEY, "api.outbound:initiate"),
    Route("terminate_by_body", "POST", f"{V1}/calls/terminate", Access.FUNCTION_KEY,
          "api.calls:hang_up"),
    Route("get_call", "GET", CALL, Access.FUNCTION_KEY, "api.calls:get_call"),
    Route("get_transcript", "GET", f"{CALL}/transcript", Access.FUNCTION_KEY,
          "api.calls:get_transcript"),
    Route("get_recording", "GET", f"{CALL}/recording", Access.FUNCTION_KEY,
          "api.calls:get_recording"),
    Route("get_log", "GET", f"{CALL}/log", Access.FUNCTION_KEY, "api.calls:get_log"),
    Route("hang_up", "POST", f"{CALL}/hangup", Access.FUNCTION_KEY, "api.calls:hang_up"),
    Route("terminate", "POST", f"{CALL}/terminate", Access.FUNCTION_KEY, "api.calls:hang_up"),
    Route("whisper", "POST", f"{CALL}/whisper", Access.FUNCTION_KEY, "api.supervision:whisper"),
    Route("take_over", "POST", f"{CALL}/take-over", Access.FUNCTION_KEY,
          "api.supervision:take_over"),
    Route("approvals", "GET", f"{V1}/approvals", Access.FUNCTION_KEY,
          "api.approvals:list_approvals"),
    Route("decide", "POST", f"{V1}/approvals/{{approval_id}}", Access.FUNCTION_KEY,
          "api.approvals:decide"),
    Route("promised_calls", "GET", f"{V1}/callbacks", Access.FUNCTION_KEY,
          "api.promised_calls:list_callbacks"),
    Route("cancel", "DELETE", f"{V1}/callbacks/{{callback_id}}", Access.FUNCTION_KEY,
          "api.promised_calls:cancel"),
    Route("start_campaign", "POST", f"{V1}/campaigns", Access.FUNCTION_KEY, "api.campaigns:start"),
    Route("campaigns", "GET", f"{V1}/campaigns", Access.FUNCTION_KEY,
          "api.campaigns:list_campaigns"),
    Route("get_campaign", "GET", CAMPAIGN, Access.FUNCTION_KEY, "api.campaigns:get_campaign"),
    Route("pause_campaign", "POST", f"{CAMPAIGN}/pause", Access.FUNCTION_KEY,
          "api.campaigns:pause"),
    Route("resume_campaign", "POST", f"{CAMPAIGN}/resume", Access.FUNCTION_KEY,
          "api.campaigns:resume"),
    Route("cancel_campaign", "POST", f"{CAMPAIGN}/cancel", Access.FUNCTION_KEY,
          "api.campaigns:cancel"),
    Route("agents", "GET", f"{V1}/agents", Access.FUNCTION_KEY, "api.catalog:agents"),
    Route("tools", "GET", f"{V1}/tools", Access.FUNCTION_KEY, "api.catalog:tools"),
    Route("scenarios", "GET", f"{V1}/scenarios", Access.FUNCTION_KEY, "api.catalog:scenarios"),
    Route("scenario", "GET", f"{V1}/scenarios/{{name}}", Access.FUNCTION_KEY,
          "api.catalog:scenario"),
    Route("prompt", "GET", f"{V1}/prompts/{{name}}", Access.PUBLIC, "api.prompts:get_prompt"),
    # Public: it says no more than the code does.
    Route("openapi", "GET", f"{V1}/openapi.json", Access.PUBLIC, "api.openapi:openapi"),
    Route("health", "GET", "health", Access.PUBLIC, "api.health:health"),
    Route("health_v1", "GET", f"{V1}/health", Access.PUBLIC, "api.health:health"),
    Route("readiness", "GET", "readiness", Access.PUBLIC, "api.health:readiness"),
    Route("readiness_v1", "GET", f"{V1}/readiness", Access.PUBLIC, "api.health:readiness"),
)  # fmt: skip


def _door(route: Route) -> None:
    level = func.AuthLevel.ANONYMOUS
    if route.access is Access.FUNCTION_KEY:
        level = func.AuthLevel.FUNCTION

    async def door(req: func.HttpRequest, client: Any) -> func.HttpResponse:
        return await _answer(route, req, client)

    door.__name__ = route.name
    named = bp.function_name(route.name)
    routed = bp.route(route=route.path, methods=[route.method], auth_level=level)
    named(routed(bp.durable_client_input(client_name="client")(door)))


async def _answer(route: Route, req: func.HttpRequest, client: Any) -> func.HttpResponse:
    # Imported here so that the app starts in well under a second.
    from adapters.durable import DurableCalls
    from adapters.plane import plane
    from adapters.settings import SettingsError
    from api import awakening
    from api.access import admit
    from api.http import Problem, Request

    request = Request(
        params=dict(req.route_params),
        query=dict(req.params),
        headers={name.casefold(): value for name, value in req.headers.items()},
        body=req.get_body(),
    )
    module, _, name = route.handler.partition(":")
    try:
        here = plane()
        await admit(route.access, request, here)
        durable = DurableCalls(client)
        if route.access is not Access.PUBLIC:
            await awakening.once(here, durable)
        handler = getattr(importlib.import_module(module), name)
        reply = await handler(request, here, durable)
    except Problem as problem:
        reply = problem.reply()
    except SettingsError as error:
        log.error("the settings are incomplete", extra={"mistakes": str(error)})  # noqa: TRY400
        return func.HttpResponse(NOT_STARTED, status_code=503, mimetype="application/problem+json")
    return func.HttpResponse(
        reply.body,
        status_code=reply.status,
        mimetype=reply.content_type,
        headers={"Cache-Control": "no-store", **reply.headers},
    )


for _route in ROUTES:
    _door(_route)
