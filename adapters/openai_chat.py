"""How a chat request becomes an OpenAI completion and its stream our events, on any such server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, cast

from adapters.entra import EntraTokens
from adapters.openai_messages import wire_messages, wire_options, wire_tools
from core.chat import ChatEvent, ChatRequest, Finished, TextDelta, ToolCalled
from core.errors import Cause, EngineError, EngineFailed
from core.tools import ToolCall

if TYPE_CHECKING:
    from openai import AsyncOpenAI, AsyncStream

type ApiKey = str | Callable[[], Awaitable[str]]

_REASONS = ("stop", "tool_calls", "length", "content_filter")


def azure_base_url(endpoint: str) -> str:
    """Return the base URL of Azure OpenAI's v1 surface, which takes no `api-version`."""
    return f"{endpoint.rstrip('/')}/openai/v1/"


@dataclass(slots=True)
class _PartialCall:
    """A tool call while its fragments arrive."""

    id: str = ""
    name: str = ""
    arguments: str = ""


class OpenAIChat:
    """Thinks with a chat completions endpoint: OpenAI, Azure OpenAI v1 or a compatible server.

    `api_key` may be an async function that returns a fresh Entra token. `model` is used where an
    agent names no deployment, and always if `one_model`: servers at home have just one.
    `first_token_s` bounds the wait for the first useful chunk, `next_token_s` for each other.
    """

    def __init__(
        self,
        *,
        api_key: ApiKey,
        model: str,
        base_url: str | None = None,
        one_model: bool = False,
        first_token_s: float = 8.0,
        next_token_s: float = 8.0,
        retries: int = 1,
    ) -> None:
        self._api_key = api_key
        self._base_url = base_url
        self._model = model
        self._one_model = one_model
        self._first_token_s = first_token_s
        self._next_token_s = next_token_s
        self._retries = retries
        self._connected: AsyncOpenAI | None = None

    async def stream(self, request: ChatRequest) -> AsyncGenerator[ChatEvent]:
        """Yield the reply as it comes. Raises `EngineFailed`.

        A tool call whose arguments are no JSON object is a damaged reply: cause `lost`, since
        asking again may help. One cut short by the token limit is dropped.
        """
        import openai

        try:
            async with aclosing(self._events(request)) as events:
                async for event in events:
                    yield event
        except openai.OpenAIError as error:
            raise EngineFailed(error_of(error)) from error
        except TimeoutError as error:
            failure = EngineError(cause=Cause.TIMEOUT, detail="the model did not answer in time")
            raise EngineFailed(failure) from error

    async def warm(self) -> None:
        """Import the package and make the client, 1 s of work, in a thread."""
        await asyncio.to_thread(lambda: self._client().chat.completions)

    async def aclose(self) -> None:
        """Close the connections."""
        client, self._connected = self._connected, None
        if client is not None:
            await client.close()
        if isinstance(self._api_key, EntraTokens):
            await self._api_key.aclose()

    async def _events(self, request: ChatRequest) -> AsyncGenerator[ChatEvent]:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(self._first_token_s) as patience:
            stream = await self._client().chat.completions.create(**self._body(request))
        reply = _Reply()
        try:
            deadline = patience.when() or loop.time()
            while True:
                # The wait ends before the event is yielded: how long it is used is not ours.
                async with asyncio.timeout_at(deadline):
                    chunk = await _next(stream)
                if chunk is None:
                    break
                text = reply.take(chunk)
                if text or reply.begun:
                    deadline = loop.time() + self._next_token_s
                if text:
                    yield TextDelta(text=text)
                    deadline = loop.time() + self._next_token_s
        finally:
            # Closing tells the server to stop: tokens nobody hears cost money.
            await stream.close()
        for call in reply.tool_calls():
            yield ToolCalled(call=call)
        yield reply.finished()

    def _body(self, request: ChatRequest) -> dict[str, Any]:
        wanted = request.agent.model
        chosen = "" if self._one_model else wanted.deployment_id
        body: dict[str, Any] = {
            "model": chosen or self._model,
            "messages": wire_messages(request),
            "stream": True,
            "stream_options": {"include_usage": True},
            **wire_options(wanted, chosen or self._model),
        }
        if request.tools:
            body["tools"] = wire_tools(request.tools)
        return body

    def _client(self) -> AsyncOpenAI:
        if self._connected is None:
            # The package takes 0.5 s to import; who thinks elsewhere should not pay for it.
            import openai

            self._connected = openai.AsyncOpenAI(
                api_key=self._api_key,
                base_url=self._base_url,
                max_retries=self._retries,
                timeout=self._first_token_s + self._next_token_s,
            )
        return self._connected


