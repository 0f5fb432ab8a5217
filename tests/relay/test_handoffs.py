"""One agent hands the caller to another: what the caller and the next agent know of it."""

import pytest

from core.agents import GenericHandoff, HandoffType, SpeechSpec
from core.chat import AgentSaid, Note, TextDelta, ToolCalled, UserSaid
from core.facts import HandedOff, ToolFinished, TurnDone
from core.tools import HandOff, Remember, ToolCall, ToolResult, ToolSpec
from tests.relay.calls import PlainCatalog, agent, calling, edge, scenario
from tests.virtual_time import VIRTUAL

ANNOUNCED, DISCRETE = HandoffType.ANNOUNCED, HandoffType.DISCRETE


@pytest.fixture
def anyio_backend():
    return VIRTUAL


def hands_over(to, **arguments):
    call = ToolCall(id="h", name=f"handoff_{to.lower()}", arguments=arguments)
    return [ToolCalled(call=call)]


def two(kind, **fields):
    return scenario(
        agent("Ann", greeting="Hello, Ann here."),
        agent("Bob", greeting="Hi, I am Bob.", return_greeting="Bob again."),
        edges=(edge("Ann", "Bob", kind, **fields), edge("Bob", "Ann", kind)),
    )


async def test_an_announced_agent_introduces_himself_and_goes_on():
    replies = [hands_over("Bob", reason="cards"), "Which card?"]
    async with calling(replies, scenario=two(ANNOUNCED)) as call:
        await call.until(TurnDone)
        call.says("I want a card")
        turn = await call.until(TurnDone, count=2)

        assert turn.heard == "Hi, I am Bob. Which card?"
        assert turn.agent == "Bob"
        assert [(h.from_agent, h.to_agent, h.reason) for h in turn.handoffs] == [
            ("Ann", "Bob", "cards")
        ]
        assert turn.tools == ()
        assert {said.voice.name for said in call.speaking.said[-2:]} == {"voice of Bob"}


async def test_the_next_agent_knows_the_request_his_greeting_and_why_he_has_the_caller():
    replies = [hands_over("Bob", reason="cards", details="travels a lot"), "Which card?"]
    async with calling(replies, scenario=two(ANNOUNCED)) as call:
        await call.until(TurnDone)
        call.says("I want a card")
        await call.until(TurnDone, count=2)

        request = call.chat.requests[-1]
        note = request.messages[-1]

        assert request.agent.name == "Bob"
        assert UserSaid(text="I want a card") in request.messages
        assert request.messages[-2] == AgentSaid(text="Hi, I am Bob.", agent="Bob")
        assert isinstance(note, Note)
        assert "cards" in note.text
        assert request.slots["handoff_context"] == {"details": "travels a lot"}


async def test_a_discrete_agent_just_goes_on_answering():
    async with calling([hands_over("Bob"), "Which card?"], scenario=two(DISCRETE)) as call:
        await call.until(TurnDone)
        call.says("I want a card")
        turn = await call.until(TurnDone, count=2)

        assert turn.heard == "Which card?"
        assert call.speaking.said[-1].voice.name == "voice of Bob"


async def test_without_shared_context_the_next_agent_knows_only_the_last_words():
    replies = ["Noted.", hands_over("Bob"), "Which card?"]
    async with calling(replies, scenario=two(DISCRETE, share_context=False)) as call:
        await call.until(TurnDone)
        call.says("my secret is blue")
        await call.until(TurnDone, count=2)
        call.says("I want a card")
        await call.until(TurnDone, count=3)

        messages = call.chat.requests[-1].messages

        assert messages[0] == UserSaid(text="I want a card")
        assert "blue" not in repr(messages)


async def test_words_before_a_handoff_are_spoken_by_the_one_who_said_them():
    replies = [[TextDelta(text="Bob will help. "), *hands_over("Bob")], "Which card?"]
    async with calling(replies, scenario=two(ANNOUNCED)) as call:
        await call.until(TurnDone)
        call.says("I want a card")
        turn = await call.until(TurnDone, count=2)

        voices = [(said.text, said.voice.name) for said in call.speaking.said[-3:]]

        assert turn.heard == "Bob will help. Hi, I am Bob. Which card?"
        assert voices[0] == ("Bob will help.", "voice of Ann")
        assert voices[1] == ("Hi, I am Bob.", "voice of Bob")


