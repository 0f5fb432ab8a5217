"""Tools beside the audio: in parallel, bounded, on record, once."""

import asyncio
from itertools import pairwise

import pytest

from core.chat import TextDelta, ToolCalled, ToolReturned, ToolsCalled
from core.facts import (
    AgentHeard,
    CallerSaid,
    HangUpRequested,
    Remembered,
    ToolFinished,
    ToolStarted,
    TransferAnnounced,
    TransferRequested,
    TurnDone,
)
from core.tools import (
    HangUp,
    Remember,
    ToolCall,
    ToolResult,
    ToolSpec,
    TransferCall,
)
from media_relay.call_settings import CallSettings, ThinkingSettings
from tests.relay.calls import MemoryControl, PlainCatalog, agent, calling, scenario, told
from tests.virtual_time import VIRTUAL


@pytest.fixture
def anyio_backend():
    return VIRTUAL


def wants(*names, **arguments):
    return [
        ToolCalled(call=ToolCall(id=f"model-{n}", name=name, arguments=arguments))
        for n, name in enumerate(names)
    ]


def tools(**runs):
    """A catalog with these tools; a name that ends with `_now` has side effects."""
    specs = {
        name: ToolSpec(
            name=name, description="", parameters={}, side_effects=name.endswith("_now"),
            timeout_s=2.0,
        )
        for name in runs
    }  # fmt: skip
    return PlainCatalog(specs=specs, runs=runs)


PATIENT = CallSettings(thinking=ThinkingSettings(max_rounds=9))


def with_tools(catalog):
    return {"catalog": catalog, "scenario": scenario(agent("Ann", tools=tuple(catalog.specs)))}


def slow(seconds, result):
    async def run(arguments, use):
        await asyncio.sleep(seconds)
        return result

    return run


async def test_a_tools_answer_is_spoken():
    catalog = tools(balance=slow(0.1, "ten dollars"))
    async with calling([wants("balance"), "You have ten dollars."], **with_tools(catalog)) as call:
        await call.until(TurnDone)
        call.says("my balance")
        turn = await call.until(TurnDone, count=2)

        assert turn.heard == "You have ten dollars."
        assert [(tool.name, tool.ok) for tool in turn.tools] == [("balance", True)]
        _, called, returned = call.chat.requests[-1].messages[-3:]
        assert isinstance(called, ToolsCalled)
        assert returned == ToolReturned(
            call_id=called.calls[0].id, name="balance", text="ten dollars"
        )


async def test_tools_run_side_by_side_and_words_bridge_a_long_wait():
    catalog = tools(one=slow(1.9, "1"), two=slow(1.8, "2"))
    async with calling([wants("one", "two"), "Three."], **with_tools(catalog)) as call:
        await call.until(TurnDone)
        call.says("add them")
        said = await call.until(CallerSaid)
        began = call.now
        turn = await call.until(TurnDone, count=2)
        finished = call.facts(ToolFinished)

        assert said
        assert turn.heard == "One moment, please. Three."
        assert [fact.name for fact in finished] == ["two", "one"]
        assert all(fact.ms < 2000 for fact in finished)
        assert call.now - began < 5


async def test_a_tool_that_hangs_does_not_hang_the_call():
    catalog = tools(hangs=slow(60, "never"))
    async with calling([wants("hangs"), "That does not work now."], **with_tools(catalog)) as call:
        await call.until(TurnDone)
        call.says("do it")
        turn = await call.until(TurnDone, count=2)

        assert turn.heard.endswith("That does not work now.")


async def test_a_side_effect_runs_only_after_it_is_on_record():
    seen = []

    def pay(arguments, use):
        seen.append((len(call.facts(ToolStarted)), use.key))
        return "paid"

    catalog = tools(pay_now=pay)
    async with calling([wants("pay_now", amount=5), "Paid."], **with_tools(catalog)) as call:
        await call.until(TurnDone)
        call.says("pay it")
        await call.until(TurnDone, count=2)

        (started,) = call.facts(ToolStarted)
        assert seen == [(1, started.key)]
        assert started.key


