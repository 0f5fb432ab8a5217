"""Models without tools answer in JSON, and a call hears the same events as from any other."""

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.openai_schema import SchemaReply
from adapters.providers import CHATS
from adapters.settings import Settings
from core.agents import ModelSpec
from core.chat import (
    AgentSaid,
    ChatEvent,
    Finished,
    TextDelta,
    ToolCalled,
    ToolReturned,
    ToolsCalled,
    UserSaid,
)
from core.errors import Cause, EngineFailed
from core.served import Working
from core.tools import ToolCall
from localdev.emulators.openai_chat import ChatEmulator, Reply
from tests.engines.test_openai_chat import (
    ASKED,
    BALANCE,
    chat_with,
    failure_of,
    reply_of,
    text_of,
)


def answer(say: str, *calls: tuple[str, object]) -> str:
    wished = [{"name": name, "arguments": arguments} for name, arguments in calls]
    return json.dumps({"say": say, "calls": wished})


async def events_of(text: str, **fields: object) -> list[ChatEvent]:
    async with ChatEmulator([Reply(text=text, **fields)]) as server:  # type: ignore[arg-type]
        return await reply_of(chat_with(server, tools="json_schema"), ASKED)


async def test_words_are_said_while_the_rest_streams_and_calls_come_whole() -> None:
    text = answer('Let me "look" — one moment.', ("get_balance", {"account": "savings"}))

    events = await events_of(text)

    assert text_of(events) == 'Let me "look" — one moment.'
    assert sum(isinstance(event, TextDelta) for event in events) > 3
    assert events[-2] == ToolCalled(
        call=ToolCall(id="call_0", name="get_balance", arguments={"account": "savings"})
    )
    assert isinstance(events[-1], Finished)
    assert events[-1].reason == "tool_calls"


async def test_an_answer_that_says_nothing_while_its_calls_are_written_is_alive() -> None:
    text = answer("", ("get_balance", {"account": "the savings account, please"}))

    async with ChatEmulator([Reply(text=text)]) as server:
        chat = chat_with(server, tools="json_schema")
        events = [event async for event in chat.stream(ASKED)]
        await chat.aclose()

    assert [type(event) for event in events[-2:]] == [ToolCalled, Finished]
    assert sum(isinstance(event, Working) for event in events) > 3


async def test_the_server_is_told_the_schema_and_the_tools_in_words() -> None:
    calls = (ToolCall(id="a", name="get_balance", arguments={"account": "x"}),)
    request = replace(
        ASKED,
        messages=(
            UserSaid(text="My balance?"),
            AgentSaid(text="Let me look."),
            ToolsCalled(calls=calls),
            ToolReturned(call_id="a", name="get_balance", text="10"),
        ),
    )

    async with ChatEmulator([Reply(text=answer("Ten."))]) as server:
        await reply_of(chat_with(server, tools="json_schema"), request)

    body = server.requests[0].body
    schema = body["response_format"]["json_schema"]["schema"]
    (call,) = schema["properties"]["calls"]["items"]["anyOf"]
    assert call["properties"]["name"]["enum"] == ["get_balance"]
    assert call["properties"]["arguments"] == BALANCE.parameters
    assert "tools" not in body
    assert "get_balance: Balance of an account." in body["messages"][0]["content"]
    told = [(message["role"], message["content"]) for message in body["messages"][1:]]
    assert told == [
        ("user", "My balance?"),
        ("assistant", answer("Let me look.")),
        ("assistant", answer("", ("get_balance", {"account": "x"}))),
        ("user", "[get_balance answers] 10"),
    ]


async def test_azure_may_be_held_to_a_schema_and_a_gateway_asked_for_an_agents_own_model() -> None:
    request = replace(ASKED, agent=replace(ASKED.agent, model=ModelSpec(deployment_id="own")))
    async with ChatEmulator([Reply(text=answer("Ten.")), Reply(text="Ten.")]) as server:
        settings = Settings.read(
            {
                "AZURE_OPENAI_ENDPOINT": server.url,
                "AZURE_OPENAI_KEY": "key",
                "AZURE_OPENAI_DEPLOYMENT": "gpt",
                "AZURE_OPENAI_TOOLS": "json_schema",
                "OPENAI_BASE_URL": f"{server.url}/v1",
                "OPENAI_MODEL": "gpt",
                "OPENAI_AGENT_MODELS": "on",
            }
        )
        for name in ("azure_openai", "openai"):
            chat = CHATS[name](settings)
            await chat.warm()
            assert text_of(await reply_of(chat, request)) == "Ten."

    azure, gateway = (seen.body for seen in server.requests)
    assert "response_format" in azure
    assert "tools" in gateway
    assert gateway["model"] == "own"


async def test_an_agent_without_tools_answers_in_plain_words() -> None:
    async with ChatEmulator([Reply(text="Hello.")]) as server:
        events = await reply_of(chat_with(server, tools="json_schema"), replace(ASKED, tools=()))

    assert text_of(events) == "Hello."
    assert "response_format" not in server.requests[0].body


@pytest.mark.parametrize(
    "text",
    [
        "You have ten dollars.",  # a server that knows no schema
        json.dumps({"calls": [], "say": "You have ten dollars."}),
        f"```json\n{answer('You have ten dollars.')}\n```",
        f"<think>hm</think>{answer('You have ten dollars.')}",
    ],
)
async def test_answers_that_take_liberties_are_understood(text: str) -> None:
    events = await events_of(text)

    assert text_of(events) == "You have ten dollars."


async def test_an_answer_that_the_token_limit_cut_short_calls_nothing() -> None:
    text = answer("One moment.", ("get_balance", {"account": "savings"}))

    events = await events_of(text[:-9], finish="length")

    assert text_of(events) == "One moment."
    assert not any(isinstance(event, ToolCalled) for event in events)


async def test_a_damaged_answer_is_lost_and_may_be_asked_again() -> None:
    async with ChatEmulator([Reply(text='{"say": "", "calls": [{"name"')]) as server:
        failure = await failure_of(chat_with(server, tools="json_schema"), ASKED)

    assert failure.error.cause is Cause.LOST


async def test_calls_that_make_no_sense_are_dropped() -> None:
    text = '{"say": "Yes.", "calls": [1, {"name": ""}, {"name": "x", "arguments": []}]}'

    events = await events_of(text)

    assert text_of(events) == "Yes."
    assert not any(isinstance(event, ToolCalled) for event in events)


class Chunk:
    """A piece of a stream, as the package gives it."""

    def __init__(self, text: str) -> None:
        self.usage, self.model = None, ""
        self.choices = [self]
        self.finish_reason = None
        self.delta = self
        self.tool_calls, self.refusal, self.content = None, None, text


@given(say=st.text(max_size=60), ascii_=st.booleans(), size=st.integers(1, 9))
@settings(derandomize=True, max_examples=200, deadline=None)
def test_words_come_through_whatever_they_are_and_wherever_the_chunks_end(
    say: str, ascii_: bool, size: int
) -> None:
    raw = json.dumps({"say": say, "calls": []}, ensure_ascii=ascii_)
    reply = SchemaReply()

    words = "".join(reply.take(Chunk(raw[at : at + size])) for at in range(0, len(raw), size))

    assert words + reply.rest() == say


def test_a_reply_without_an_end_is_lost() -> None:
    reply = SchemaReply()
    reply.take(Chunk('{"say": "Hi'))

    with pytest.raises(EngineFailed):
        reply.tool_calls()
