"""Keys of the caller's telephone: collected, given to their tool, and kept secret if they are."""

import asyncio

import pytest

from core.agents import HandoffType
from core.chat import ToolCalled
from core.facts import AgentHeard, CallerSaid, ToolFinished, ToolStarted, TurnDone
from core.tools import CollectDigits, ToolCall, ToolResult, ToolSpec
from tests.relay.calls import MemoryControl, PlainCatalog, agent, calling, edge, scenario
from tests.virtual_time import VIRTUAL

PIN = "4127"


@pytest.fixture
def anyio_backend():
    return VIRTUAL


class Pins:
    """A tool `ask` that wants the caller's pin, and `check_pin` that gets it."""

    def __init__(self, *, takes_s=0.0, checks_s=0.0, **wanted):
        self.taken = []
        self._takes_s = takes_s
        self._checks_s = checks_s
        self._wanted = {"then": "check_pin", "max_digits": 4, "secret": True, **wanted}
        specs = {name: ToolSpec(name=name, description="", parameters={}) for name in self.runs}
        self.catalog = PlainCatalog(specs=specs, runs=self.runs)
        self.scenario = scenario(agent("Ann", tools=tuple(specs)))

    @property
    def runs(self):
        return {"ask": self._ask, "check_pin": self._check}

    async def _ask(self, arguments, use):
        await asyncio.sleep(self._takes_s)
        return ToolResult(text="Ask for the pin.", effects=(CollectDigits(**self._wanted),))

    async def _check(self, arguments, use):
        await asyncio.sleep(self._checks_s)
        self.taken.append(dict(arguments))
        right = PIN in arguments.values()
        return ToolResult(text="The pin is right." if right else "Wrong pin.", ok=right)

    def calling(self, *replies, control=None):
        wish = [ToolCalled(call=ToolCall(id="w", name="ask", arguments={}))]
        return calling(
            [wish, *replies], scenario=self.scenario, catalog=self.catalog, control=control
        )


def press(call, keys):
    for key in keys:
        call.session.on_key(key)


def shown(call):
    """All that is on record, and all that the model was told."""
    return repr((call.control.logs, [request.messages for request in call.chat.requests]))


async def asked_for_the_pin(call):
    await call.until(TurnDone)
    call.says("log me in")
    await call.until(TurnDone, count=2)


async def test_keys_are_a_caller_message_after_a_pause_or_the_terminator():
    async with calling(["First.", "Second."]) as call:
        await call.until(TurnDone)
        press(call, "12")
        await call.until(TurnDone, count=2)
        press(call, "34#")
        await call.until(TurnDone, count=3)

        assert [fact.text for fact in call.facts(CallerSaid)] == ["pressed 1 2", "pressed 3 4"]


async def test_secret_keys_reach_their_tool_and_nobody_else():
    pins = Pins()
    async with pins.calling("Your pin please.", "Thanks.") as call:
        await asked_for_the_pin(call)
        press(call, PIN)
        turn = await call.until(TurnDone, count=3)

        assert pins.taken == [{"digits": PIN}]
        assert turn.heard == "Thanks."
        assert PIN not in shown(call)
        assert " ".join(PIN) not in shown(call)
        assert call.chat.requests[-1].messages[-1].text == "The pin is right."


async def test_keys_that_are_no_secret_reach_the_model_too():
    pins = Pins(secret=False, into="code", given={"name": "Maria"}, terminator="*", max_digits=9)
    async with pins.calling("The code, please.", "Thanks.") as call:
        await asked_for_the_pin(call)
        press(call, "41#7*")
        await call.until(TurnDone, count=3)

        assert pins.taken == [{"name": "Maria", "code": "41#7"}]
        assert call.facts(CallerSaid)[-1].text == "pressed 4 1 # 7"


async def test_a_number_may_end_with_a_pause_of_its_own():
    pins = Pins(pause_s=0.5)
    async with pins.calling("Your pin please.", "Too short.") as call:
        await asked_for_the_pin(call)
        press(call, "41")
        pressed = call.now
        await call.until(ToolFinished, count=2)

        assert pins.taken == [{"digits": "41"}]
        assert 0.5 <= call.now - pressed < 0.8