async def test_a_side_effect_is_refused_while_it_cannot_be_recorded():
    catalog = tools(pay_now=slow(0, "paid"))
    async with calling([wants("pay_now"), "Not now, sorry."], **with_tools(catalog)) as call:
        await call.until(TurnDone)
        call.control.down = True
        call.says("pay it")
        await call.after(12)
        call.control.down = False
        turn = await call.until(TurnDone, count=2)

        assert catalog.uses == []
        assert turn.heard.endswith("Not now, sorry.")
        assert call.facts(ToolFinished)[-1].error == "unrecorded"


async def test_a_started_tool_finishes_though_the_caller_interrupts():
    catalog = tools(pay_now=slow(1.5, "paid"))
    replies = [[TextDelta(text="I am paying it now. "), *wants("pay_now")], "It is paid."]
    async with calling(replies, **with_tools(catalog)) as call:
        await call.until(TurnDone)
        call.says("pay it")
        await call.until(ToolStarted)
        call.says("is it done")
        turn = await call.until(TurnDone, count=3)
        finished = await call.until(ToolFinished)

        assert len(catalog.uses) == 1
        assert finished.text == "paid"
        assert turn.heard == "It is paid."


@pytest.mark.parametrize("name", ["pay_now", "look"])
async def test_the_same_wish_is_done_once_a_turn(name):
    catalog = tools(**{name: slow(0.1, "done")})
    # Side by side, one after the other, and in the next turn.
    replies = [[*wants(name, n=5), *wants(name, n=5)], wants(name, n=5), "Done.", wants(name, n=5)]
    async with calling([*replies, "Again."], **with_tools(catalog)) as call:
        await call.until(TurnDone)
        call.says("do it")
        await call.until(TurnDone, count=2)
        done = len(catalog.uses)
        call.says("do it again")
        await call.until(TurnDone, count=3)

        told = [fact.text for fact in call.facts(ToolFinished)]
        assert done == 1
        assert len(catalog.uses) == 2
        assert [text == "done" for text in told] == [True, False, False, True]
        assert "It answered: done" in told[1]


async def test_what_failed_is_tried_once_more_and_what_changed_is_looked_at_again():
    answers = iter([ToolResult(text="no line", ok=False, error="failed"), "ten dollars", "five"])
    catalog = tools(look=lambda arguments, use: next(answers), pay_now=slow(0, "paid"))
    wishes = [wants("look")] * 3 + [wants("pay_now"), wants("look")]
    async with calling([*wishes, "Five."], settings=PATIENT, **with_tools(catalog)) as call:
        await call.until(TurnDone)
        call.says("pay and look")
        turn = await call.until(TurnDone, count=2)

        assert turn.heard == "Five."
        assert [name for name, _ in catalog.uses] == ["look", "look", "pay_now", "look"]


async def test_a_slow_tool_has_words_of_its_own_and_more_of_them_as_long_as_it_takes():
    spec = ToolSpec(
        name="search", description="", parameters={}, timeout_s=20, filler="Let me search for it."
    )
    catalog = PlainCatalog(specs={"search": spec}, runs={"search": slow(17, "found")})
    async with calling([wants("search"), "Found it."], **with_tools(catalog)) as call:
        await call.until(TurnDone)
        call.says("search")
        said = await call.until(CallerSaid)
        began = call.now
        turn = await call.until(TurnDone, count=2)

        assert said
        assert turn.heard.startswith("Let me search for it. One moment, please. I am still working")
        assert turn.heard.endswith("Found it.")
        times = [began, *(at for at, _ in call.wire.audio if at > began)]
        assert max(b - a for a, b in pairwise(times)) < 5.5


async def test_a_filler_waits_until_what_the_model_said_was_heard():
    catalog = tools(search=slow(1.9, "found"))
    long = "I will look into all of our records for you now, which takes a moment. "
    replies = [[TextDelta(text=long), *wants("search")], "Found it."]
    async with calling(replies, **with_tools(catalog)) as call:
        await call.until(TurnDone)
        call.says("search")
        turn = await call.until(TurnDone, count=2)

        assert turn.heard == f"{long}Found it."


