"""A chat completions server that answers from a script, in every shape the real ones use."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Literal, assert_never

from aiohttp import web

PATHS = (
    "/v1/chat/completions",
    "/openai/v1/chat/completions",
    "/openai/deployments/{deployment}/chat/completions",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A tool call of a reply. `arguments` is sent as it is, in fragments of `fragment` letters."""

    name: str
    arguments: str = "{}"
    id: str = "call_1"
    fragment: int = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One answer: words and tool calls as they stream, or what goes wrong instead.

    `status` other than 200 is an error response. `stop_after`: chunks after which the server
    hangs, drops the connection or sends what is no chunk. Waits are in seconds, `drip_s` before
    each chunk. `filters`: as Azure's asynchronous filter, chunks with results but no delta.
    `thinks`: reasoning text, as servers at home send it. `bare`: a chunk without `choices` first.
    `one_index`: calls come whole, each as the first, as older servers at home send them.
    """

    text: str = ""
    calls: tuple[Call, ...] = ()
    finish: Literal["stop", "tool_calls", "length", "content_filter", "eos_token"] | None = None
    azure: bool = False
    filters: bool = False
    refusal: str = ""
    thinks: str = ""
    usage: tuple[int, int] = (11, 7)
    cached: int = 0
    reasoning: int = 0
    status: int = 200
    code: str = ""
    param: str = ""
    retry_after_ms: int | None = None
    retry_after_s: int | None = None
    stop_after: int | None = None
    then: Literal["hang", "drop", "error_event", "end", "broken_json", "no_object"] = "hang"
    wait_s: float = 0.0
    drip_s: float = 0.0
    bare: bool = False
    one_index: bool = False


@dataclass(slots=True)
class Seen:
    """One request as it came. `peer`: address and port of the connection's other end."""

    path: str
    headers: Mapping[str, str]
    body: dict[str, Any]
    retry: int = 0
    peer: object = None
    disconnected: asyncio.Event = field(default_factory=asyncio.Event)