async def _next(stream: AsyncStream[Any]) -> Any:
    """Return the next chunk, None after the last. Raises `EngineFailed` if the line breaks."""
    import openai

    try:
        return await anext(stream, None)
    except openai.APITimeoutError:
        raise
    except openai.APIConnectionError as error:
        # Not `unavailable`: the server was there and a part of the reply is.
        failure = EngineError(cause=Cause.LOST, detail="the reply broke off")
        raise EngineFailed(failure) from error


class _Reply:
    """What has streamed in so far. Chunks may have no choices, calls come in fragments by index."""

    def __init__(self) -> None:
        self.begun = False
        self._calls: dict[int, _PartialCall] = {}
        self._reason: str | None = None
        self._usage: Any = None

    def take(self, chunk: Any) -> str:
        """Add a chunk; return its text."""
        self._usage = chunk.usage or self._usage
        if not chunk.choices:
            return ""
        choice = chunk.choices[0]
        self._reason = choice.finish_reason or self._reason
        for fragment in choice.delta.tool_calls or ():
            self.begun = True
            call = self._calls.setdefault(fragment.index, _PartialCall())
            call.id = fragment.id or call.id
            if function := fragment.function:
                call.name += function.name or ""
                call.arguments += function.arguments or ""
        return choice.delta.content or ""

    def tool_calls(self) -> list[ToolCall]:
        """Return the complete calls. Raises `EngineFailed` for damaged ones."""
        if self._reason is None:
            raise EngineFailed(
                EngineError(cause=Cause.LOST, detail="the reply ended without a finish reason")
            )
        if self._reason not in ("stop", "tool_calls"):
            return []
        return [
            ToolCall(
                id=call.id or f"call_{index}",
                name=call.name,
                arguments=_arguments(call.arguments),
            )
            for index, call in sorted(self._calls.items())
        ]

    def finished(self) -> Finished:
        """Return how it ended and what it cost."""
        reason = self._reason if self._reason in _REASONS else "stop"
        if reason == "stop" and self._calls:
            reason = "tool_calls"
        return Finished(
            reason=cast(Literal["stop", "tool_calls", "length", "content_filter"], reason),
            input_tokens=self._usage.prompt_tokens if self._usage else 0,
            output_tokens=self._usage.completion_tokens if self._usage else 0,
        )


def _arguments(text: str) -> Mapping[str, Any]:
    """Return a call's arguments; models leave them empty where a tool has none."""
    try:
        arguments = json.loads(text or "{}")
    except ValueError:
        arguments = None
    if not isinstance(arguments, dict):
        raise EngineFailed(
            EngineError(cause=Cause.LOST, detail="tool arguments are not a JSON object")
        )
    return arguments


def error_of(error: Exception) -> EngineError:
    """Return what an exception of the `openai` package means to a call, without its message.

    Messages of servers quote prompts, so only the class and the service's error code are kept.
    """
    import openai

    code = getattr(error, "code", None)
    detail = f"{type(error).__name__} {code}" if isinstance(code, str) else type(error).__name__
    match error:
        case openai.APITimeoutError():
            cause = Cause.TIMEOUT
        case openai.APIConnectionError():
            cause = Cause.UNAVAILABLE
        case openai.APIStatusError():
            cause = _cause_of_status(error.status_code)
        case _:
            # Among them an error event in mid-stream.
            cause = Cause.LOST
    return EngineError(cause=cause, detail=detail[:100])


def _cause_of_status(status: int) -> Cause:
    if status in (401, 403):
        return Cause.AUTH
    if status == 429:
        return Cause.THROTTLED
    if status == 408:
        return Cause.TIMEOUT
    return Cause.UNAVAILABLE if status >= 500 else Cause.BAD_REQUEST
