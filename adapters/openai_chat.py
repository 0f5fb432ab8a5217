"""How a chat request becomes an OpenAI completion and its stream our events, on any such server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, cast

from adapters.entra import EntraTokens
from adapters.openai_messages import (
    shortened,
    wire_messages,
    wire_options,
    wire_tools,
    without_refused,
)
from adapters.openai_reply import Reply, error_of, is_filtered, readable, refused_option
from adapters.openai_schema import SchemaReply, explained, response_format
from core.chat import Addressee, ChatEvent, ChatRequest, Finished, TextDelta, ToolCalled, UserSaid
from core.errors import Cause, EngineError, EngineFailed
from core.served import Working
from core.sound_text import sound_text

if TYPE_CHECKING:
    import httpx2
    from openai import AsyncOpenAI, AsyncStream

type ApiKey = str | Callable[[], Awaitable[str]]

_WORKING = Working()
_NEEDED = {"model", "messages", "stream", "tools", "response_format"}
_PREPARE_S = 20.0
_CONNECTIONS = 500
# A caller listens and speaks for longer than the 5 s after which the package would close a
# connection, and a new one costs two or three round trips.
_KEPT_OPEN_S = 120.0
_PATIENCE_S = 1.5
"""A service that asks for more time than this has refused: a caller waits, or somebody else can."""


def azure_base_url(endpoint: str) -> str:
    """Return the base URL of Azure OpenAI's v1 surface, which takes no `api-version`."""
    return f"{endpoint.rstrip('/')}/openai/v1/"


