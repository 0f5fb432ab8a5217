"""The real `openai` package against a server that streams every shape and every fault."""

import asyncio
from contextlib import aclosing, suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.measured_chat import RequestWatch, watched
from adapters.openai_chat import OpenAIChat, azure_base_url
from adapters.openai_messages import CUT
from adapters.openai_reply import Reply as Streamed
from adapters.openai_reply import readable
from core.agents import AgentSpec, ModelSpec
from core.chat import (
    AgentSaid,
    ChatEvent,
    ChatRequest,
    Finished,
    Note,
    TextDelta,
    ToolCalled,
    ToolReturned,
    ToolsCalled,
    UserSaid,
)
from core.errors import Cause, EngineError, EngineFailed
from core.served import Working
from core.tools import ToolCall, ToolSpec
from localdev.emulators.openai_chat import Call, ChatEmulator, Reply

BALANCE = ToolSpec(
    name="get_balance",
    description="Balance of an account.",
    parameters={"type": "object", "properties": {"account": {"type": "string"}}},
)
ASKED = ChatRequest(
    agent=AgentSpec(name="Bank", prompt=""),
    system="You are a bank.",
    messages=(UserSaid(text="My balance?"),),
    tools=(BALANCE,),
)


def chat_with(server: ChatEmulator, **changes: object) -> OpenAIChat:
    options: dict[str, object] = {
        "api_key": "key",
        "model": "some-model",
        "base_url": f"{server.url}/v1",
        "retries": 0,
        "first_token_s": 60,  # the package is imported meanwhile
        **changes,
    }
    return OpenAIChat(**options)  # type: ignore[arg-type]


async def reply_of(chat: OpenAIChat, request: ChatRequest = ASKED) -> list[ChatEvent]:
    """Return what is told, without the signs of life."""
    try:
        return [e async for e in chat.stream(request) if not isinstance(e, Working)]
    finally:
        await chat.aclose()


async def failure_of(chat: OpenAIChat, request: ChatRequest = ASKED) -> EngineFailed:
    with pytest.raises(EngineFailed) as failed:
        await reply_of(chat, request)
    return failed.value


