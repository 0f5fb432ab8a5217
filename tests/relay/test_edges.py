"""What breaks in one call, or comes at the wrong moment: it ends with that call."""

import asyncio
from typing import cast

import pytest
from picows import WSTransport

from adapters.scripted import ScriptedChat, ScriptedHearing, ScriptedSpeaking, spoken
from core.chat import ToolCalled, UserSaid
from core.facts import TurnDone
from core.session import REPORT
from core.tools import ToolCall
from media_relay.call_settings import Engines
from media_relay.media_socket import MediaSocket
from tests.relay.calls import MemoryControl, calling, scenario, told
from tests.relay.lines import Line, calls_of, connected
from tests.virtual_time import VIRTUAL

HALF = "\ud83d"  # of a letter: no encoding has it


@pytest.fixture
def anyio_backend():
    return VIRTUAL


class WrittenControl(MemoryControl):
    """Reports are written down on their way, as they are over HTTP."""

    async def report(self, call_id, token, report):
        REPORT.dump_json(report)
        return await super().report(call_id, token, report)


def careless(request):
    """Ask, as a model of somebody's own, for a tool whose name nobody can write down."""
    last = request.messages[-1]
    if isinstance(last, UserSaid) and last.text == "break":
        return [ToolCalled(call=ToolCall(id="1", name=f"look{HALF}", arguments={}))]
    return "Yes."


def crashing(request):
    raise ValueError("a mistake in somebody's own engine")


class LingeringEars(ScriptedHearing):
    """Ears that take their time to let go."""

    async def open(self, config):
        stream = await super().open(config)
        close = stream.aclose

        async def aclose():
            await asyncio.sleep(5)
            await close()

        stream.aclose = aclose
        return stream


def engines(think, hearing=None):
    return Engines(
        hearing=hearing or ScriptedHearing(), chat=ScriptedChat(think), speaking=ScriptedSpeaking()
    )


async def test_a_call_whose_reports_cannot_be_told_ends_alone():
    control = WrittenControl(scenario())
    async with asyncio.TaskGroup() as tasks:
        calls = calls_of(control, engines(careless), tasks)
        broken, fine = await connected(calls, "broken"), await connected(calls, "fine")
        await asyncio.gather(broken.talk(3), fine.talk(3))
        broken.sound, fine.sound = spoken("break", ms=160), spoken("my balance", ms=160)
        await asyncio.gather(broken.talk(3), fine.talk(3))
        live = [each.call_id for each in calls.live()]
        await calls.drain(0, tell_s=1)

    assert live == ["fine"]
    assert control.facts(TurnDone, "fine")[-1].heard == "Yes."


async def test_what_is_told_to_a_call_that_just_breaks_is_no_matter_of_others():
    loop = asyncio.get_running_loop()
    broken, before = [], loop.get_exception_handler()
    loop.set_exception_handler(lambda _, context: broken.append(context["exception"]))
    async with asyncio.TaskGroup() as tasks:
        calls = calls_of(MemoryControl(scenario()), engines(crashing, LingeringEars()), tasks)
        line = await connected(calls, "call")
        await line.talk(3)
        line.sound = spoken("my balance", ms=160)
        await line.talk(2)

        calls.obey(told("consult", "t1", text="Somebody is on the line."))

        await line.talk(1)
        await calls.drain(10, tell_s=1)
    loop.set_exception_handler(before)

    assert broken == []  # and obey raised nothing either, where it would have ended the relay


async def test_what_an_engine_quotes_when_it_breaks_is_in_no_log(caplog):
    def quoting(request):
        raise ValueError(f"cannot answer {request.messages[-1].text!r}")

    async with asyncio.TaskGroup() as tasks:
        calls = calls_of(MemoryControl(scenario()), engines(quoting), tasks)
        line = await connected(calls, "call")
        await line.talk(3)
        line.sound = spoken("my balance", ms=160)
        await line.talk(2)
        live = calls.live()

    assert live == ()
    assert "in quoting" in caplog.text
    assert "my balance" not in caplog.text


async def test_nobody_is_consulted_in_a_call_that_is_left():
    async with calling([]) as call:
        await call.until(TurnDone)
        call.session.end("ended")
        await call.after(0.001)
        call.session.obey(told("consult", "t1", text="Somebody is on the line."))

        async with asyncio.timeout(60):
            reason = await call.ended

        assert reason == "ended"


async def test_a_carrier_that_is_let_in_after_its_call_has_broken_is_hung_up():
    media = MediaSocket("call")
    line = Line(media)
    media.close("fault")

    media.on_ws_connected(cast("WSTransport", line))

    assert line.gone
    assert not await media.connected(1)