async def test_a_model_that_only_calls_tools_is_stopped_with_honest_words():
    catalog = tools(loop=slow(0, "again"))

    def loops(request):
        return wants("loop", n=len(request.messages))

    async with calling(loops, **with_tools(catalog)) as call:
        await call.until(TurnDone)
        call.says("go")
        turn = await call.until(TurnDone, count=2)

        assert "could not work that out" in turn.heard
        assert len(catalog.uses) == 5


async def test_what_a_tool_remembers_is_there_for_the_next_step():
    def verify(arguments, use):
        return ToolResult(text="verified", effects=(Remember(slots={"client_id": "c1"}),))

    catalog = tools(verify=verify)
    async with calling([wants("verify"), "Welcome."], **with_tools(catalog)) as call:
        await call.until(TurnDone)
        call.says("it is me")
        await call.until(TurnDone, count=2)

        assert call.facts(Remembered) == [Remembered(slots={"client_id": "c1"})]
        assert call.chat.requests[-1].slots == {"client_id": "c1"}


async def test_a_goodbye_is_heard_before_the_call_ends():
    def hang_up(arguments, use):
        return ToolResult(text="Say goodbye.", effects=(HangUp(reason="done"),))

    catalog = tools(end_call=hang_up)
    async with calling(
        [wants("end_call"), "Thank you and goodbye."], **with_tools(catalog)
    ) as call:
        await call.until(TurnDone)
        call.says("that is all")
        ended = await call.until(HangUpRequested)

        assert ended == HangUpRequested(by="agent", reason="done")
        assert call.heard.endswith("Thank you and goodbye.")


async def test_a_transfer_is_asked_for_after_its_words_and_its_failure_is_told():
    def connect(arguments, use):
        effect = TransferCall(target="desk", reason="a lost card")
        return ToolResult(text="Connecting.", effects=(effect,))

    catalog = tools(connect=connect)
    replies = [wants("connect"), "I connect you now.", "Nobody is free, sorry."]
    async with calling(replies, **with_tools(catalog)) as call:
        await call.until(TurnDone)
        call.says("a person please")
        wanted = await call.until(TransferRequested)
        heard = call.heard
        await call.after(30)
        for _ in range(2):
            call.session.obey(told("transfer_failed", wanted.request_id, text="busy"))
        await call.until(AgentHeard, count=6)
        await call.silence()

        assert heard.endswith("I connect you now.")
        assert wanted.summary == "a lost card"
        assert "still there" not in call.heard
        assert call.heard.endswith("Nobody is free, sorry.")


async def test_an_announcement_of_an_agents_own_transfer_is_reported_when_it_was_heard():
    def connect(arguments, use):
        return ToolResult(text="Connecting.", effects=(TransferCall(target="desk"),))

    replies = [wants("connect"), "I connect you now."]
    async with calling(replies, **with_tools(tools(connect=connect))) as call:
        await call.until(TurnDone)
        call.says("a person please")
        wanted = await call.until(TransferRequested)
        call.session.obey(told("announce", wanted.request_id, text="You get our expert."))
        announced = await call.until(TransferAnnounced)

        assert announced.request_id == wanted.request_id
        assert call.heard.endswith("You get our expert.")
        assert len(call.facts(TransferRequested)) == 1


async def test_an_unknown_desk_is_told_to_the_model_only():
    def connect(arguments, use):
        return ToolResult(text="Connecting.", effects=(TransferCall(target="+15551234"),))

    catalog = tools(connect=connect)
    async with calling([wants("connect"), "I cannot do that."], **with_tools(catalog)) as call:
        await call.until(TurnDone)
        call.says("a person please")
        turn = await call.until(TurnDone, count=2)
        await call.after(3)

        assert turn.heard == "I cannot do that."
        assert not call.facts(TransferRequested)


