"""Engines in a row: who is asked, for how long, and what their listeners are told."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from adapters.fallback import ChatChain, HearingChain, SpeakingChain, troubles
from adapters.scripted import ScriptedChat, ScriptedHearing, ScriptedSpeaking, spoken
from core.agents import AgentSpec
from core.chat import ChatEvent, ChatRequest, Finished, TextDelta, ToolCalled
from core.circuit import Standing
from core.errors import Cause, EngineError, EngineFailed
from core.served import Passed, ServedBy, Working
from core.speech import FinalHeard, HearingConfig, HearingFailed, SpokenAudio, Voice
from core.tools import ToolCall
from tests.virtual_time import VIRTUAL

DOWN = EngineError(cause=Cause.UNAVAILABLE)
ASKED = ChatRequest(agent=AgentSpec(name="Ann", prompt=""), system="", messages=())


@pytest.fixture
def anyio_backend():
    return VIRTUAL


def now() -> float:
    return asyncio.get_running_loop().time()


async def all_of(stream: AsyncIterator[ChatEvent]) -> list[ChatEvent]:
    """Return what is told, without the signs of life."""
    return [event async for event in stream if not isinstance(event, Working)]


def text_of(events: list[ChatEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


def failing(cause: Cause = Cause.UNAVAILABLE) -> ScriptedChat:
    return ScriptedChat(lambda request: [EngineError(cause=cause)])


def answering(text: str) -> ScriptedChat:
    return ScriptedChat(lambda request: text)


async def test_the_first_model_answers_alone_while_it_can() -> None:
    second = answering("second")
    chain = ChatChain([("a", answering("first")), ("b", second)])

    events = await all_of(chain.stream(ASKED))

    assert text_of(events) == "first"
    assert not any(isinstance(event, ServedBy) for event in events)
    assert second.requests == []


async def test_a_model_that_fails_before_its_first_word_is_replaced_and_this_is_told() -> None:
    chain = ChatChain([("a", failing()), ("b", failing(Cause.THROTTLED)), ("c", answering("ok"))])

    events = await all_of(chain.stream(ASKED))

    passed = (Passed(engine="a", cause="unavailable"), Passed(engine="b", cause="throttled"))
    assert events[0] == ServedBy(engine="c", passed=passed)
    assert text_of(events) == "ok"


async def test_a_model_that_stalls_is_replaced_within_its_budget() -> None:
    stalled = ScriptedChat(lambda request: [60.0, TextDelta(text="late")])
    chain = ChatChain([("a", stalled), ("b", answering("ok"))], first_s=2)
    began = now()

    events = await all_of(chain.stream(ASKED))

    assert text_of(events) == "ok"
    assert now() - began == pytest.approx(2)
    assert stalled.cancelled == 1


async def test_the_last_model_is_waited_for_however_long_it_takes() -> None:
    slow = ScriptedChat(lambda request: [7.0, TextDelta(text="at last")])
    chain = ChatChain([("a", failing()), ("b", slow)], first_s=2)

    assert text_of(await all_of(chain.stream(ASKED))) == "at last"


async def test_a_model_that_is_at_work_is_waited_for_and_is_not_to_blame() -> None:
    wish = ToolCalled(call=ToolCall(id="a", name="pay", arguments={}))
    busy = ScriptedChat(lambda request: [1.5, Working(), 1.5, Working(), 1.5, wish])
    chain = ChatChain([("a", busy), ("b", failing())], first_s=2)

    events = await all_of(chain.stream(ASKED))

    assert events == [wish, Finished(reason="tool_calls")]
    assert chain.links.states()[0].failures == 0


async def test_a_model_that_stops_working_before_it_has_told_anything_is_replaced() -> None:
    stuck = ScriptedChat(lambda request: [1.0, Working(), 60.0])
    broken = ScriptedChat(lambda request: [Working(), DOWN])
    chain = ChatChain([("a", stuck), ("b", broken), ("c", answering("ok"))], first_s=2)
    began = now()

    events = await all_of(chain.stream(ASKED))

    passed = (Passed(engine="a", cause="timeout"), Passed(engine="b", cause="unavailable"))
    assert events[0] == ServedBy(engine="c", passed=passed)
    assert text_of(events) == "ok"
    assert now() - began == pytest.approx(3)


async def test_who_waits_is_told_when_another_engine_is_asked() -> None:
    stalled = ScriptedChat(lambda request: [60.0])
    slow = ScriptedChat(lambda request: [7.0, TextDelta(text="at last")])
    chain = ChatChain([("a", stalled), ("b", stalled), ("c", slow)], first_s=2)
    began, told = now(), list[tuple[float, type]]()

    async for event in chain.stream(ASKED):
        told.append((round(now() - began), type(event)))

    assert told == [(2, Working), (4, Working), (11, ServedBy), (11, TextDelta), (11, Finished)]


async def test_a_slow_model_is_waited_for_when_all_others_are_left_alone() -> None:
    slow = ScriptedChat(lambda request: [5.0, TextDelta(text="at last")])
    chain = ChatChain([("a", failing(Cause.AUTH)), ("b", slow)], first_s=2)
    await all_of(chain.stream(ASKED))

    events = await all_of(chain.stream(ASKED))

    assert events[0] == ServedBy(engine="b", passed=(Passed(engine="a", cause="open"),))
    assert text_of(events) == "at last"


async def test_a_reply_that_breaks_after_words_is_never_said_again_by_another() -> None:
    breaking = ScriptedChat(lambda request: [TextDelta(text="You have "), DOWN])
    second = answering("You have ten.")
    chain = ChatChain([("a", breaking), ("b", second)])
    words: list[ChatEvent] = []

    async def listen() -> None:
        async for event in chain.stream(ASKED):
            words.append(event)  # noqa: PERF401 what came before it broke is what matters

    with pytest.raises(EngineFailed):
        await listen()

    assert text_of(words) == "You have "
    assert second.requests == []


async def test_a_model_that_keeps_failing_is_left_alone_and_tried_again_later() -> None:
    first, healed = failing(), []
    first = ScriptedChat(lambda request: "healed" if healed else [DOWN])
    chain = ChatChain([("a", first), ("b", answering("ok"))])
    for _ in range(3):
        await all_of(chain.stream(ASKED))
        await asyncio.sleep(4)  # a single failure lets others go first for a while
    asked = len(first.requests)

    events = await all_of(chain.stream(ASKED))
    lines = troubles([chain.links])
    healed.append(True)
    await asyncio.sleep(15)
    after = await all_of(chain.stream(ASKED))

    assert len(first.requests) == asked + 1 == 4
    assert events[0] == ServedBy(engine="b", passed=(Passed(engine="a", cause="open"),))
    assert lines == ["thinking: a is left alone after 3 failures, tried again in 11 s"]
    assert text_of(after) == "healed"
    assert [state.standing for state in chain.links.states()] == [Standing.CLOSED] * 2


async def test_a_model_that_has_just_failed_is_not_asked_first_in_the_next_breath() -> None:
    first = ScriptedChat(lambda request: [10.0, TextDelta(text="late")])
    chain = ChatChain([("a", first), ("b", answering("ok"))], first_s=2)
    await all_of(chain.stream(ASKED))
    began = now()

    events = await all_of(chain.stream(ASKED))

    assert now() == began
    assert events[0] == ServedBy(engine="b", passed=(Passed(engine="a", cause="resting"),))


async def test_when_all_fail_the_failure_names_them() -> None:
    chain = ChatChain([("a", failing()), ("b", failing(Cause.AUTH))])

    with pytest.raises(EngineFailed) as failed:
        await all_of(chain.stream(ASKED))

    assert failed.value.error.cause is Cause.AUTH
    assert failed.value.error.detail == "all failed: a unavailable, b auth"


async def test_engines_with_open_circuits_are_asked_when_there_is_nothing_else() -> None:
    first, healed = ScriptedChat(lambda request: "ok" if healed else [DOWN]), []
    chain = ChatChain([("a", first), ("b", failing(Cause.AUTH))])
    for _ in range(3):
        with pytest.raises(EngineFailed):
            await all_of(chain.stream(ASKED))
    healed.append(True)

    assert text_of(await all_of(chain.stream(ASKED))) == "ok"


async def test_a_voice_that_makes_no_sound_in_time_is_replaced_and_one_that_broke_off_is_not() -> (
    None
):
    late = ScriptedSpeaking(first_audio_ms=60_000, words=True)
    broken = ScriptedSpeaking(failures=[DOWN] * 9, fail_after_ms=200)
    second = ScriptedSpeaking()
    replaced = SpeakingChain([("a", late), ("b", second)], first_s=1)
    spoilt = SpeakingChain([("a", broken), ("b", second)])
    began = now()

    _, *events = [event async for event in replaced.speak("Hello.", Voice())]
    took = now() - began
    with pytest.raises(EngineFailed):
        async for _ in spoilt.speak("Hello.", Voice()):
            pass

    assert events[0] == ServedBy(engine="b", passed=(Passed(engine="a", cause="timeout"),))
    assert all(isinstance(event, SpokenAudio) for event in events[1:])
    assert took == pytest.approx(1)
    assert len(second.said) == 1


async def test_a_caller_whose_ears_failed_gets_the_next_ones() -> None:
    first, second = ScriptedHearing(), ScriptedHearing()
    chain = HearingChain([("a", first), ("b", second)])
    stream = await chain.open(HearingConfig())
    first.streams[0].emit(HearingFailed(error=DOWN))
    events = [event async for event in stream.events()]

    again = await chain.open(HearingConfig(dropped=1))
    other = await chain.open(HearingConfig())
    again.push(spoken("hello there") + bytes(32_000))
    second.streams[0].finish()
    finals = [event async for event in again.events() if isinstance(event, FinalHeard)]
    await other.aclose()
    await again.aclose()

    assert [type(event) for event in events] == [HearingFailed]
    assert [(final.text, final.engine) for final in finals] == [("hello there", "b")]
    assert len(first.streams) == 2  # another caller starts with the first


async def test_ears_that_do_not_open_in_time_are_passed_over() -> None:
    class Stuck(ScriptedHearing):
        async def open(self, config):
            await asyncio.sleep(60)

    chain = HearingChain([("a", Stuck()), ("b", ScriptedHearing())], open_s=1)
    began = now()

    stream = await chain.open(HearingConfig())
    await stream.aclose()

    assert now() - began == pytest.approx(1)


async def test_a_chain_is_warm_when_one_engine_is() -> None:
    class Cold(ScriptedChat):
        async def warm(self):
            raise EngineFailed(EngineError(cause=Cause.AUTH))

    await ChatChain([("a", Cold([])), ("b", answering("ok"))]).warm()
    with pytest.raises(EngineFailed):
        await ChatChain([("a", Cold([])), ("b", Cold([]))]).warm()


async def test_a_reply_whose_end_was_heard_counts_though_nobody_listens_on() -> None:
    first = ScriptedChat([[DOWN], [DOWN], "ok", [DOWN], [DOWN]])
    chain = ChatChain([("a", first), ("b", answering("ok"))])
    for _ in range(5):
        async with aclosing(chain.stream(ASKED)) as events:
            while not isinstance(await anext(events), Finished):
                pass
        await asyncio.sleep(4)

    assert chain.links.states()[0].standing is Standing.CLOSED
    assert chain.links.states()[0].failures == 2


async def test_an_empty_reply_is_a_reply() -> None:
    chain = ChatChain([("a", ScriptedChat(lambda request: [Finished()])), ("b", failing())])

    assert await all_of(chain.stream(ASKED)) == [Finished()]