def text_of(events: list[ChatEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


async def test_a_reply_streams_word_by_word_and_ends_with_its_usage() -> None:
    async with ChatEmulator([Reply(text="You have ten dollars.")]) as server:
        events = await reply_of(chat_with(server))

    assert text_of(events) == "You have ten dollars."
    assert len(events) == 5
    assert events[-1] == Finished(
        reason="stop", input_tokens=11, output_tokens=7, model="some-model"
    )


async def test_a_watched_request_tells_whom_it_went_to_and_what_it_took() -> None:
    requests: list[RequestWatch] = []
    agent = replace(ASKED.agent, model=ModelSpec(deployment_id="gpt-large"))
    async with ChatEmulator([Reply(text="You have ten dollars.")]) as server:
        chat = chat_with(server, provider="azure.ai.openai")
        model = watched(chat, requests.append, asyncio.get_running_loop().time)
        events = [event async for event in model.stream(replace(ASKED, agent=agent))]
        await model.aclose()

    request = requests[0].so_far(1_000.0)
    assert text_of(events) == "You have ten dollars."
    assert (request.to.provider, request.to.model) == ("azure.ai.openai", "gpt-large")
    assert (request.agent, request.error) == ("Bank", "")
    assert request.finished == events[-1]
    assert request.first is not None
    assert request.start < request.first <= request.end


async def test_a_watched_request_that_fails_tells_why() -> None:
    requests: list[RequestWatch] = []
    async with ChatEmulator([Reply(status=503)]) as server:
        chat = chat_with(server)
        model = watched(chat, requests.append, asyncio.get_running_loop().time)
        with pytest.raises(EngineFailed):
            await anext(aiter(model.stream(ASKED)))
        await model.aclose()

    assert requests[0].so_far(0.0).error == "unavailable"
    assert requests[0].so_far(0.0).finished is None


async def test_parallel_tool_calls_come_complete_whatever_fragments_they_had() -> None:
    calls = (
        Call(name="get_balance", arguments='{"account": "checking"}', id="a", fragment=3),
        Call(name="get_balance", arguments='{"account": "savings"}', id="b", fragment=5),
    )

    async with ChatEmulator([Reply(text="Let me look.", calls=calls)]) as server:
        events = await reply_of(chat_with(server))

    assert [event.call for event in events if isinstance(event, ToolCalled)] == [
        ToolCall(id="a", name="get_balance", arguments={"account": "checking"}),
        ToolCall(id="b", name="get_balance", arguments={"account": "savings"}),
    ]
    assert events[-1] == Finished(
        reason="tool_calls", input_tokens=11, output_tokens=7, model="some-model"
    )


async def test_parallel_calls_that_are_all_counted_as_the_first_are_several() -> None:
    calls = (
        Call(name="get_balance", arguments='{"account": "checking"}', id="a"),
        Call(name="get_balance", arguments='{"account": "savings"}', id="b"),
    )

    async with ChatEmulator([Reply(calls=calls, one_index=True)]) as server:
        events = await reply_of(chat_with(server))

    assert [event.call for event in events if isinstance(event, ToolCalled)] == [
        ToolCall(id="a", name="get_balance", arguments={"account": "checking"}),
        ToolCall(id="b", name="get_balance", arguments={"account": "savings"}),
    ]


async def test_an_end_that_a_server_names_in_its_own_way_is_an_end() -> None:
    reply = Reply(calls=(Call(name="get_balance"),), finish="eos_token")

    async with ChatEmulator([reply]) as server:
        called, end = await reply_of(chat_with(server))

    assert isinstance(called, ToolCalled)
    assert isinstance(end, Finished)
    assert end.reason == "tool_calls"


@pytest.mark.parametrize(
    "reply",
    [
        Reply(calls=(Call(name="get_balance", arguments='{"account": "checking"}'),)),
        Reply(text="<think>He wants his balance, I guess.</think>Ten."),
        Reply(thinks="He wants his balance.", text="Ten."),
    ],
    ids=["call", "thought", "reasoning"],
)
async def test_what_cannot_be_told_yet_is_a_sign_of_life(reply: Reply) -> None:
    async with ChatEmulator([reply]) as server:
        chat = chat_with(server)
        events = [event async for event in chat.stream(ASKED)]
        await chat.aclose()

    assert isinstance(events[0], Working)
    assert not isinstance(events[-2], Working)  # the last words, or the call, and the end


async def test_words_alone_are_all_the_life_there_is() -> None:
    async with ChatEmulator([Reply(text="You have ten dollars.", azure=True)]) as server:
        chat = chat_with(server)
        events = [event async for event in chat.stream(ASKED)]
        await chat.aclose()

    assert [type(event) for event in events] == [TextDelta] * 4 + [Finished]


async def test_a_call_that_is_written_for_longer_than_a_reply_may_wait_is_made() -> None:
    call = Call(name="get_balance", arguments='{"account": "checking"}', fragment=1)
    reply = Reply(calls=(call,), drip_s=0.07)  # 27 chunks

    async with ChatEmulator([reply]) as server:
        chat = chat_with(server, first_token_s=1.5, next_token_s=1.5)
        await chat.warm()
        events = await reply_of(chat)

    assert isinstance(events[0], ToolCalled)


async def test_azures_chunks_without_choices_are_no_trouble() -> None:
    async with ChatEmulator([Reply(text="Hello.", azure=True, bare=True)]) as server:
        chat = chat_with(server, base_url=azure_base_url(server.url), model="gpt-4o")
        events = await reply_of(chat)

    assert text_of(events) == "Hello."
    assert server.requests[0].path == "/openai/v1/chat/completions"


async def test_an_entra_token_is_fetched_for_each_request() -> None:
    tokens = iter(("first", "second"))

    async def token() -> str:
        return next(tokens)

    async with ChatEmulator([Reply(text="Hello."), Reply(text="Hello.")]) as server:
        chat = chat_with(server, api_key=token)
        for _ in range(2):
            async with aclosing(chat.stream(ASKED)) as stream:
                async for _event in stream:
                    pass
        await chat.aclose()

    sent = [seen.headers["Authorization"] for seen in server.requests]
    assert sent == ["Bearer first", "Bearer second"]


async def test_a_tool_without_parameters_may_leave_its_arguments_empty() -> None:
    async with ChatEmulator([Reply(calls=(Call(name="list_cards", arguments=""),))]) as server:
        events = await reply_of(chat_with(server))

    assert events[0] == ToolCalled(call=ToolCall(id="call_1", name="list_cards", arguments={}))


async def test_halves_of_letters_that_nobody_could_write_down_are_left_out() -> None:
    half = r"\ud83d"
    calls = (
        Call(name="get_balance", arguments=f'{{"account": "a{half}b", "{half}x": ["{half}"]}}'),
    )
    async with ChatEmulator([Reply(text="Hello \ud83d there.", calls=calls)]) as server:
        events = await reply_of(chat_with(server))

    assert text_of(events).split() == ["Hello", "there."]
    (asked,) = [event.call for event in events if isinstance(event, ToolCalled)]
    assert asked.arguments == {"account": "ab", "x": [""]}


@pytest.mark.parametrize("arguments", ['{"account": ', "[1]", "not json", '{"a": ' + "[" * 9_000])
async def test_damaged_tool_arguments_are_a_lost_reply_that_may_be_asked_again(
    arguments: str,
) -> None:
    reply = Reply(calls=(Call(name="get_balance", arguments=arguments),))

    async with ChatEmulator([reply]) as server:
        failure = await failure_of(chat_with(server))

    assert failure.error.cause is Cause.LOST
    assert failure.error.retryable


async def test_a_call_that_the_token_limit_cut_short_is_not_made() -> None:
    reply = Reply(calls=(Call(name="get_balance", arguments='{"acc'),), finish="length")

    async with ChatEmulator([reply]) as server:
        events = await reply_of(chat_with(server))

    assert events == [
        Finished(reason="length", input_tokens=11, output_tokens=7, model="some-model")
    ]


async def test_a_filtered_reply_says_so() -> None:
    async with ChatEmulator([Reply(text="I", finish="content_filter")]) as server:
        events = await reply_of(chat_with(server))

    end = events[-1]
    assert isinstance(end, Finished)
    assert (end.reason, end.filtered) == ("content_filter", "reply")


@pytest.mark.parametrize(
    ("status", "cause"),
    [
        (401, Cause.AUTH),
        (403, Cause.AUTH),
        (400, Cause.BAD_REQUEST),
        (404, Cause.BAD_REQUEST),
        (408, Cause.TIMEOUT),
        (429, Cause.THROTTLED),
        (500, Cause.UNAVAILABLE),
        (503, Cause.UNAVAILABLE),
    ],
)
async def test_an_error_status_has_a_cause_and_its_message_stays_out_of_the_logs(
    status: int, cause: Cause
) -> None:
    async with ChatEmulator([Reply(status=status, code="some_code")]) as server:
        failure = await failure_of(chat_with(server))

    assert failure.error.cause is cause
    assert "secret" not in failure.error.detail
    assert "some_code" in failure.error.detail


async def test_a_throttled_request_is_repeated_once_after_the_time_the_server_asks_for() -> None:
    replies = [Reply(status=429, retry_after_ms=1), Reply(text="Hello.")]

    async with ChatEmulator(replies) as server:
        events = await reply_of(chat_with(server, retries=1))

    assert text_of(events) == "Hello."
    assert [seen.retry for seen in server.requests] == [0, 1]


async def test_nobody_at_the_address_is_unavailable() -> None:
    async with ChatEmulator([]) as server:
        pass

    failure = await failure_of(chat_with(server))

    assert failure.error.cause is Cause.UNAVAILABLE


async def test_a_server_that_never_answers_is_a_timeout() -> None:
    async with ChatEmulator([Reply(wait_s=60)]) as server:
        failure = await failure_of(chat_with(server, first_token_s=0.05))

    assert failure.error.cause is Cause.TIMEOUT


@pytest.mark.parametrize("stop_after", [1, 3])
async def test_a_stream_that_stalls_is_a_timeout(stop_after: int) -> None:
    reply = Reply(text="One two three.", stop_after=stop_after, then="hang")

    async with ChatEmulator([reply]) as server:
        failure = await failure_of(chat_with(server, first_token_s=0.2, next_token_s=0.05))

    assert failure.error.cause is Cause.TIMEOUT


@pytest.mark.parametrize("then", ["drop", "error_event", "end", "broken_json", "no_object"])
async def test_a_stream_that_breaks_off_is_lost(then: str) -> None:
    reply = Reply(text="One two three.", stop_after=3, then=then)  # type: ignore[arg-type]

    async with ChatEmulator([reply]) as server:
        failure = await failure_of(chat_with(server))

    assert failure.error.cause is Cause.LOST
    assert "secret" not in failure.error.detail


@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(
        ["choices", "delta", "content", "tool_calls", "function", "name", "arguments", "id",
         "index", "usage", "model", "finish_reason", "prompt_tokens"]), inner, max_size=4),
    max_leaves=12,
))  # fmt: skip
def test_whatever_a_server_sends_is_a_reply_or_a_damaged_one(data: object) -> None:
    from openai._models import construct_type
    from openai.types.chat import ChatCompletionChunk

    for chunk in (data, {"choices": [data]}, {"choices": [{"delta": data}], "usage": data}):
        reply = Streamed()
        with suppress(EngineFailed), readable():
            reply.take(construct_type(value=chunk, type_=ChatCompletionChunk))
            reply.rest()
            calls = reply.tool_calls()
            end = reply.finished(calls=bool(calls))
            assert isinstance(end.input_tokens, int)
            assert isinstance(end.model, str)


