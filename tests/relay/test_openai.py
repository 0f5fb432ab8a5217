"""Whole calls with the real `openai` package on loopback: tools, handoffs, every way to fail."""

import asyncio
import json
from contextlib import aclosing, asynccontextmanager

import pytest

from adapters.openai_chat import OpenAIChat, azure_base_url
from adapters.scripted import spoken
from adapters.settings import Settings
from core.agents import HandoffType
from core.facts import EngineStumbled, Filtered, TurnDone, Usage
from core.tools import ToolSpec
from core.turn import TurnSettings
from localdev.emulators.openai_chat import Call, ChatEmulator, Reply
from media_relay.call_settings import CallSettings
from media_relay.engines import engines_of
from tests.relay.calls import MemoryControl, PlainCatalog, agent, edge, scenario
from tests.relay.stations import relaying

SILENCE = bytes(640) * 40
BANK = scenario(
    agent("Ann", greeting="Hi.", tools=("balance",)),
    agent("Bob", greeting="Bob here.", tools=()),
    edges=[edge("Ann", "Bob", HandoffType.ANNOUNCED)],
)


@asynccontextmanager
async def talking(replies, *, turn=None, **chat):
    """Hold a call whose agent thinks with an OpenAI-compatible server."""
    catalog = PlainCatalog(
        specs={"balance": ToolSpec(name="balance", description="look it up", parameters={})},
        runs={"balance": lambda arguments, use: "ten dollars"},
    )
    async with (
        ChatEmulator(replies) as server,
        aclosing(
            OpenAIChat(api_key="key", model="gpt", base_url=f"{server.url}/v1", retries=0, **chat)
        ) as model,
        relaying(
            chat=model,
            catalog=catalog,
            control=MemoryControl(BANK),
            settings=CallSettings(turn=turn or TurnSettings()),
        ) as station,
        station.dialled() as caller,
    ):
        await model.warm()
        await caller.hears("Hi.")
        await station.control.until(TurnDone)
        yield server, station, caller


def roles(body):
    return [message["role"] for message in body["messages"]]


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


async def test_words_that_the_filter_refuses_are_answered_and_forgotten():
    """With them in the history the filter would refuse whatever the caller says next."""
    replies = [Reply(status=400, code="content_filter"), Reply(text="Ten dollars.")]
    async with talking(replies) as (server, station, caller):
        await caller.says(spoken("something vile") + SILENCE)
        await caller.hears("I can't talk about that")
        refused = await station.control.until(Filtered)
        await station.control.until(TurnDone, count=2)
        await caller.says(spoken("my balance") + SILENCE)
        await caller.hears("Ten dollars.")

        assert refused.what == "prompt"
        assert "vile" not in json.dumps(server.requests[1].body)
        assert "my balance" in json.dumps(server.requests[1].body)
        assert station.control.facts(EngineStumbled) == []


async def test_a_reply_that_the_filter_cut_short_ends_with_words():
    replies = [Reply(text="Well. You", finish="content_filter")]
    async with talking(replies) as (_, station, caller):
        await caller.says(spoken("tell me") + SILENCE)
        await caller.hears("I can't talk about that")
        refused = await station.control.until(Filtered)

        assert refused.what == "reply"


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
        async with asyncio.timeout(5):
            while not server.requests:  # noqa: ASYNC110
                await asyncio.sleep(0.01)

        assert server.requests[0].body["max_tokens"] == 1
        assert server.requests[0].body["messages"][0]["content"] == "You are Ann."


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Reply(status=429, code="rate_limit"), id="throttled"),
        pytest.param(Reply(status=500), id="broken"),
        pytest.param(Reply(status=401), id="refused"),
        pytest.param(Reply(text="never", stop_after=0, then="hang"), id="hangs"),
        pytest.param(Reply(text="never", stop_after=0, then="drop"), id="drops"),
        pytest.param(Reply(text="never", stop_after=0, then="error_event"), id="errs"),
        pytest.param(Reply(text="never", stop_after=0, then="end"), id="ends without an end"),
    ],
)
async def test_a_model_that_fails_is_heard_as_words(fault):
    async with talking(lambda body: fault, first_token_s=0.3) as (_, station, caller):
        await caller.says(spoken("my balance") + SILENCE)
        await caller.hears("something went wrong")
        stumbled = await station.control.until(EngineStumbled)

        assert stumbled.engine == "thinking"
        assert "never" not in caller.words


async def test_a_model_that_hangs_is_bridged_before_it_is_apologised_for():
    hang = Reply(text="never", stop_after=0, then="hang")
    quick = TurnSettings(filler_s=0.1)
    async with talking(lambda body: hang, turn=quick, first_token_s=0.6) as (_, _station, caller):
        await caller.says(spoken("my balance") + SILENCE)
        await caller.hears("something went wrong")

        assert "One moment, please. I'm sorry" in caller.words


async def test_a_reply_that_breaks_off_is_heard_with_an_apology():
    broken = Reply(text="You have ten dollars. And now I", stop_after=7, then="drop")
    async with talking(lambda body: broken) as (_, _station, caller):
        await caller.says(spoken("my balance") + SILENCE)
        await caller.hears("something went wrong")

        assert "You have ten dollars." in caller.words


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