async def test_keys_pressed_before_they_were_asked_for_are_as_secret():
    pins = Pins(takes_s=1.0)
    async with pins.calling("Your pin please.", "Thanks.", "Thanks.") as call:
        await call.until(TurnDone)
        call.says("log me in, I know what you want")
        await call.until(CallerSaid)
        press(call, PIN)
        await call.until(ToolFinished, count=2)

        assert pins.taken == [{"digits": PIN}]
        assert " ".join(PIN) not in shown(call)


def check_with_what_stands_for_the_keys(request):
    arguments = {"digits": "[keys-A]"}
    return [ToolCalled(call=ToolCall(id="c", name="check_pin", arguments=arguments))]


async def test_keys_that_are_complete_before_they_were_asked_for_are_as_secret():
    pins = Pins(takes_s=5.0)
    async with pins.calling(check_with_what_stands_for_the_keys, "Thanks.") as call:
        await call.until(TurnDone)
        call.says("log me in, I know what you want")
        await call.until(ToolStarted)
        press(call, PIN)
        turn = await call.until(TurnDone, count=2)

        assert pins.taken == [{"digits": PIN}]
        assert turn.heard.endswith("Thanks.")
        assert " ".join(PIN) not in shown(call)


async def test_keys_are_as_secret_if_they_cut_the_answer_that_would_have_asked_for_them():
    pins = Pins()
    asks = [1.5, ToolCalled(call=ToolCall(id="w", name="ask", arguments={}))]
    replies = [asks, check_with_what_stands_for_the_keys, "Thanks."]
    async with calling(replies, scenario=pins.scenario, catalog=pins.catalog) as call:
        await call.until(TurnDone)
        call.says("log me in")
        await call.until(CallerSaid)
        await call.after(0.5)
        press(call, PIN + "#")
        await call.until(TurnDone, count=2)

        assert pins.taken == [{"digits": PIN}]
        assert " ".join(PIN) not in shown(call)


@pytest.mark.parametrize("checks_s", [0.0, 1.0])
async def test_a_key_too_many_is_as_secret_and_no_message(checks_s):
    pins = Pins(checks_s=checks_s)
    async with pins.calling("Your pin please.", "Thanks, that was right.", "Well?") as call:
        await asked_for_the_pin(call)
        press(call, PIN)
        await call.after(0.3)
        press(call, "9")
        await call.until(ToolFinished, count=2)
        await call.after(6)

        assert pins.taken == [{"digits": PIN}]
        assert "pressed" not in shown(call)
        assert "Thanks, that was right." in call.heard


async def test_words_in_between_neither_lose_nor_tell_the_keys():
    pins = Pins()
    async with pins.calling("Your pin please.", "Take your time.", "Thanks.", "Thanks.") as call:
        await asked_for_the_pin(call)
        call.says("one moment please")
        await call.until(TurnDone, count=3)
        press(call, PIN[:2])
        call.says("er")
        await call.until(CallerSaid, count=3)
        press(call, PIN[2:])
        await call.until(ToolFinished, count=2)

        assert pins.taken == [{"digits": PIN}]
        assert " ".join(PIN) not in shown(call)


async def test_a_wrong_number_that_is_pressed_again_unasked_is_as_secret():
    pins = Pins()
    async with pins.calling("Your pin please.", "That was wrong.", "Thanks.", "Menu.") as call:
        await asked_for_the_pin(call)
        press(call, "4128")
        await call.until(TurnDone, count=3)
        press(call, PIN)
        await call.until(TurnDone, count=4)
        press(call, "1#")
        await call.until(TurnDone, count=5)

        assert [taken["digits"] for taken in pins.taken] == ["4128", PIN]
        assert "4 1 2" not in shown(call)
        assert call.facts(CallerSaid)[-1].text == "pressed 1"  # no secret is wanted any more


async def test_the_terminator_after_a_complete_number_is_no_message():
    pins = Pins()
    async with pins.calling("Your pin please.", "Thanks, that was right.") as call:
        await asked_for_the_pin(call)
        press(call, PIN + "#")
        turn = await call.until(TurnDone, count=3)
        await call.after(4)

        assert turn.heard == "Thanks, that was right."
        assert len(call.facts(CallerSaid)) == 2