async def test_closing_the_iterator_tells_the_server_to_stop() -> None:
    reply = Reply(text="One two three.", stop_after=3, then="hang")

    async with ChatEmulator([reply]) as server:
        chat = chat_with(server)
        async with aclosing(chat.stream(ASKED)) as stream:
            first = await anext(stream)
        async with asyncio.timeout(60):
            await server.requests[0].disconnected.wait()
        await chat.aclose()

    assert first == TextDelta(text="One ")


async def test_the_conversation_arrives_with_every_tool_call_answered_in_place() -> None:
    calls = (
        ToolCall(id="a", name="get_balance", arguments={"account": "x"}),
        ToolCall(id="b", name="get_balance", arguments={}),
    )
    request = replace(
        ASKED,
        messages=(
            UserSaid(text="My balance?"),
            AgentSaid(text="Let me Are you there? I", cut=True, cuts=(6,)),
            ToolsCalled(calls=calls),
            UserSaid(text="Hurry"),
            ToolReturned(call_id="a", name="get_balance", text="10"),
            ToolReturned(call_id="gone", name="get_balance", text="?"),
            Note(text="The caller was handed over."),
        ),
    )

    async with ChatEmulator([Reply(text="Ten.")]) as server:
        await reply_of(chat_with(server), request)

    sent = server.requests[0].body["messages"]
    assert [message["role"] for message in sent] == [
        "system", "user", "assistant", "assistant", "tool", "tool", "user", "system",
    ]  # fmt: skip
    assert sent[2]["content"] == f"Let me{CUT} Are you there? I{CUT}"
    assert [call["id"] for call in sent[3]["tool_calls"]] == ["a", "b"]
    assert (sent[4]["tool_call_id"], sent[4]["content"]) == ("a", "10")
    assert "No result" in sent[5]["content"]
    assert server.requests[0].body["tools"][0]["function"]["name"] == "get_balance"


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        (ModelSpec(temperature=0.2, max_tokens=50), {"temperature": 0.2, "max_tokens": 50}),
        (
            ModelSpec(deployment_id="gpt-5-mini", temperature=0.2, max_tokens=50),
            {"max_completion_tokens": 50},
        ),
        (
            ModelSpec(deployment_id="thinker", reasoning_effort="low", verbosity="low"),
            {"reasoning_effort": "low", "verbosity": "low"},
        ),
    ],
)
async def test_an_agents_model_gets_the_settings_that_its_kind_takes(
    spec: ModelSpec, expected: dict[str, object]
) -> None:
    request = replace(ASKED, agent=replace(ASKED.agent, model=spec))

    async with ChatEmulator([Reply(text="Yes.")]) as server:
        await reply_of(chat_with(server), request)

    body = server.requests[0].body
    assert body["model"] == (spec.deployment_id or "some-model")
    known = {"model", "messages", "stream", "stream_options", "tools"}
    assert {name: value for name, value in body.items() if name not in known} == expected