async def test_a_silent_handoff_may_have_a_farewell():
    farewell = two(ANNOUNCED, farewell="One moment, I connect you.")
    async with calling([hands_over("Bob"), "Which card?"], scenario=farewell) as call:
        await call.until(TurnDone)
        call.says("I want a card")
        turn = await call.until(TurnDone, count=2)

        assert turn.heard == "One moment, I connect you. Hi, I am Bob. Which card?"


async def test_who_was_here_before_does_not_introduce_himself_again():
    replies = [hands_over("Bob"), "Which?", hands_over("Ann"), "Yes?", hands_over("Bob"), "So?"]
    async with calling(replies, scenario=two(ANNOUNCED)) as call:
        await call.until(TurnDone)
        for n, words in enumerate(("a card", "back to Ann", "and Bob")):
            call.says(words)
            turn = await call.until(TurnDone, count=n + 2)

        assert turn.heard == "Bob again. So?"


async def test_a_refused_handoff_is_told_to_the_model():
    graph = scenario(
        agent("Ann"), agent("Bob"), agent("Eve"),
        generic=GenericHandoff(enabled=True, allowed_targets=("Bob",)),
    )  # fmt: skip
    call_eve = ToolCall(id="h", name="handoff_to_agent", arguments={"target_agent": "Eve"})
    async with calling([[ToolCalled(call=call_eve)], "I can help you."], scenario=graph) as call:
        await call.until(TurnDone)
        call.says("Eve please")
        turn = await call.until(TurnDone, count=2)

        assert turn.heard == "I can help you."
        assert not call.facts(HandedOff)
        assert "only to: Bob" in call.facts(ToolFinished)[-1].text


async def test_agents_cannot_pass_the_caller_round_for_ever():
    def passes_on(request):
        return hands_over("Bob" if request.agent.name == "Ann" else "Ann")

    async with calling(passes_on, scenario=two(DISCRETE)) as call:
        await call.until(TurnDone)
        call.says("go")
        turn = await call.until(TurnDone, count=2)

        assert len(turn.handoffs) == 3
        assert "could not work that out" in turn.heard


async def test_a_chain_of_handoffs_in_one_turn_lets_each_speak_for_himself():
    graph = scenario(
        agent("Ann"),
        agent("Bob", greeting="Hi, I am Bob."),
        agent("Eve", greeting="Eve here."),
        edges=(edge("Ann", "Bob", ANNOUNCED), edge("Bob", "Eve", ANNOUNCED)),
    )
    replies = [hands_over("Bob", reason="cards", x=1), hands_over("Eve"), "Which one?"]
    async with calling(replies, scenario=graph) as call:
        await call.until(TurnDone)
        call.says("a card")
        turn = await call.until(TurnDone, count=2)

        voices = [said.voice.name for said in call.speaking.said[-3:]]
        assert turn.heard == "Hi, I am Bob. Eve here. Which one?"
        assert voices == ["voice of Bob", "voice of Eve", "voice of Eve"]
        # What Ann told Bob was not meant for Eve.
        assert "handoff_context" not in call.chat.requests[-1].slots


async def test_only_one_of_two_colleagues_asked_at_once_gets_the_caller():
    graph = scenario(
        agent("Ann"),
        agent("Bob"),
        agent("Eve"),
        edges=(
            edge("Ann", "Bob", DISCRETE),
            edge("Ann", "Eve", DISCRETE),
            edge("Bob", "Eve", DISCRETE),
        ),
    )
    both = [*hands_over("Bob"), *hands_over("Eve")]
    async with calling([both, "Bob speaking."], scenario=graph) as call:
        await call.until(TurnDone)
        call.says("somebody")
        turn = await call.until(TurnDone, count=2)

        assert turn.agent == "Bob"
        assert [made.to_agent for made in turn.handoffs] == ["Bob"]
        assert "one colleague only" in call.facts(ToolFinished)[-1].text