class OpenAIChat:
    """Thinks with a chat completions endpoint: OpenAI, Azure OpenAI v1 or a compatible server.

    `api_key` may be an async function that returns a fresh Entra token. `model` is used where an
    agent names no deployment, and always if `one_model`: servers at home have just one.
    `first_token_s` bounds the wait for the first chunk with anything of the reply in it, be it a
    thought or a part of a tool call, `next_token_s` for each other.
    `tools`: `json_schema` for models that know no tools. `prepares`: whether `prepare` sends what
    a call's requests begin with. `provider`: who that is, in the words of OpenTelemetry.
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
        tools: Literal["native", "json_schema"] = "native",
        prepares: bool = False,
        provider: str = "openai",
    ) -> None:
        self._api_key = api_key
        self._base_url = base_url
        self._model = model
        self._one_model = one_model
        self._first_token_s = first_token_s
        self._next_token_s = next_token_s
        self._retries = retries
        self._tools = tools
        self._prepares = prepares
        self._provider = provider
        self._refused: dict[str, set[str]] = {}  # options that a model has refused
        self._connected: AsyncOpenAI | None = None

    async def stream(self, request: ChatRequest) -> AsyncGenerator[ChatEvent]:
        """Yield the reply as it comes, `Working` for what of it cannot be told yet.

        Raises `EngineFailed`.

        A prompt that the service's filter refuses is a reply without words: `Finished` says so.
        A tool call whose arguments are no JSON object, or anything that cannot be read, is a
        damaged reply: cause `lost`, since asking again may help. A call cut short by the token
        limit is dropped.
        """
        import openai

        try:
            async with aclosing(self._events(request)) as events:
                async for event in events:
                    yield event
        except openai.OpenAIError as error:
            if not is_filtered(error):
                raise EngineFailed(error_of(error)) from error
            yield Finished(reason="content_filter", filtered="prompt")
        except TimeoutError as error:
            failure = EngineError(cause=Cause.TIMEOUT, detail="the model did not answer in time")
            raise EngineFailed(failure) from error

    def addressee(self, request: ChatRequest) -> Addressee:
        """Return whom this request goes to."""
        return Addressee(provider=self._provider, model=self._model_for(request))

    async def prepare(self, request: ChatRequest) -> None:
        """Let the server read what the next requests begin with, so that the first one is fast.

        One token is asked for and thrown away. What goes wrong is said when it matters.
        """
        import openai

        if not self._prepares:
            return
        body = shortened(self._body(replace(request, messages=(UserSaid(text="Hello."),))))
        with suppress(openai.OpenAIError, EngineFailed, TimeoutError), readable():
            async with asyncio.timeout(_PREPARE_S):
                await self._asked(body)

    async def warm(self) -> None:
        """Import what a request needs and make the client, 1 s of work, in a thread."""
        # Without the caller's context, in which a loop is running.
        await asyncio.get_running_loop().run_in_executor(None, self._load)

    async def aclose(self) -> None:
        """Close the connections."""
        client, self._connected = self._connected, None
        if client is not None:
            await client.close()
        if isinstance(self._api_key, EntraTokens):
            await self._api_key.aclose()

    async def _events(self, request: ChatRequest) -> AsyncGenerator[ChatEvent]:
        loop = asyncio.get_running_loop()
        body = self._body(request)
        async with asyncio.timeout(self._first_token_s) as patience:
            with readable():
                stream = cast("AsyncStream[Any]", await self._asked(body))
        reply = SchemaReply() if self._in_schema(request) else Reply()
        try:
            deadline = patience.when() or loop.time()
            while True:
                # The wait ends before the event is yielded: how long it is used is not ours.
                async with asyncio.timeout_at(deadline):
                    chunk = await _next(stream)
                if chunk is None:
                    break
                with readable():
                    text = sound_text(reply.take(chunk))
                if text or reply.working:
                    yield TextDelta(text=text) if text else _WORKING
                    deadline = loop.time() + self._next_token_s
        finally:
            # Closing tells the server to stop: tokens nobody hears cost money.
            await stream.close()
        with readable():
            text, calls = sound_text(reply.rest()), reply.tool_calls()
            end = reply.finished(calls=bool(calls))
        if text:
            yield TextDelta(text=text)
        for call in calls:
            yield ToolCalled(call=call)
        yield end

    async def _asked(self, body: dict[str, Any]) -> object:
        """Send a request; again without an option that this model turns out not to take."""
        import openai

        refused = self._refused.setdefault(body["model"], set())
        while True:
            taken = without_refused(body, refused)
            try:
                return await self._client().chat.completions.create(**taken)
            except openai.BadRequestError as error:
                option = refused_option(error, taken.keys() - _NEEDED)
                if not option:
                    raise
                refused.add(option)

    def _body(self, request: ChatRequest) -> dict[str, Any]:
        wanted = request.agent.model
        model = self._model_for(request)
        in_schema = self._in_schema(request)
        told = explained(request) if in_schema else request
        body: dict[str, Any] = {
            "model": model,
            "messages": wire_messages(told),
            "stream": True,
            "stream_options": {"include_usage": True},
            **wire_options(wanted, model),
        }
        if in_schema:
            body["response_format"] = response_format(request.tools)
        elif request.tools:
            body["tools"] = wire_tools(request.tools)
        return body

    def _model_for(self, request: ChatRequest) -> str:
        return ("" if self._one_model else request.agent.model.deployment_id) or self._model

    def _in_schema(self, request: ChatRequest) -> bool:
        return self._tools == "json_schema" and bool(request.tools)

    def _load(self) -> None:
        import anyio

        _ = self._client().chat.completions
        anyio.run(anyio.sleep, 0)  # its part for asyncio is imported when it is first used: 90 ms

    def _client(self) -> AsyncOpenAI:
        if self._connected is None:
            # The package takes 0.5 s to import; who thinks elsewhere should not pay for it.
            import httpx2
            import openai

            limits = httpx2.Limits(max_connections=_CONNECTIONS, keepalive_expiry=_KEPT_OPEN_S)
            self._connected = openai.AsyncOpenAI(
                api_key=self._api_key,
                base_url=self._base_url,
                max_retries=self._retries,
                timeout=self._first_token_s + self._next_token_s,
                http_client=openai.DefaultAsyncHttpx2Client(
                    limits=limits, event_hooks={"response": [_ask_no_more]}
                ),
            )
        return self._connected


async def _ask_no_more(response: httpx2.Response) -> None:
    """Keep the package from waiting as long as a busy service asks for, up to two minutes."""
    for header, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        with suppress(KeyError, ValueError):  # absent, or a date
            if float(response.headers[header]) * unit > _PATIENCE_S:
                response.headers["x-should-retry"] = "false"


async def _next(stream: AsyncStream[Any]) -> Any:
    """Return the next chunk, None after the last.

    Raises `EngineFailed` if the line breaks or brings what is no chunk.
    """
    import openai

    try:
        with readable():
            return await anext(stream, None)
    except openai.APITimeoutError:
        raise
    except openai.APIConnectionError as error:
        # Not `unavailable`: the server was there and a part of the reply is.
        failure = EngineError(cause=Cause.LOST, detail="the reply broke off")
        raise EngineFailed(failure) from error