async def test_azures_asynchronous_filter_sends_chunks_without_a_delta() -> None:
    async with ChatEmulator([Reply(text="Hello.", azure=True, filters=True)]) as server:
        assert text_of(await reply_of(chat_with(server))) == "Hello."


async def test_a_prompt_that_the_filter_refuses_is_a_reply_that_says_so() -> None:
    async with ChatEmulator([Reply(status=400, code="content_filter")]) as server:
        events = await reply_of(chat_with(server))

    assert events == [Finished(reason="content_filter", filtered="prompt")]


async def test_a_refusal_is_said() -> None:
    async with ChatEmulator([Reply(refusal="I can't help with that.")]) as server:
        assert text_of(await reply_of(chat_with(server))) == "I can't help with that."


@pytest.mark.parametrize(
    "text",
    [
        "<think>He wants his balance.</think>\n\nTen dollars.",
        "<think></think>Ten dollars.",
        "\n<think>\na < b\n</think> Ten dollars.",
        "Ten dollars.",
    ],
)
async def test_thoughts_of_a_model_at_home_are_not_said(text: str) -> None:
    async with ChatEmulator([Reply(text=text, thinks="He wants it.")]) as server:
        assert text_of(await reply_of(chat_with(server))) == "Ten dollars."


async def test_what_was_cached_and_thought_is_counted() -> None:
    reply = Reply(text="Ten.", usage=(2_000, 300), cached=1_920, reasoning=256)

    async with ChatEmulator([reply]) as server:
        end = (await reply_of(chat_with(server)))[-1]

    assert isinstance(end, Finished)
    assert (end.input_tokens, end.cached_tokens) == (2_000, 1_920)
    assert (end.output_tokens, end.reasoning_tokens) == (300, 256)