async def test_another_relay_knows_that_keys_are_secret():
    pins = Pins()
    control = MemoryControl(pins.scenario)
    async with pins.calling("Your pin please.", control=control) as call:
        await asked_for_the_pin(call)
        await call.after(1)
    async with calling(
        ["Thanks."], scenario=pins.scenario, catalog=pins.catalog, control=control
    ) as call:
        await call.after(0.5)
        await call.silence()
        press(call, PIN)
        await call.until(ToolFinished, count=2)

        assert pins.taken == [{"digits": PIN}]
        assert " ".join(PIN) not in shown(call)


async def test_who_keys_in_a_long_number_slowly_is_not_asked_whether_he_is_there():
    pins = Pins(max_digits=16)
    async with pins.calling("Your card, please.", "Thanks.") as call:
        await asked_for_the_pin(call)
        for key in "4000123412341234":
            press(call, key)
            await call.after(1.5)
        await call.until(TurnDone, count=3)

        assert pins.taken == [{"digits": "4000123412341234"}]
        assert call.heard.endswith("Your card, please. Thanks.")


async def test_keys_pressed_before_the_greeting_are_heard():
    async with calling(["You pressed one."]) as call:
        press(call, "1#")
        turn = await call.until(TurnDone)

        assert turn.heard.endswith("You pressed one.")


async def test_a_key_interrupts_the_agent():
    long = "There is a lot to say about this. It goes on for very long. And then there is more."
    async with calling([long, "Yes?"]) as call:
        await call.until(TurnDone)
        call.says("tell me")
        await call.until(AgentHeard, count=3)
        press(call, "0")
        pressed = call.now
        cut = await call.until(TurnDone, count=2)

        assert cut.interrupted
        assert call.wire.stops[-1] == pressed
        assert call.facts(CallerSaid)[0].interrupted is False


async def test_keys_for_a_tool_that_the_agent_does_not_have_are_not_collected():
    pins = Pins(then="nobody")
    async with pins.calling("Please say it.", "Yes?") as call:
        await asked_for_the_pin(call)

        assert call.facts(ToolFinished)[-1].error == "unknown_tool"
        assert call.session._journal.conversation.collecting is None


async def test_keys_that_nobody_asked_for_are_no_secret_unless_a_tool_takes_one():
    taken = []
    secret = {"properties": {"pin": {"type": "string", "writeOnly": True}}}
    spec = ToolSpec(name="check", description="", parameters=secret)

    def check(arguments, use):
        taken.append(dict(arguments))
        return "Right."

    def answer(request):
        said = request.messages[-1].text
        if "[" not in said:
            return "Thanks."
        stands_for_it = said[said.index("[") :]
        return [ToolCalled(call=ToolCall(id="c", name="check", arguments={"pin": stands_for_it}))]

    catalog = PlainCatalog(specs={"check": spec}, runs={"check": check})
    graph = scenario(agent("Ann", tools=("check",)))
    async with calling(answer, scenario=graph, catalog=catalog) as call:
        await call.until(TurnDone)
        press(call, PIN + "#")
        await call.until(TurnDone, count=2)
        press(call, "1#")
        await call.until(TurnDone, count=3)

        assert taken == [{"pin": PIN}]
        assert PIN not in shown(call)
        assert " ".join(PIN) not in shown(call)
        assert call.facts(CallerSaid)[-1].text == "pressed 1"


async def test_keys_that_one_agent_asked_for_are_not_taken_for_him_when_another_has_the_caller():
    pins = Pins()
    graph = scenario(
        agent("Ann", tools=tuple(pins.catalog.specs)),
        agent("Bob"),
        edges=(edge("Ann", "Bob", HandoffType.DISCRETE),),
    )
    ask, hand_over = (
        [ToolCalled(call=ToolCall(id="w", name=name, arguments={}))]
        for name in ("ask", "handoff_bob")
    )
    replies = [
        ask,
        "Your pin please.",
        hand_over,
        "Press one for gold.",
        "One?",
        "Gold.",
        "Thanks.",
    ]
    async with calling(replies, scenario=graph, catalog=pins.catalog) as call:
        await asked_for_the_pin(call)
        call.says("I would rather have a card")
        await call.until(TurnDone, count=3)
        for turns in (4, 5):  # nothing comes of it, so he tries again
            press(call, PIN + "#")
            await call.until(TurnDone, count=turns)
        press(call, "1#")
        await call.until(TurnDone, count=6)

        assert pins.taken == []
        assert PIN not in shown(call)
        assert " ".join(PIN) not in shown(call)
        assert call.facts(CallerSaid)[-1].text == "pressed 1"
