"""Reports and heartbeats: in order, once, bounded, patient."""

import asyncio

import pytest

from core.facts import AgentHeard, CallerSaid
from core.session import Directive, Heartbeat, LiveCall, OpenSession
from media_relay.heartbeat import Heart, HeartbeatSettings
from media_relay.reporting import Reporter, ReportSettings
from tests.relay.calls import PLAIN, MemoryControl
from tests.virtual_time import VIRTUAL


@pytest.fixture
def anyio_backend():
    return VIRTUAL


class LossyControl(MemoryControl):
    """Takes every report, but its first answers are lost."""

    def __init__(self, lose):
        super().__init__(PLAIN)
        self.lose = lose
        self.posts = []

    async def report(self, call_id, token, report):
        self.posts.append(len(report.events))
        answer = await super().report(call_id, token, report)
        if self.lose:
            self.lose -= 1
            from media_relay.control_plane import ControlUnavailable

            raise ControlUnavailable
        return answer


async def reporter_of(control, **settings):
    opened = await control.open_session("call", OpenSession(relay_id="r", connection_id="c"))
    return Reporter(
        control,
        call_id="call",
        epoch=opened.epoch,
        token=opened.token,
        wall_clock=lambda: 1.0,
        settings=ReportSettings(**settings),
    )


def said(n):
    return CallerSaid(turn=n, text=f"words {n}")


async def test_a_lost_answer_repeats_reports_and_changes_nothing():
    control = LossyControl(lose=3)
    reporter = await reporter_of(control)
    running = asyncio.create_task(reporter.run())
    for n in range(5):
        reporter.report(said(n), urgent=True)
    reporter.close()
    await running

    assert [fact.turn for fact in control.facts(CallerSaid)] == [0, 1, 2, 3, 4]
    assert len(control.posts) == 4


async def test_what_was_heard_grows_in_place_and_big_batches_are_cut():
    control = LossyControl(lose=0)
    reporter = await reporter_of(control)
    for n in range(100):
        reporter.report(AgentHeard(turn=1, agent="Ann", text="word " * n))
    for n in range(450):
        reporter.report(said(n))
    running = asyncio.create_task(reporter.run())
    reporter.close()
    await running

    assert len(control.facts(AgentHeard)) == 1
    assert len(control.facts(CallerSaid)) == 450
    assert control.posts == [200, 200, 51]


async def test_reports_are_bounded_and_stay_without_gaps():
    control = LossyControl(lose=0)
    reporter = await reporter_of(control, keep=10)
    for n in range(30):
        reporter.report(said(n))
    running = asyncio.create_task(reporter.run())
    reporter.close()
    await running

    assert [fact.turn for fact in control.facts(CallerSaid)] == list(range(10))


async def test_a_waiter_learns_when_its_fact_is_stored_or_that_it_is_not():
    control = LossyControl(lose=0)
    reporter = await reporter_of(control)
    control.down = True
    running = asyncio.create_task(reporter.run())
    number = reporter.report(said(1), urgent=True)

    assert not await reporter.acknowledged(number, within_s=2)
    control.down = False
    assert await reporter.acknowledged(number, within_s=10)
    reporter.close()
    await running


async def test_a_fact_that_was_dropped_is_never_taken_for_stored():
    reporter = await reporter_of(LossyControl(lose=0), keep=1)
    kept, dropped = reporter.report(said(1)), reporter.report(said(2))
    running = asyncio.create_task(reporter.run())

    assert await reporter.acknowledged(kept, within_s=10)
    assert not await reporter.acknowledged(dropped, within_s=10)
    reporter.close()
    await running


async def test_a_reporter_gives_up_long_after_the_call():
    control = LossyControl(lose=0)
    control.down = True
    reporter = await reporter_of_down(control)
    reporter.report(said(1))
    reporter.close()
    began = asyncio.get_running_loop().time()
    await reporter.run()

    assert 600 < asyncio.get_running_loop().time() - began < 620


async def reporter_of_down(control):
    return Reporter(control, call_id="call", epoch=1, token="t", wall_clock=lambda: 1.0)


class Pulse:
    """A heart with calls that a test can change."""

    def __init__(self, control):
        self.calls = ()
        self.obeyed = []
        self.heart = Heart(
            control,
            "relay",
            beat=lambda: Heartbeat(url="http://relay", calls=self.calls),
            obey=self.obeyed.append,
            settings=HeartbeatSettings(),
        )


async def test_a_heart_beats_at_start_with_calls_and_not_when_idle():
    control = MemoryControl(PLAIN)
    pulse = Pulse(control)
    running = asyncio.create_task(pulse.heart.run())
    await asyncio.sleep(60)
    idle = len(control.beats)
    pulse.calls = (LiveCall(call_id="call", epoch=1),)
    pulse.heart.changed()
    await asyncio.sleep(30)
    live = len(control.beats) - idle
    running.cancel()
    await asyncio.wait([running])

    assert idle == 1
    assert 55 <= live <= 62


async def test_a_directive_is_obeyed_once_and_acknowledged():
    control = MemoryControl(PLAIN)
    control.directives = (Directive(id="d1", call_id="call", kind="end"),)
    pulse = Pulse(control)
    pulse.calls = (LiveCall(call_id="call", epoch=1),)
    running = asyncio.create_task(pulse.heart.run())
    await asyncio.sleep(10)
    running.cancel()
    await asyncio.wait([running])

    assert [directive.id for directive in pulse.obeyed] == ["d1"]
    assert control.directives == ()
    assert control.beats[1].acknowledged == ("d1",)
