"""A model fails in every way during a call: the caller hears words, and the record says it."""

import json

import pytest

from adapters.scripted import ScriptedChat, spoken
from core.facts import EngineStumbled, Filtered, TurnDone
from core.turn import TurnSettings
from localdev.emulators.openai_chat import Call, Reply
from tests.relay.openai_calls import SILENCE, record_of, roles, stumbles_of, talking


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
        assert stumbles_of(station) == [("filter", "prompt")]


async def test_a_reply_that_the_filter_cut_short_ends_with_words():
    replies = [Reply(text="Well. You", finish="content_filter")]
    async with talking(replies) as (_, station, caller):
        await caller.says(spoken("tell me") + SILENCE)
        await caller.hears("I can't talk about that")
        refused = await station.control.until(Filtered)

        assert refused.what == "reply"
        assert stumbles_of(station) == [("filter", "reply")]


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
        pytest.param(Reply(text="never", stop_after=0, then="broken_json"), id="breaks its JSON"),
    ],
)
async def test_a_model_that_fails_is_heard_as_words(fault):
    async with talking(lambda body: fault, first_token_s=0.3) as (_, station, caller):
        await caller.says(spoken("my balance") + SILENCE)
        await caller.hears("something went wrong")
        stumbled = await station.control.until(EngineStumbled)

        assert stumbled.engine == "thinking"
        assert "never" not in caller.words


@pytest.mark.parametrize(
    "damaged", ['{"reason": "lo', "[1, 2]", "not json", '"text"'], ids=["cut", "list", "no", "text"]
)
async def test_damaged_arguments_of_a_tool_are_asked_for_again(damaged):
    call = Call(name="balance", arguments=damaged)
    replies = [
        Reply(calls=(call,)),
        Reply(calls=(Call(name="balance"),)),
        Reply(text="You have ten dollars."),
    ]
    async with talking(replies) as (server, station, caller):
        await caller.says(spoken("my balance") + SILENCE)
        await caller.hears("You have ten dollars.")
        turn = await station.control.until(TurnDone, count=2)

        assert [tool.ok for tool in turn.tools] == [True]
        assert roles(server.requests[1].body)[-1] == "user"
        assert record_of(station)["stumbles"] == []


async def test_a_model_that_only_damages_arguments_is_heard_as_words_and_no_tool_runs():
    call = Call(name="balance", arguments='{"account": ')
    async with talking(lambda body: Reply(calls=(call,))) as (server, station, caller):
        await caller.says(spoken("my balance") + SILENCE)
        await caller.hears("something went wrong")
        turn = await station.control.until(TurnDone, count=2)

        assert turn.tools == ()
        assert len(server.requests) == 2
        assert stumbles_of(station) == [("thinking", "lost")]


async def test_a_reply_at_its_limit_of_tokens_stops_at_a_clause_and_offers_the_rest():
    replies = [Reply(text="You have ten dollars. And as to", finish="length"), Reply(text="Sure.")]
    async with talking(replies) as (server, station, caller):
        await caller.says(spoken("my balance") + SILENCE)
        await caller.hears("Shall I go on?")
        turn = await station.control.until(TurnDone, count=2)
        await caller.says(spoken("yes") + SILENCE)
        await caller.hears("Sure.")

        assert turn.heard == "You have ten dollars. There is more to say about this. Shall I go on?"
        assert stumbles_of(station) == [("thinking", "length")]
        assert "Shall I go on?" in json.dumps(server.requests[1].body)


@pytest.mark.parametrize(
    "reply",
    [
        Reply(calls=(Call(name="balance", arguments='{"acc'),), finish="length"),
        Reply(text="", finish="length"),
    ],
    ids=["in a tool's arguments", "before a word"],
)
async def test_a_limit_of_tokens_that_leaves_nothing_is_words_too(reply):
    async with talking([reply]) as (_, station, caller):
        await caller.says(spoken("my balance") + SILENCE)
        await caller.hears("Shall we try something else?")
        turn = await station.control.until(TurnDone, count=2)

        assert turn.tools == ()
        assert stumbles_of(station) == [("thinking", "length")]


@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        (Reply(status=429), "throttled"),
        (Reply(status=503), "unavailable"),
        (Reply(text="never", stop_after=0, then="hang"), "timeout"),
        (Reply(text="never", stop_after=0, then="broken_json"), "lost"),
        (Reply(calls=(Call(name="balance"),), stop_after=2, then="no_object"), "lost"),
    ],
)
async def test_another_model_answers_for_one_that_fails_whatever_the_fault(fault, cause):
    other = [("b", ScriptedChat(lambda request: "Ten dollars."))]
    settings = {"turn": TurnSettings(think_ahead=False), "first_token_s": 0.3}
    async with talking(lambda body: fault, behind=other, **settings) as (_, station, caller):
        await caller.says(spoken("my balance") + SILENCE)
        await caller.hears("Ten dollars.")
        turn = await station.control.until(TurnDone, count=2)

        assert turn.heard == "Ten dollars."
        assert turn.engines == {"thinking": "b"}
        assert stumbles_of(station) == [("thinking", cause)]


async def test_a_busy_service_is_asked_again_as_soon_as_it_says():
    replies = [Reply(status=429, retry_after_ms=50), Reply(text="Ten dollars.")]
    async with talking(replies, retries=1) as (server, station, caller):
        await caller.says(spoken("my balance") + SILENCE)
        await caller.hears("Ten dollars.")

        assert [seen.retry for seen in server.requests] == [0, 1]
        assert stumbles_of(station) == []


@pytest.mark.parametrize("header", [{"retry_after_ms": 30_000}, {"retry_after_s": 30}])
async def test_a_service_that_wants_a_long_wait_is_not_waited_for(header):
    busy = Reply(status=429, code="rate_limit", **header)
    async with talking(lambda body: busy, retries=1, first_token_s=20) as (_, station, caller):
        await caller.says(spoken("my balance") + SILENCE)
        await caller.hears("something went wrong")
        await station.control.until(TurnDone, count=2)

        assert stumbles_of(station) == [("thinking", "throttled")]
        assert "One moment" not in caller.words


async def test_a_model_that_hangs_is_bridged_before_it_is_apologised_for():
    hang = Reply(text="never", stop_after=0, then="hang")
    quick = TurnSettings(filler_s=0.1)
    async with talking(lambda body: hang, turn=quick, first_token_s=0.6) as (_, _station, caller):
        await caller.says(spoken("my balance") + SILENCE)
        await caller.hears("something went wrong")

        assert "One moment, please. I'm sorry" in caller.words


async def test_a_reply_that_breaks_off_is_heard_with_an_apology():
    broken = Reply(text="You have ten dollars. And now I", stop_after=7, then="drop")
    async with talking(lambda body: broken) as (_, station, caller):
        await caller.says(spoken("my balance") + SILENCE)
        await caller.hears("something went wrong")

        assert "You have ten dollars." in caller.words
        assert "And now I" not in caller.words
        assert stumbles_of(station) == [("thinking", "lost")]