async def test_a_side_effect_runs_once_though_its_relay_dies():
    done = {}

    async def pay(arguments, use):
        await asyncio.sleep(1.0)
        return done.setdefault(use.key, "paid number 1")

    catalog = tools(pay_now=pay)
    control = MemoryControl(with_tools(catalog)["scenario"])
    async with calling([wants("pay_now")], control=control, **with_tools(catalog)) as call:
        await call.until(TurnDone)
        call.says("pay it")
        await call.until(ToolStarted)
        control.down = True  # this relay is never heard of again
        await call.after(0.1)
        log = list(control.logs["call"])
        call.session.end("killed")
        await call.ended
        control.down = False
        control.epochs["call"] += 1
    control.logs["call"] = log
    async with calling(["It is paid."], control=control, **with_tools(catalog)) as call:
        turn = await call.until(TurnDone, count=2)

        assert len(done) == 1
        assert call.facts(ToolFinished)[-1].text == "paid number 1"
        assert turn.heard.endswith("It is paid.")


def verifying(run):
    """A catalog with one tool that changes something and takes a secret."""
    digits = {"type": "string", "writeOnly": True}
    spec = ToolSpec(
        name="verify",
        description="",
        parameters={"properties": {"name": {"type": "string"}, "digits": digits}},
        side_effects=True,
    )
    return PlainCatalog(specs={"verify": spec}, runs={"verify": run})


async def test_a_secret_argument_reaches_its_tool_and_nobody_else():
    taken = []

    def run(arguments, use):
        taken.append((arguments["digits"], use.key))
        return "verified"

    wish = wants("verify", name="Maria", digits="4127", last4="4127")
    other = wants("verify", name="Maria", digits="4128", last4="4128")
    async with calling([wish, other, "Welcome."], **with_tools(verifying(run))) as call:
        await call.until(TurnDone)
        call.says("it is me")
        turn = await call.until(TurnDone, count=2)

        shown = {"name": "Maria", "digits": "***", "last4": "***"}
        assert [digits for digits, _ in taken] == ["4127", "4128"]
        assert [fact.arguments for fact in call.facts(ToolStarted)] == [shown, shown]
        assert [run.arguments for run in turn.tools] == [shown, shown]
        assert len({key for _, key in taken}) == 1  # nothing of it in the key either
        assert "412" not in repr((call.control.logs, call.chat.requests[-1].messages))


async def test_a_tool_whose_secret_died_with_its_relay_is_not_run_on_a_guess():
    async def hang(arguments, use):
        await asyncio.Event().wait()

    catalog = verifying(hang)
    control = MemoryControl(with_tools(catalog)["scenario"])
    replies = [wants("verify", digits="4127")]
    async with calling(replies, control=control, **with_tools(catalog)) as call:
        await call.until(TurnDone)
        call.says("it is me")
        await call.until(ToolStarted)
        log = list(control.logs["call"])
        call.session.end("killed")
    control.logs["call"] = log
    catalog.uses.clear()
    async with calling(["Your digits again?"], control=control, **with_tools(catalog)) as call:
        await call.until(TurnDone, count=2)

        assert catalog.uses == []
        assert call.facts(ToolFinished)[-1].error == "interrupted"


async def test_a_tool_that_an_agent_was_not_offered_does_not_run():
    catalog = tools(pay_now=slow(0, "paid"))
    mine = {"catalog": catalog, "scenario": scenario(agent("Ann"))}
    async with calling([wants("pay_now", pin="4127"), "I cannot."], **mine) as call:
        await call.until(TurnDone)
        call.says("pay it")
        await call.until(TurnDone, count=2)

        assert catalog.uses == []
        assert call.facts(ToolFinished)[-1].error == "unknown_tool"
        assert call.facts(ToolStarted)[-1].arguments == {"pin": "***"}


async def test_a_long_answer_after_a_filler_is_spoken_to_its_end():
    catalog = tools(search=slow(3, "found"))
    long = " ".join(f"This is sentence number {name} of them all." for name in "abcdefgh")
    async with calling([wants("search"), long], **with_tools(catalog)) as call:
        await call.until(TurnDone)
        call.says("search")
        turn = await call.until(TurnDone, count=2)

        assert turn.heard == f"One moment, please. {long}"