async def test_an_option_that_a_model_refuses_is_left_out_from_then_on() -> None:
    """A deployment's name does not tell which model it is."""
    spec = ModelSpec(deployment_id="our-model", temperature=0.2, top_p=0.9, max_tokens=50)
    request = replace(ASKED, agent=replace(ASKED.agent, model=spec))
    replies = [
        Reply(status=400, code="unsupported_parameter", param="max_tokens"),
        Reply(status=400, code="unsupported_value", param="temperature"),
        Reply(text="Yes."),
        Reply(text="Yes."),
    ]

    async with ChatEmulator(replies) as server:
        chat = chat_with(server)
        events = [event async for event in chat.stream(request)]
        await reply_of(chat, request)

    bodies = [seen.body for seen in server.requests]
    assert text_of(events) == "Yes."
    assert bodies[2]["max_completion_tokens"] == 50
    assert bodies[2]["top_p"] == 0.9
    assert "max_tokens" not in bodies[2]
    assert "temperature" not in bodies[2]
    assert bodies[3].keys() == bodies[2].keys()


async def test_a_model_that_takes_no_limit_at_all_is_not_asked_for_ever() -> None:
    refusals = [
        Reply(status=400, code="unsupported_parameter", param=name)
        for name in ("max_tokens", "max_completion_tokens")
    ]
    request = replace(ASKED, agent=replace(ASKED.agent, model=ModelSpec(max_tokens=50)))

    async with ChatEmulator([*refusals, Reply(text="Yes.")]) as server:
        events = await reply_of(chat_with(server), request)

    assert text_of(events) == "Yes."
    assert not {"max_tokens", "max_completion_tokens"} & server.requests[2].body.keys()


