"""Whole calls with the real `openai` package on loopback: tools, handoffs, endpoints."""

import asyncio
import json
from contextlib import aclosing

from adapters.openai_chat import azure_base_url
from adapters.scripted import spoken
from adapters.settings import Settings
from core.facts import TurnDone, Usage
from localdev.emulators.openai_chat import Call, ChatEmulator, Reply
from media_relay.engines import engines_of
from tests.relay.openai_calls import SILENCE, roles, talking
from tests.relay.stations import relaying


async def test_a_tool_is_called_and_its_result_is_spoken():
    replies = [Reply(calls=(Call(name="balance"),)), Reply(text="You have ten dollars.")]
    async with talking(replies) as (server, station, caller):
        await caller.says(spoken("my balance") + SILENCE)
        await caller.hears("You have ten dollars.")
        turn = await station.control.until(TurnDone, count=2)

        asked, told = (request.body for request in server.requests)

        assert [tool.name for tool in turn.tools] == ["balance"]
        assert roles(asked)[-1] == "user"
        assert roles(told)[-2:] == ["assistant", "tool"]
        assert told["messages"][-1]["content"] == "ten dollars"


async def test_a_handoff_is_made_and_the_next_agent_answers():
    replies = [
        Reply(calls=(Call(name="handoff_bob", arguments=json.dumps({"reason": "cards"})),)),
        Reply(text="I know all about cards."),
    ]
    async with talking(replies) as (server, station, caller):
        await caller.says(spoken("a card please") + SILENCE)
        await caller.hears("I know all about cards.")
        turn = await station.control.until(TurnDone, count=2)

        assert turn.agent == "Bob"
        assert [(made.from_agent, made.to_agent) for made in turn.handoffs] == [("Ann", "Bob")]
        assert turn.heard == "Bob here. I know all about cards."
        assert server.requests[1].body["messages"][0]["content"] == "You are Bob."


async def test_the_turn_tells_what_the_model_cost():
    replies = [
        Reply(calls=(Call(name="balance"),), usage=(1_500, 20), cached=1_024),
        Reply(text="You have ten dollars.", usage=(1_600, 9), cached=1_536),
    ]
    async with talking(replies) as (_, station, caller):
        await caller.says(spoken("my balance") + SILENCE)
        await caller.hears("You have ten dollars.")
        turn = await station.control.until(TurnDone, count=2)

        assert turn.usage == Usage(
            requests=2, input_tokens=3_100, output_tokens=29, cached_tokens=2_560, model="gpt"
        )


async def test_the_prompt_is_read_while_the_caller_is_greeted():
    async with talking([Reply(text="H")], prepares=True) as (server, _, _caller):
        async with asyncio.timeout(60):
            while not server.requests:  # noqa: ASYNC110
                await asyncio.sleep(0.01)

        assert server.requests[0].body["max_tokens"] == 1
        assert server.requests[0].body["messages"][0]["content"] == "You are Ann."


async def test_azures_endpoint_is_spoken_to_on_its_own_path():
    async with ChatEmulator([Reply(text="Yes.", azure=True)]) as server:
        environ = {
            "CHAT": "azure_openai",
            "STT": "scripted",
            "TTS": "scripted",
            "AZURE_OPENAI_ENDPOINT": server.url,
            "AZURE_OPENAI_KEY": "a key of azure",
            "AZURE_OPENAI_DEPLOYMENT": "my-gpt",
        }
        chat = engines_of(Settings.read(environ)).chat
        await chat.warm()
        async with aclosing(chat), relaying(chat=chat) as station, station.dialled() as caller:
            await caller.hears("Hi.")
            await caller.says(spoken("hello") + SILENCE)
            await caller.hears("Yes.")

        (request,) = server.requests

        assert request.path == "/openai/v1/chat/completions"
        assert request.path in azure_base_url(server.url) + "chat/completions"
        assert request.body["model"] == "my-gpt"
        assert request.headers["Authorization"] == "Bearer a key of azure"


async def test_azure_without_a_key_is_asked_with_our_own_identity():
    environ = {
        "CHAT": "azure_openai",
        "STT": "scripted",
        "TTS": "scripted",
        "AZURE_OPENAI_ENDPOINT": "https://model.example",
        "AZURE_OPENAI_DEPLOYMENT": "my-gpt",
    }

    chat = engines_of(Settings.read(environ)).chat
    await chat.warm()
    await chat.aclose()
