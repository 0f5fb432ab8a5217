"""The replies of one call: made, spoken, stopped, and kept on record as far as they were heard."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from core import turn as t
from core.agents import SilenceSpec
from core.chat import AgentSaid
from core.errors import EngineFailed
from core.facts import ApprovalTold, CallerSaid, DigitsWanted, EngineStumbled
from core.languages import language_of, same, voice_of
from core.phrases import Phrases, phrases_in
from core.served import ServedBy
from core.tools import Effect
from core.turn import Purpose
from media_relay.catalog import Catalog, Scene
from media_relay.consent import Consent
from media_relay.journal import Journal
from media_relay.playout import Playout
from media_relay.served import note_served
from media_relay.speaking import Mouth, Utterance
from media_relay.thinking import Thinker
from media_relay.thought import Thought, pieces_of
from media_relay.toolwork import ToolWork
from media_relay.turn_record import Decided, Marks, TurnRecord, record_of

_CUT_OFF = "The line broke after your last words. Say briefly what the caller has not heard yet."


@dataclass(slots=True)
class _Reply:
    generation: int
    purpose: Purpose
    pieces: asyncio.Queue[Utterance | None] = field(default_factory=asyncio.Queue)
    tasks: list[asyncio.Task[Any]] = field(default_factory=list)


class Replies:
    """Does what the turn machine says about replies, and feeds back what becomes of them."""

    def __init__(
        self,
        *,
        journal: Journal,
        catalog: Catalog,
        thinker: Thinker,
        tools: ToolWork,
        mouth: Mouth,
        playout: Playout,
        scene: Callable[[], Scene],
        feed: Callable[[t.Event], None],
        effects: Callable[[int, tuple[Effect, ...]], None],
        decided: Callable[[], Decided],
        quiet_for: Callable[[], float],
        ears: Callable[[], str],
        tasks: asyncio.TaskGroup,
        phrases: Mapping[str, Phrases],
        consent: Consent,
        heard_every_s: float,
    ) -> None:
        self._journal = journal
        self._catalog = catalog
        self._thinker = thinker
        self._tools = tools
        self._mouth = mouth
        self._playout = playout
        self._scene = scene
        self._feed = feed
        self._effects = effects
        self._decided = decided
        self._quiet_for = quiet_for
        self._ears = ears
        self._tasks = tasks
        self._book = phrases
        self._consent = consent
        self._heard_every_s = heard_every_s
        self._loop = asyncio.get_running_loop()
        self._record = record_of(journal.conversation)
        self._reply: _Reply | None = None
        self._asked = 0
        self.notice = ""  # what the control plane wants to be said
        self._told = -1
        self._digits: tuple[DigitsWanted, str] | None = None
        self._timer: asyncio.TimerHandle | None = None

    # --- what the turn machine says --------------------------------------------------------------

    def take(self, take: t.Take) -> None:
        """Record the caller's words (or keys) as part of their turn."""
        if take.turn != self._record.turn:
            self._record = TurnRecord(turn=take.turn)
        record = self._record
        text = take.text
        if take.keys:
            wanted = self._journal.conversation.collecting
            text = self._thinker.keys_told(take.text, wanted)
            self._digits = (wanted, take.text) if wanted is not None else self._digits
        record.caller.append(text)
        record.reply.clear()
        if ears := self._ears():
            record.engines["hearing"] = ears
        decided = Decided() if take.keys else self._decided()
        now = self._loop.time()
        record.partials_ms = decided.partials_ms
        record.marks = Marks(
            heard_until=decided.timestamp,
            spoken=decided.spoken,
            decided=min(decided.at or now, now),
            text=now,
        )
        self._asked = 0
        said = CallerSaid(turn=take.turn, text=text, interrupted=take.interrupted, keys=take.keys)
        self._journal.write(said, urgent=True)
        if not take.keys:
            self._consent.taken(text, take.turn)

    def correct(self, correct: t.Correct) -> None:
        """Record what the caller's last words really were."""
        if self._record.turn == correct.turn and self._record.caller:
            self._record.caller[-1] = correct.text
        said = CallerSaid(turn=correct.turn, text=correct.text, corrects=True)
        self._journal.write(said, urgent=True)

    def overheard(self, text: str) -> None:
        """Record what was said before turns were taken."""
        self._record.caller.append(text)
        self._journal.write(CallerSaid(turn=self._record.turn, text=text))

    def break_news(self, news: t.BreakNews) -> None:
        """Let the agent know what he is to tell the caller in this turn."""
        turn = news.turn
        if turn != self._record.turn:
            self._record = TurnRecord(turn=turn)
        now = self._loop.time()
        self._record.marks = Marks(decided=now, text=now)
        if news.purpose is not Purpose.ANSWER:
            return
        for decided in self._journal.conversation.news:
            told = ApprovalTold(turn=turn, request_id=decided.request_id)
            self._journal.write(told, urgent=True)

    def generate(self, order: t.Generate) -> None:
        """Begin to make and to speak a reply."""
        reply = _Reply(order.generation, order.purpose)
        self._playout.begin(order.generation)
        self._reply = reply
        reply.tasks = [
            self._tasks.create_task(self._make(reply, order.purpose)),
            self._tasks.create_task(self._speak(reply)),
        ]

    def say(self, say: t.Say) -> None:
        """Queue a piece for the synthesizer."""
        if self._reply is None or self._reply.generation != say.generation:
            return
        scene = self._scene()
        text = say.text or self._phrases.named(say.phrase)
        agent = scene.scenario.agent(say.agent) if say.agent else scene.agent
        self._mark_words()
        self._record.reply.append(text)
        self._consent.speaking(text)
        language = language_of(agent, scene.conversation.language)
        voice = voice_of(agent, language)
        self._reply.pieces.put_nowait(
            Utterance(text=text, agent=agent.name, voice=voice, language=language)
        )

    def stop(self) -> None:
        """Silence the present reply and keep what was heard of it."""
        self._end(cut=True, done=False)

    def settled(self) -> None:
        """The present reply is over and was heard to its end."""
        self._end(cut=False, done=True)

    def turn_over(self, over: t.TurnOver) -> None:
        """Report the whole turn."""
        self._told = over.turn
        agent = self._journal.conversation.agent
        done = self._record.done(agent, interrupted=over.interrupted)
        self._journal.turn_over(done, self._record.marks.sent)

    # --- what becomes of it ----------------------------------------------------------------------

    def sounding(self) -> None:
        """The present reply sounds: its first frame was sent, or the first after a silence."""
        if self._record.marks.sent is None:
            self._record.marks.sent = self._loop.time()
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_later(self._heard_every_s, self._report_heard)

    def made(self, generation: int) -> None:
        """The synthesizer made audio of a reply."""
        marks = self._record.marks
        if marks.audio is None and self._reply and self._reply.generation == generation:
            marks.audio = self._loop.time()

    def served(self, event: ServedBy) -> None:
        """Another synthesizer than the first speaks."""
        note_served(event, "speaking", self._record, self._journal)

    async def finish_open(self) -> None:
        """Finish the tools that another relay left open."""
        await self._tools.finish_open(self._scene(), self._record)

    def close(self) -> None:
        """Be silent for good. What was said so far is reported, and left open: another relay
        may say the rest."""
        sounded = self._reply is not None and bool(self._playout.heard())
        self._end(cut=False, done=False)
        if sounded and self._told < self._record.turn:
            self.turn_over(t.TurnOver(turn=self._record.turn, interrupted=True))

    # --- inside ----------------------------------------------------------------------------------

    async def _make(self, reply: _Reply, purpose: Purpose) -> None:
        generation = reply.generation
        try:
            for piece in pieces_of(self._fixed(purpose)):
                self._piece(generation, piece, self._journal.conversation.agent)
            if purpose is Purpose.RESUMED:
                await self._go_on(generation)
            elif purpose is Purpose.ANSWER and (settled := self._consent.reply()):
                self._piece(generation, settled, self._journal.conversation.agent)
            elif purpose is Purpose.ANSWER:
                await self._answer(generation)
        except EngineFailed as failure:
            self._stumbled("thinking", failure)
            self._feed(
                t.ReplyFailed(at=self._loop.time(), generation=generation, engine="thinking")
            )
        else:
            self._feed(t.ReplyDone(at=self._loop.time(), generation=generation))
        reply.pieces.put_nowait(None)

    async def _speak(self, reply: _Reply) -> None:
        try:
            await self._mouth.speak_all(reply.pieces, reply.generation)
        except EngineFailed as failure:
            self._stumbled("speaking", failure)
            self._feed(
                t.ReplyFailed(at=self._loop.time(), generation=reply.generation, engine="speaking")
            )

    async def _answer(self, generation: int, note: str = "") -> None:
        thought = Thought(
            record=self._record,
            say=lambda piece, agent: self._piece(generation, piece, agent),
            effects=lambda effects: self._effects(generation, effects),
            mark=self._mark_words,
            waited=self._waited,
            quiet_for=self._quiet_for,
            note=note,
        )
        digits, self._digits = self._digits, None
        if digits is not None:
            await self._thinker.use(thought, *digits)
        await self._thinker.think(thought)

    async def _go_on(self, generation: int) -> None:
        await self.finish_open()
        conversation = self._journal.conversation
        if conversation.reply_done:
            self._piece(generation, self._phrases.go_on, conversation.agent)
            return
        messages = conversation.messages()
        cut_off = bool(messages) and isinstance(messages[-1], AgentSaid)
        await self._answer(generation, _CUT_OFF if cut_off else "")

    def _fixed(self, purpose: Purpose) -> str:  # noqa: C901 one row per purpose
        phrases, scene = self._phrases, self._scene()
        own = same(scene.language, scene.agent.speech.language)
        silence = scene.agent.silence if own else SilenceSpec()
        match purpose:
            case Purpose.GREETING:
                greeting = self._catalog.greeting(self._scene(), returning=False)
                return self._consent.opening(greeting or phrases.greeting)
            case Purpose.REPROMPT:
                self._asked += 1
                prompts = silence.prompts or phrases.reprompts
                return prompts[min(self._asked, len(prompts)) - 1]
            case Purpose.MESSAGE:
                return self._catalog.voicemail(self._scene()) or phrases.voicemail
            case Purpose.GOODBYE:
                return silence.goodbye or phrases.goodbye
            case Purpose.APOLOGY:
                return phrases.apology
            case Purpose.DEAF:
                return phrases.deaf
            case Purpose.RESUMED:
                return phrases.resumed
            case Purpose.TIME:
                return phrases.time_is_short
            case Purpose.NOTICE:
                return self.notice
            case Purpose.ANSWER:
                return ""

    @property
    def _phrases(self) -> Phrases:
        return phrases_in(self._scene().language, self._book)

    def _piece(self, generation: int, text: str, agent: str) -> None:
        at = self._loop.time()
        self._feed(t.PieceReady(at=at, generation=generation, text=text, agent=agent))

    def _end(self, *, cut: bool, done: bool) -> None:
        reply, self._reply = self._reply, None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if reply is None:
            return
        record = self._record
        live = self._playout.heard()
        if done:
            self._playout.settle()
        else:
            self._playout.stop()
        for task in reply.tasks:
            if task is not asyncio.current_task():
                task.cancel()
        if live:
            for fact in record.heard_facts(live, done=done, cut=cut):
                self._journal.write(fact)
            record.heard += live
        self._consent.heard()
        self._consent.over(answer=reply.purpose is Purpose.ANSWER)

    def _report_heard(self) -> None:
        live = self._playout.heard()
        for fact in self._record.heard_facts(live)[-1:]:
            self._journal.write(fact)
        self._consent.heard()
        self._timer = self._loop.call_later(self._heard_every_s, self._report_heard)

    def _mark_words(self) -> None:
        if self._record.marks.words is None:
            self._record.marks.words = self._loop.time()

    def _waited(self, seconds: float) -> None:
        if self._record.marks.words is None:
            self._record.marks.tool_s += seconds

    def _stumbled(self, engine: Any, failure: EngineFailed) -> None:
        cause = str(failure.error.cause)
        self._journal.write(EngineStumbled(engine=engine, cause=cause, spoken=True))