async def test_what_a_model_refuses_and_cannot_do_without_is_a_bad_request() -> None:
    reply = Reply(status=400, code="unsupported_parameter", param="messages")

    async with ChatEmulator([reply]) as server:
        failure = await failure_of(chat_with(server))

    assert failure.error.cause is Cause.BAD_REQUEST


async def test_an_identity_that_gives_no_token_is_a_failure_like_any_other() -> None:
    async def token() -> str:
        raise EngineFailed(EngineError(cause=Cause.AUTH, detail="no identity"))

    async with ChatEmulator([]) as server:
        failure = await failure_of(chat_with(server, api_key=token))

    assert failure.error.cause is Cause.AUTH


async def test_a_prompt_is_read_beforehand_by_a_request_of_one_token() -> None:
    spec = ModelSpec(max_tokens=50)
    request = replace(ASKED, agent=replace(ASKED.agent, model=spec))

    async with ChatEmulator([Reply(text="H"), Reply(text="Ten.")]) as server:
        chat = chat_with(server, prepares=True)
        await chat.prepare(request)
        await reply_of(chat, request)

    before, real = (seen.body for seen in server.requests)
    assert (before["max_tokens"], real["max_tokens"]) == (1, 50)
    assert before["messages"][0] == real["messages"][0]
    assert before["tools"] == real["tools"]


async def test_what_a_server_refuses_is_learnt_from_either_kind_of_request() -> None:
    refusals = [
        Reply(status=400, code="unsupported_parameter", param=name)
        for name in ("stream_options", "max_tokens")
    ]

    async with ChatEmulator([refusals[0], Reply(text="Yes."), refusals[1], Reply(text="H")]) as (
        server
    ):
        chat = chat_with(server, prepares=True)
        events = [event async for event in chat.stream(ASKED)]
        await chat.prepare(ASKED)
        await chat.aclose()

    *_, first, second = (seen.body for seen in server.requests)
    assert text_of(events) == "Yes."
    assert first["max_tokens"] == second["max_completion_tokens"] == 1
    assert "max_tokens" not in second
    assert not {"stream", "stream_options"} & (first.keys() | second.keys())


async def test_preparing_never_fails_and_is_not_done_where_it_does_not_pay() -> None:
    async with ChatEmulator([Reply(status=500)]) as server:
        eager, lazy = chat_with(server, prepares=True), chat_with(server)
        await eager.prepare(ASKED)
        await lazy.prepare(ASKED)
        await eager.aclose()
        await lazy.aclose()

    assert len(server.requests) == 1


async def test_a_connection_outlives_the_callers_turn() -> None:
    async with ChatEmulator([Reply(text="Yes."), Reply(text="Yes.")]) as server:
        chat = chat_with(server)
        for _ in range(2):
            async with aclosing(chat.stream(ASKED)) as stream:
                async for _event in stream:
                    pass
            await asyncio.sleep(0)
        await chat.aclose()

    assert len({seen.peer for seen in server.requests}) == 1


async def test_a_server_with_one_model_is_never_asked_for_another() -> None:
    request = replace(ASKED, agent=replace(ASKED.agent, model=ModelSpec(deployment_id="gpt-4o")))

    async with ChatEmulator([Reply(text="Yes.")]) as server:
        await reply_of(chat_with(server, one_model=True), request)

    assert server.requests[0].body["model"] == "some-model"
