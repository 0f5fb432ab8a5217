"""One call: ears, voice and thoughts, and the turn machine that decides among them.

Everything that happens is fed to the turn machine, one event at a time; everything that is done is
an output of it. One task group owns every task of the call.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import suppress
from typing import Any, assert_never

from core import turn as t
from core.conversation import rebuild
from core.facts import Direction, EngineStumbled, LanguageRecognised, MediaDetached, Remembered
from core.languages import speech_of, spoken_after
from core.phrases import phrases_in
from core.session import Directive, Session
from core.speech import FinalHeard, HearingEvent, PartialHeard
from core.tools import Effect, ToolResult
from core.turn import Floor, Purpose, TurnState, pressed, quiet_for, settings_with
from core.waiting_sound import WaitingSound
from media_relay.call_settings import CallSettings, Engines, answering_of
from media_relay.catalog import Catalog, Scene, scene_of
from media_relay.closing import Closings
from media_relay.consent import Consent
from media_relay.foresight import Foresight
from media_relay.hearing import Hearer
from media_relay.journal import Journal
from media_relay.measuring import CallMeter
from media_relay.opening import Opening
from media_relay.people import People
from media_relay.playout import Playout
from media_relay.replies import Replies
from media_relay.reporting import Reporter
from media_relay.speaking import Mouth
from media_relay.thinking import Thinker
from media_relay.toolwork import ToolWork
from media_relay.turn_driver import TurnDriver
from media_relay.waiting import Waiting
from media_relay.wire import Wire

log = logging.getLogger(__name__)

DRAINING = "draining"  # why a call leaves a relay that stops: to go on at another one


class CallSession:
    """A call from the moment its session is open. `run` is its life."""

    def __init__(
        self,
        session: Session,
        *,
        wire: Wire,
        engines: Engines,
        catalog: Catalog,
        reporter: Reporter,
        settings: CallSettings,
        meter: CallMeter | None = None,
    ) -> None:
        self.session = session
        self._wire = wire
        self._catalog = catalog
        self._settings = settings
        self._loop = asyncio.get_running_loop()
        before = rebuild(session.scenario.start_agent, session.log)
        self._journal = Journal(before, reporter, meter)
        conversation = self._journal.conversation
        state = TurnState(
            turn=conversation.turn,
            answered=conversation.talked,
            turn_done=conversation.turn - (not conversation.reply_done),
            news=(Purpose.ANSWER,) if conversation.news else (),
        )
        self._turns = TurnDriver(state, settings.turn, do=self._do)
        self._saying = ""  # all of the present reply so far
        self._leaving: asyncio.TimerHandle | None = None
        self._preparing: asyncio.Task[None] | None = None
        self._over: asyncio.Future[str] = self._loop.create_future()
        self._tasks = asyncio.TaskGroup()
        self._running: set[asyncio.Task[ToolResult]] = set()
        self._closings = Closings(f"{session.call_id}-{session.epoch}")
        self._hearer = Hearer(
            engines.hearing,
            on_event=self._heard,
            on_stumble=self._deaf,
            on_lost=lambda: self._feed(t.HearingLost(at=self._loop.time())),
            tries=engines.hearing_tries,
            settings=settings.endpointing,
            judge=engines.judge,
        )
        self._playout = Playout(
            wire, settings.playout, on_sounding=self._on_sounding, on_dry=self._on_dry
        )
        self._waiting = Waiting(wire, after_s=settings.sound_after_s)
        self._foresight = Foresight(engines.chat, self._tasks.create_task)
        self._replies, self._people = self._wired(engines)
        self._opening = Opening(
            answering_of(settings.answering, session.scenario),
            self._journal,
            self._replies,
            state=lambda: self._turns.state,
            feed=self._feed,
            close=self._close,
        )

    def _wired(self, engines: Engines) -> tuple[Replies, People]:
        settings = self._settings
        tools = ToolWork(
            self._catalog,
            self._journal,
            epoch=self.session.epoch,
            spawn=self._spawn_tool,
            clock=self._loop.time,
            settings=settings.tools,
        )
        self._thinker = Thinker(
            self._foresight,
            self._catalog,
            self._journal,
            tools,
            scene=self._scene,
            on_agent=self._follow_agent,
            phrases=settings.phrases,
            settings=settings.thinking,
            tool_settings=settings.tools,
        )
        mouth = Mouth(
            engines.speaking,
            self._playout,
            timeout_s=settings.speak_s,
            on_audio=lambda generation: self._replies.made(generation),  # noqa: PLW0108 (made later)
            on_served=lambda event: self._replies.served(event),  # noqa: PLW0108
        )
        replies = Replies(
            journal=self._journal,
            catalog=self._catalog,
            thinker=self._thinker,
            tools=tools,
            mouth=mouth,
            playout=self._playout,
            scene=self._scene,
            feed=self._feed,
            effects=self._effects,
            decided=lambda: self._hearer.decided,
            quiet_for=lambda: quiet_for(self._turns.state, self._loop.time()),
            ears=lambda: self._hearer.engine,
            tasks=self._tasks,
            phrases=settings.phrases,
            consent=Consent(
                self.session.recording,
                self._journal,
                settings.phrases,
                lambda: phrases_in(self._scene().language, settings.phrases),
                lambda: self._catalog.tools(self._scene()),
            ),
            heard_every_s=settings.heard_every_s,
        )
        people = People(
            journal=self._journal,
            closings=self._closings,
            replies=replies,
            mouth=mouth,
            playout=self._playout,
            tasks=self._tasks,
            scene=self._scene,
            feed=self._feed,
            generation=lambda: self._turns.state.generation,
            end=self.end,
        )
        return replies, people

    # --- life ------------------------------------------------------------------------------------

    async def run(self, joined: Callable[[], Awaitable[bool]] | None = None) -> str:
        """Hold the call until it is over; return why it ended.

        It listens at once, since connecting takes time, and speaks when the caller has `joined`.
        """
        reason = "fault"
        try:
            async with self._tasks:
                self._follow_agent()
                await self._begin(joined)
                reason = await self._over
                await self._let_go()
        finally:
            self._turns.stop()
            if self._leaving is not None:
                self._leaving.cancel()
            self._replies.close()
            self._wire.close(reason)
            detached = MediaDetached(
                epoch=self.session.epoch, reason=reason, handed_on=reason == DRAINING
            )
            self._journal.write(detached, urgent=True)
        return reason

    async def _begin(self, joined: Callable[[], Awaitable[bool]] | None) -> None:
        """Greet a caller, or go on where another relay lost him."""
        new = not self._turns.state.answered
        known: Mapping[str, Any] = {}
        with suppress(TimeoutError):
            async with asyncio.timeout(self._settings.about_s):
                await self._catalog.warm(self.session.scenario)
                known = await self._catalog.about(self.session.leg) if new else {}
        if known:
            self._journal.write(Remembered(slots=known))
        if joined is not None and not await joined():
            self.end("never connected")
            return
        self._preparing = self._tasks.create_task(self._thinker.prepare())
        self._opening.begin(ours=self.session.leg.direction is Direction.OUTBOUND)

    def end(self, reason: str) -> None:
        """Let go of the call at once: it is over, elsewhere, or must move."""
        self._turns.stop()
        if not self._over.done():
            self._over.set_result(reason)

    def obey(self, directive: Directive) -> None:
        """Do what the control plane wants of this call."""
        self._people.obey(directive)

    @property
    def floor(self) -> Floor:
        """Who has the floor."""
        return self._turns.state.floor

    async def _let_go(self) -> None:
        """Be silent and deaf, and give started tools the time to be recorded."""
        self._turns.stop()
        self._hearer.stop()
        self._foresight.withdraw()
        self._opening.stop()
        self._people.close()
        self._replies.close()
        if self._preparing is not None:
            self._preparing.cancel()
        if self._running:
            await asyncio.wait(self._running, timeout=self._settings.tools_s)
        for task in self._running:
            task.cancel()

    # --- what comes from outside -----------------------------------------------------------------

    def on_audio(self, pcm: bytes, timestamp: str) -> None:
        """Take the caller's next audio."""
        self._hearer.push(pcm, timestamp, self._loop.time())
        self._opening.on_audio(pcm)
        self._playout.nudge()
        if self._waiting.sound is not WaitingSound.NONE:
            self._waiting.tick(self._turns.state, self._loop.time())

    def on_key(self, key: str) -> None:
        """Take a key of the caller's telephone."""
        # It may have been pressed before the call's tasks have begun.
        self._loop.call_soon(self._key, key)

    def _key(self, key: str) -> None:
        if self._people.pressed(key):
            return
        wanted = self._journal.conversation.collecting
        self._feed(pressed(key, wanted, at=self._loop.time()))

    def on_closed(self, reason: str) -> None:
        """The socket is gone."""
        self.end(reason)

    def _on_sounding(self, generation: int) -> None:
        if self._people.speaks(generation):
            return
        self._hearer.agent_sounds()
        self._replies.sounding()
        self._feed(t.Sounding(at=self._loop.time(), generation=generation))

    def _on_dry(self, generation: int, pieces: int) -> None:
        self._feed(t.RanDry(at=self._loop.time(), generation=generation, pieces=pieces))

    def _follow_agent(self) -> None:
        """Hear, take turns and wait as the present agent does, in the caller's language."""
        scene = self._scene()
        agent = scene.agent
        speech = speech_of(agent, scene.conversation.language)
        self._hearer.start(self._tasks, speech)
        self._turns.settings = settings_with(
            self._settings.turn, speech=speech, silence=agent.silence
        )
        self._waiting.sound = agent.waiting_sound

    def _heard(self, event: HearingEvent) -> None:
        if self._people.heard(event):
            return
        if isinstance(event, FinalHeard):
            known = self._journal.conversation.language
            spoken = spoken_after(known, event.language, event.text)
            if spoken != known:
                self._journal.write(LanguageRecognised(language=spoken), urgent=True)
        if self._opening.takes(event):
            return
        words = isinstance(event, PartialHeard | FinalHeard)
        asked = words and "?" in self._playout.begun()
        self._feed(t.Heard(at=self._loop.time(), event=event, asked=asked))

    def _deaf(self, cause: str) -> None:
        self._journal.write(EngineStumbled(engine="hearing", cause=cause))

    # --- the turn machine ------------------------------------------------------------------------

    def _feed(self, event: t.Event) -> None:
        self._turns.feed(event)

    def _do(self, output: t.Output) -> None:  # noqa: C901, PLR0912 one row per output
        match output:
            case t.Take():
                self._replies.take(output)
            case t.Correct():
                self._replies.correct(output)
            case t.BreakNews():
                self._replies.break_news(output)
            case t.ThinkAhead(text=text, interrupted=interrupted):
                self._thinker.think_ahead(text, interrupted=interrupted)
            case t.ThinkAgain():
                self._foresight.withdraw()
            case t.Generate():
                self._saying = ""
                self._replies.generate(output)
            case t.Say(text=text):
                self._saying = f"{self._saying} {text}" if text else self._saying
                self._hearer.agent_said(self._saying)
                self._replies.say(output)
            case t.StopTalking():
                self._replies.stop()
            case t.Pause():
                self._playout.pause()
            case t.Resume():
                self._playout.resume()
            case t.Settled():
                self._replies.settled()
            case t.TurnOver():
                self._replies.turn_over(output)
            case t.Close(closing=closing):
                self._close(closing)
            case _:
                assert_never(output)

    def _close(self, closing: t.Closing) -> None:
        self._journal.write(self._closings.fact(closing), urgent=True)
        if closing.kind == "hang_up":
            wait_s = self._settings.after_close_s
            self._leaving = self._loop.call_later(wait_s, self.end, "hung up")

    def _effects(self, generation: int, effects: tuple[Effect, ...]) -> None:
        """Do what tools asked of the call, unless the caller has gone on to something else."""
        if generation != self._turns.state.generation:
            return
        at = self._loop.time()
        for effect in effects:
            closing = self._closings.closing(effect)
            if closing is not None:
                self._feed(t.ClosingWanted(at=at, generation=generation, closing=closing))

    def _scene(self) -> Scene:
        return scene_of(self.session, self._journal.conversation)

    def _spawn_tool(self, work: Coroutine[Any, Any, ToolResult]) -> asyncio.Task[ToolResult]:
        task = self._tasks.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task
