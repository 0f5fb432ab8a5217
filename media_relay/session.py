"""One call: ears, voice and thoughts, and the turn machine that decides among them.

Everything that happens is fed to the turn machine, one event at a time; everything that is done is
an output of it. One task group owns every task of the call.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from core import turn as t
from core.conversation import rebuild
from core.facts import EngineStumbled, MediaDetached
from core.languages import speech_of
from core.ports import Speaking
from core.session import Directive, Session
from core.speech import FinalHeard, HearingEvent, PartialHeard
from core.turn import Floor, Purpose, pressed, settings_with
from core.waiting_sound import WaitingSound
from media_relay.call_settings import CallSettings, Engines
from media_relay.callers_language import CallersLanguage
from media_relay.catalog import Catalog
from media_relay.closing import Closings
from media_relay.fixed_words import FixedWords
from media_relay.hearing import Hearer
from media_relay.journal import Journal
from media_relay.leaving import Leaving
from media_relay.measuring import CallMeter
from media_relay.media_socket import TAKES_NOTHING
from media_relay.opening import Opening
from media_relay.people import People
from media_relay.playout import Playout
from media_relay.present_turn import PresentTurn
from media_relay.replies import Replies
from media_relay.reporting import Reporter
from media_relay.stage import Stage
from media_relay.thinking import Thinker
from media_relay.turn_driver import TurnDriver, state_after
from media_relay.waiting import Waiting
from media_relay.wire import Wire

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
        self._loop = asyncio.get_running_loop()
        before = rebuild(session.scenario.start_agent, session.log)
        self._journal = Journal(before, reporter, meter)
        self._stage = Stage(
            session=session,
            catalog=catalog,
            journal=self._journal,
            settings=settings,
            tasks=asyncio.TaskGroup(),
        )
        self._language = CallersLanguage(self._journal)
        self._turns = TurnDriver(state_after(before), settings.turn, do=self._do)
        self._playout = Playout(
            wire, settings.playout, on_sounding=self._on_sounding, on_dry=self._on_dry
        )
        self._waiting = Waiting(wire, after_s=settings.sound_after_s)
        self._hearer = self._ears(engines)
        chat = engines.chat if meter is None else meter.watched(engines.chat)
        self._thinker = Thinker(chat, self._stage, on_agent=self._follow_agent, on_owed=self._owed)
        self._speaking(engines.speaking)

    def _ears(self, engines: Engines) -> Hearer:
        return Hearer(
            engines.hearing,
            on_event=self._heard,
            on_stumble=self._deaf,
            on_lost=lambda: self._turns.feed(t.HearingLost(at=self._loop.time())),
            tries=engines.hearing_tries,
            settings=self._stage.settings.endpointing,
            judge=engines.judge,
        )

    def _speaking(self, engine: Speaking) -> None:
        """Put together what speaks: to the caller, to people, first of all and at the end."""
        stage, turns = self._stage, self._turns
        turn, fixed = PresentTurn(self._journal, self._hearer), FixedWords(stage)
        closings = Closings(self.session.call_id)
        self._leaving = Leaving(stage, turns, closings)
        self._replies = Replies(
            stage,
            turns,
            thinker=self._thinker,
            speaking=engine,
            playout=self._playout,
            turn=turn,
            fixed=fixed,
            close=self._leaving.wanted,
            saying=self._hearer.agent_said,
        )
        self._people = People(
            stage,
            turns,
            closings=closings,
            fixed=fixed,
            mouth=self._replies.mouth,
            playout=self._playout,
            end=self._leaving.end,
        )
        self._opening = Opening(stage, turns, overheard=turn.overheard)

    # --- life ------------------------------------------------------------------------------------

    async def run(self, joined: Callable[[], Awaitable[bool]] | None = None) -> str:
        """Hold the call until it is over; return why it ended.

        It listens at once, since connecting takes time, and speaks when the caller has `joined`.
        """
        reason = "fault"
        try:
            async with self._stage.tasks:
                self._follow_agent()
                await self._begin(joined)
                reason = await self._leaving.over
                await self._let_go(reason)
        finally:
            self._turns.stop()
            self._leaving.stop()
            self._replies.close(reason)
            self._wire.close(reason)
            detached = MediaDetached(
                epoch=self.session.epoch,
                reason=reason,
                handed_on=reason == DRAINING,
                unheard=reason == TAKES_NOTHING,
            )
            self._journal.write(detached, urgent=True)
        return reason

    async def _begin(self, joined: Callable[[], Awaitable[bool]] | None) -> None:
        """Greet a caller, or go on where another relay lost him."""
        await self._opening.look_up()
        if joined is not None and not await joined():
            self.end("never connected")
            return
        self._thinker.prepare()
        self._opening.begin()

    def end(self, reason: str) -> None:
        """Let go of the call at once: it is over, elsewhere, or must move."""
        self._leaving.end(reason)

    def obey(self, directive: Directive) -> None:
        """Do what the control plane wants of this call, unless it is left already."""
        if not self._leaving.over.done():
            self._people.obey(directive)

    @property
    def floor(self) -> Floor:
        """Who has the floor."""
        return self._turns.state.floor

    @property
    def quiet(self) -> bool:
        """Whether nobody speaks, keys in, waits for an answer or is about to leave."""
        state = self._turns.state
        busy = state.closed or state.holding or state.keys or state.speech_at is not None
        return state.floor is Floor.LISTENING and not busy

    async def _let_go(self, reason: str) -> None:
        """Be silent and deaf, and give started tools the time to be recorded."""
        self._turns.stop()
        self._hearer.stop()
        self._opening.stop()
        self._people.close()
        self._replies.close(reason)
        await self._thinker.let_go(self._stage.settings.tools_s)

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
        self._turns.feed(pressed(key, wanted, at=self._loop.time()))

    def on_closed(self, reason: str) -> None:
        """The socket is gone."""
        self.end(reason)

    def _on_sounding(self, generation: int) -> None:
        if self._people.speaks(generation):
            return
        self._hearer.agent_sounds()
        self._replies.sounding()
        self._turns.feed(t.Sounding(at=self._loop.time(), generation=generation))

    def _on_dry(self, generation: int, pieces: int) -> None:
        self._turns.feed(t.RanDry(at=self._loop.time(), generation=generation, pieces=pieces))

    def _follow_agent(self) -> None:
        """Hear, take turns and wait as the present agent does, in the caller's language."""
        scene = self._stage.scene
        agent = scene.agent
        speech = speech_of(agent, scene.conversation.language)
        self._hearer.start(self._stage.tasks, speech)
        self._turns.settings = settings_with(
            self._stage.settings.turn, speech=speech, silence=agent.silence
        )
        self._waiting.sound = agent.waiting_sound

    def _heard(self, event: HearingEvent) -> None:
        if self._people.heard(event):
            return
        anew = isinstance(event, FinalHeard) and self._language.heard(event, self._turns.state)
        known = isinstance(event, FinalHeard) and event.again
        if not known and self._opening.takes(event):
            return
        words = isinstance(event, PartialHeard | FinalHeard)
        asked = words and self._replies.asked()
        self._turns.feed(t.Heard(at=self._loop.time(), event=event, asked=asked, anew=anew))

    def _owed(self) -> None:
        """Have the agent speak by himself if a tool asks something of the call after its reply."""
        at, owed = self._loop.time(), Purpose.OWED
        news: t.Event = t.NewsGone(at=at, purpose=owed)
        if self._thinker.owes:
            news = t.NewsCame(at=at, purpose=owed)
        self._turns.feed(news)

    def _deaf(self, cause: str) -> None:
        self._journal.write(EngineStumbled(engine="hearing", cause=cause))

    # --- the turn machine ------------------------------------------------------------------------

    def _do(self, output: t.Output) -> None:
        match output:
            case t.ThinkAhead(text=text):
                self._thinker.think_ahead(text)
            case t.ThinkAgain():
                self._thinker.think_again()
            case t.Pause():
                self._playout.pause()
            case t.Resume():
                self._playout.resume()
            case t.Close(closing=closing):
                self._leaving.close(closing)
            case t.Generate():
                self._language.reply_begins()
                self._replies.do(output)
            case _:
                self._replies.do(output)