async def test_a_tools_effect_hands_over_too():
    def refer(arguments, use):
        return ToolResult(text="Bob knows.", effects=(HandOff(to_agent="bob", reason="cards"),))

    catalog = PlainCatalog(
        specs={"refer": ToolSpec(name="refer", description="", parameters={})},
        runs={"refer": refer},
    )
    graph = scenario(
        agent("Ann", tools=("refer",)),
        agent("Bob", greeting="Hi, I am Bob."),
        edges=(edge("Ann", "Bob", ANNOUNCED),),
    )
    wish = [ToolCalled(call=ToolCall(id="r", name="refer", arguments={}))]
    async with calling([wish, "Which card?"], scenario=graph, catalog=catalog) as call:
        await call.until(TurnDone)
        call.says("I want a card")
        turn = await call.until(TurnDone, count=2)

        assert turn.heard == "Hi, I am Bob. Which card?"


async def test_the_caller_is_heard_in_the_next_agents_language():
    graph = scenario(
        agent("Ann"),
        agent("Bob", speech=SpeechSpec(language="de-DE", vad_silence_timeout_ms=700)),
        edges=(edge("Ann", "Bob", ANNOUNCED),),
    )
    async with calling([hands_over("Bob"), "Ja?", "Gut."], scenario=graph) as call:
        await call.until(TurnDone)
        call.says("auf deutsch bitte")
        await call.until(TurnDone, count=2)
        call.says("hallo")
        turn = await call.until(TurnDone, count=3)

        streams = call.hearing.streams

        assert [stream.config.language for stream in streams] == ["en-US", "de-DE"]
        assert not streams[0].open
        assert turn.heard == "Gut."


async def test_who_gets_the_caller_back_knows_what_he_knew_and_what_he_is_told():
    def verify(arguments, use):
        return ToolResult(text="It is Maria.", effects=(Remember(slots={"client_id": "c1"}),))

    def order(arguments, use):
        return ToolResult(text="Ordered.", effects=(Remember(slots={"card": "gold"}),))

    specs = {
        name: ToolSpec(name=name, description="", parameters={}) for name in ("verify", "order")
    }
    catalog = PlainCatalog(specs=specs, runs={"verify": verify, "order": order})
    graph = scenario(
        agent("Ann", tools=("verify",)),
        agent("Bob", tools=("order",)),
        edges=(edge("Ann", "Bob", DISCRETE, share_context=False), edge("Bob", "Ann", DISCRETE)),
    )

    def asks(tool):
        return [ToolCalled(call=ToolCall(id="t", name=tool, arguments={}))]

    replies = [
        asks("verify"),
        "Welcome.",
        hands_over("Bob"),
        asks("order"),
        "Done.",
        hands_over("Ann"),
    ]
    async with calling([*replies, "Anything else?"], scenario=graph, catalog=catalog) as call:
        await call.until(TurnDone)
        for n, words in enumerate(("it is Maria", "a golden card", "and my balance"), start=2):
            call.says(words)
            await call.until(TurnDone, count=n)
        bob, ann = call.chat.requests[3], call.chat.requests[-1]

        assert (bob.agent.name, bob.slots) == ("Bob", {})
        assert "it is Maria" not in repr(bob.messages)
        assert (ann.agent.name, ann.slots) == ("Ann", {"client_id": "c1", "card": "gold"})
        said = [message.text for message in ann.messages if isinstance(message, UserSaid)]
        assert said == ["it is Maria", "a golden card", "and my balance"]


async def test_the_next_agent_waits_for_the_caller_as_long_as_it_wants_to():
    slow = agent("Bob", speech=SpeechSpec(min_silence_ms=1_500))
    graph = scenario(agent("Ann"), slow, edges=(edge("Ann", "Bob", DISCRETE),))
    async with calling([hands_over("Bob"), "Which card?", "Noted."], scenario=graph) as call:
        await call.until(TurnDone)
        call.says("I want a card")
        first = await call.until(TurnDone, count=2)
        call.says("the golden one")
        second = await call.until(TurnDone, count=3)

        assert first.latency.endpointing < 700
        assert 1_450 <= second.latency.endpointing < 1_700
        assert len(call.hearing.streams) == 1