class ChatEmulator:
    """Runs on a free port of the loopback while used as a context; `requests` holds what came.

    Give a list of replies, or a function of the request's body.
    """

    def __init__(self, replies: Sequence[Reply] | Callable[[dict[str, Any]], Reply]) -> None:
        self.requests: list[Seen] = []
        self.url = ""
        self._replies = replies if callable(replies) else list(replies)
        self._runner: web.AppRunner | None = None
        self._released = asyncio.Event()

    async def __aenter__(self) -> ChatEmulator:
        app = web.Application()
        for path in PATHS:
            app.router.add_post(path, self._complete)
        self._runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._released.set()
        if self._runner is not None:
            await self._runner.cleanup()

    async def _complete(self, request: web.Request) -> web.StreamResponse:
        seen = Seen(
            path=request.path,
            headers=dict(request.headers),
            body=await request.json(),
            peer=request.transport and request.transport.get_extra_info("peername"),
            retry=int(request.headers.get("x-stainless-retry-count", 0)),
        )
        self.requests.append(seen)
        reply = self._replies(seen.body) if callable(self._replies) else self._replies.pop(0)
        try:
            await self._pause(reply.wait_s)
        except asyncio.CancelledError:
            seen.disconnected.set()
            raise
        if reply.status != 200:
            return _refusal(reply)
        if not seen.body.get("stream"):
            return web.json_response(whole(reply, seen.body.get("model", "")))
        return await self._stream(request, reply, seen)

    async def _pause(self, seconds: float) -> None:
        """Let time pass, as long as anybody uses the server."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._released.wait(), seconds or 1e-9)

    async def _stream(self, request: web.Request, reply: Reply, seen: Seen) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        usage = bool(seen.body.get("stream_options", {}).get("include_usage"))
        sent = 0
        try:
            for chunk in chunks_of(reply, seen.body.get("model", ""), usage=usage):
                if sent == reply.stop_after:
                    return await self._misbehave(request, response, reply)
                if reply.drip_s:
                    await self._pause(reply.drip_s)
                await response.write(_event(chunk))
                sent += 1
            await response.write(b"data: [DONE]\n\n")
        except (ConnectionResetError, asyncio.CancelledError):
            seen.disconnected.set()
            raise
        return response

    async def _misbehave(
        self, request: web.Request, response: web.StreamResponse, reply: Reply
    ) -> web.StreamResponse:
        match reply.then:
            case "hang":
                await self._released.wait()
            case "drop":
                if request.transport is not None:
                    request.transport.abort()
            case "error_event":
                error = {"message": "secret prompt", "type": "server_error", "code": "server_error"}
                await response.write(_event({"error": error}))
            case "broken_json":
                await response.write(b'data: {"id": "chatcmpl-1", "choices": [{"del\n\n')
            case "no_object":
                await response.write(b'data: {"choices": ["secret", 1]}\n\n')
            case "end":
                await response.write_eof()
            case _:
                assert_never(reply.then)
        return response


def chunks_of(reply: Reply, model: str, *, usage: bool) -> list[dict[str, Any]]:
    """Return a reply as the chunks a server sends, without the final `[DONE]`."""
    chunks: list[dict[str, Any]] = []
    if reply.azure:
        safe = {"hate": {"filtered": False, "severity": "safe"}}
        filters = [{"prompt_index": 0, "content_filter_results": safe}]
        chunks.append(_chunk(model, [], prompt_filter_results=filters))
    if reply.bare:
        chunks.append({"id": "chatcmpl-1", "object": "chat.completion.chunk", "model": model})
    chunks.append(_choice(model, {"role": "assistant", "content": ""}))
    if reply.thinks:
        chunks.append(_choice(model, {"reasoning_content": reply.thinks}))
    words = reply.text.replace(" ", " \0").split("\0")
    chunks.extend(_choice(model, {"content": word}) for word in words if word)
    if reply.refusal:
        chunks.append(_choice(model, {"refusal": reply.refusal}))
    if reply.filters:
        offsets = {"check_offset": 0, "start_offset": 0, "end_offset": len(reply.text)}
        results = {"hate": {"filtered": False, "severity": "safe"}}
        judged = {"content_filter_offsets": offsets, "content_filter_results": results}
        chunks.append(_chunk(model, [{"index": 0, "finish_reason": None, **judged}]))
    whole_calls = [_opened(0, call, arguments=call.arguments) for call in reply.calls]
    parts = whole_calls if reply.one_index else _fragments(reply.calls)
    chunks.extend(_choice(model, {"tool_calls": [part]}) for part in parts)
    finish = reply.finish or ("tool_calls" if reply.calls else "stop")
    chunks.append(_choice(model, {}, finish))
    if usage:
        asked, answered = reply.usage
        counts = {
            "prompt_tokens": asked,
            "completion_tokens": answered,
            "total_tokens": asked + answered,
            "prompt_tokens_details": {"cached_tokens": reply.cached},
            "completion_tokens_details": {"reasoning_tokens": reply.reasoning},
        }
        chunks.append(_chunk(model, [], usage=counts))
    return chunks


def whole(reply: Reply, model: str) -> dict[str, Any]:
    """Return a reply that is not streamed."""
    message = {"role": "assistant", "content": reply.text}
    choice = {"index": 0, "message": message, "finish_reason": reply.finish or "stop"}
    return {**_chunk(model, []), "object": "chat.completion", "choices": [choice]}


def _fragments(calls: Sequence[Call]) -> list[dict[str, Any]]:
    """Return parallel calls as servers interleave them: names first, then arguments by index."""
    parts = [_opened(index, call, arguments="") for index, call in enumerate(calls)]
    longest = max((len(call.arguments) for call in calls), default=0)
    for at in range(0, longest):
        for index, call in enumerate(calls):
            if at % call.fragment == 0 and at < len(call.arguments):
                text = call.arguments[at : at + call.fragment]
                parts.append({"index": index, "function": {"arguments": text}})
    return parts


def _opened(index: int, call: Call, *, arguments: str) -> dict[str, Any]:
    function = {"name": call.name, "arguments": arguments}
    return {"index": index, "id": call.id, "type": "function", "function": function}


def _choice(model: str, delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    return _chunk(model, [{"index": 0, "delta": delta, "finish_reason": finish}])


def _chunk(model: str, choices: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": model,
        "choices": choices,
        **more,
    }


def _event(data: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(data).encode() + b"\n\n"


def _refusal(reply: Reply) -> web.Response:
    headers = {}
    if reply.retry_after_ms is not None:
        headers["retry-after-ms"] = str(reply.retry_after_ms)
    if reply.retry_after_s is not None:
        headers["retry-after"] = str(reply.retry_after_s)
    error: dict[str, Any] = {
        "message": "secret prompt",
        "type": "error",
        "code": reply.code or None,
        "param": reply.param or None,
    }
    if reply.code == "content_filter":
        results = {"hate": {"filtered": True, "severity": "high"}}
        inner = {"code": "ResponsibleAIPolicyViolation", "content_filter_result": results}
        error |= {"innererror": inner, "status": 400}
    return web.json_response({"error": error}, status=reply.status, headers=headers)
