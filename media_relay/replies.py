"""The replies of one call: made, spoken, stopped, and kept on record as far as they were heard."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, assert_never

from core import turn as t
from core.chat import AgentSaid
from core.conversation import Owed
from core.errors import EngineFailed
from core.facts import DigitsWanted, EngineStumbled
from core.languages import language_of, voice_of
from core.ports import Speaking
from core.served import ServedBy
from core.speech import sayable
from core.turn import Purpose, quiet_for
from media_relay.consent import Consent
from media_relay.fixed_words import FixedWords
from media_relay.playout import Playout
from media_relay.present_turn import PresentTurn
from media_relay.served import note_served
from media_relay.speaking import Mouth, Utterance
from media_relay.stage import Stage
from media_relay.thinking import Thinker
from media_relay.thought import Thought, pieces_of
from media_relay.turn_driver import TurnDriver

_CUT_OFF = "The line broke after your last words. Say briefly what the caller has not heard yet."

ReplyOutput = (
    t.Take | t.Correct | t.BreakNews | t.Generate | t.Say | t.StopTalking | t.Settled | t.TurnOver
)


@dataclass(slots=True)
class _Reply:
    generation: int
    purpose: Purpose
    words: str = ""  # so far; phrases of the relay do not count
    pieces: asyncio.Queue[Utterance | None] = field(default_factory=asyncio.Queue)
    tasks: list[asyncio.Task[Any]] = field(default_factory=list)


class Replies:
    """Does what the turn machine says about replies, and feeds back what becomes of them.

    `saying` is told all of the present reply's words whenever there are more, and their language.
    """

    def __init__(
        self,
        stage: Stage,
        turns: TurnDriver,
        *,
        thinker: Thinker,
        speaking: Speaking,
        playout: Playout,
        turn: PresentTurn,
        fixed: FixedWords,
        close: Callable[[int, tuple[Owed, ...]], None],
        saying: Callable[[str, str], None],
    ) -> None:
        self.mouth = Mouth(
            speaking,
            playout,
            timeout_s=stage.settings.speak_s,
            on_audio=self._made,
            on_work=self._works,
            on_rest=self._rests,
            on_served=self._served,
        )
        self._stage = stage
        self._journal = stage.journal
        self._turns = turns
        self._thinker = thinker
        self._playout = playout
        self._turn = turn
        self._fixed = fixed
        self._consent = Consent(stage)
        self._close = close
        self._saying = saying
        self._loop = asyncio.get_running_loop()
        self._reply: _Reply | None = None
        self._digits: tuple[DigitsWanted, str] | None = None
        self._timer: asyncio.TimerHandle | None = None

    # --- what the turn machine says --------------------------------------------------------------

    def do(self, output: ReplyOutput) -> None:
        """Do one thing that it says about the caller's words and the reply to them."""
        match output:
            case t.Take():
                self._take(output)
            case t.Correct(turn=turn, text=text):
                self._turn.correct(output)
                self._consent.corrected(text, turn)
            case t.BreakNews():
                self._turn.break_news(output)
            case t.Generate():
                self._generate(output)
            case t.Say():
                self._say(output)
            case t.StopTalking():
                self._end(cut=True, done=False)
            case t.Settled():
                self._end(cut=False, done=True)
            case t.TurnOver(turn=turn, interrupted=interrupted):
                self._turn.over(turn, interrupted=interrupted)
            case _:
                assert_never(output)

    def _take(self, take: t.Take) -> None:
        if not take.keys:
            self._turn.take(take, take.text)
            self._consent.taken(take.text, take.turn)
            return
        wanted = self._journal.conversation.collecting
        if wanted is not None and (wanted.secret or not take.secret):
            self._digits = wanted, take.text
        told = self._thinker.keys_told(take.text, wanted, secret=take.secret)
        self._turn.take(take, told)

    def _generate(self, order: t.Generate) -> None:
        reply = _Reply(order.generation, order.purpose)
        self._playout.begin(order.generation)
        self._turn.begin_reply(order.purpose)
        self._reply = reply
        reply.tasks = [
            self._stage.tasks.create_task(self._make(reply)),
            self._stage.tasks.create_task(self._speak(reply)),
        ]

    def _say(self, say: t.Say) -> None:
        if self._reply is None or self._reply.generation != say.generation:
            return
        if say.text:
            self._reply.words = f"{self._reply.words} {say.text}"
        scene = self._stage.scene
        text = say.text or self._stage.phrases.named(say.phrase)
        agent = scene.scenario.agent(say.agent) if say.agent else scene.agent
        self._turn.words_known()
        self._turn.record.reply.append(text)
        self._consent.speaking(text)
        language = language_of(agent, scene.conversation.language)
        self._saying(self._reply.words, language)
        voice = voice_of(agent, language)
        self._reply.pieces.put_nowait(
            Utterance(text=text, agent=agent.name, voice=voice, language=language)
        )

    # --- what becomes of it ----------------------------------------------------------------------

    def sounding(self) -> None:
        """The present reply sounds: its first frame was sent, or the first after a silence."""
        self._turn.sounding()
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_later(self._stage.settings.heard_every_s, self._report_heard)

    def asked(self) -> bool:
        """Whether the agent's words that were heard last, or are being heard, ask something."""
        begun = self._playout.begun()
        said = (entry.message for entry in reversed(self._journal.conversation.said))
        before = (message.text for message in said if isinstance(message, AgentSaid))
        return "?" in (begun or next(before, ""))

    def close(self, reason: str) -> None:
        """Be silent for good. What was said so far is reported, and left open: another relay
        may say the rest."""
        speaks = self._reply is not None and self._turn.open
        sounded = bool(self._playout.heard())
        self._end(cut=False, done=False)
        if speaks and sounded:
            self._turn.over(self._turn.record.turn, interrupted=True)
        elif speaks:
            self._turn.left(reason)

    def _made(self, generation: int) -> None:
        if self._reply is not None and self._reply.generation == generation:
            self._turn.made()

    def _works(self, generation: int) -> None:
        if self._reply is not None and self._reply.generation == generation:
            self._turn.voice_works()

    def _rests(self, generation: int) -> None:
        if self._reply is not None and self._reply.generation == generation:
            self._turn.voice_rests()

    def _served(self, event: ServedBy) -> None:
        note_served(event, "speaking", self._turn.record, self._journal)

    def _report_heard(self) -> None:
        self._turn.hearing(self._playout.heard())
        self._consent.heard()
        self._timer = self._loop.call_later(self._stage.settings.heard_every_s, self._report_heard)

    def _end(self, *, cut: bool, done: bool) -> None:
        reply, self._reply = self._reply, None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if reply is None:
            return
        self._turn.voice_rests()
        live = self._playout.heard()
        if done:
            self._playout.settle()
        else:
            self._playout.stop()
        for task in reply.tasks:
            if task is not asyncio.current_task():
                task.cancel()
        if live:
            self._turn.heard(live, done=done, cut=cut)
        self._consent.heard()
        self._consent.over(answer=reply.purpose is Purpose.ANSWER)

    # --- how it is made --------------------------------------------------------------------------

    async def _make(self, reply: _Reply) -> None:
        generation, purpose, turn = reply.generation, reply.purpose, self._turn.record.turn
        try:
            for piece in pieces_of(self._first_words(purpose)):
                self._piece(generation, piece, self._journal.conversation.agent)
            if purpose is Purpose.RESUMED:
                await self._go_on(generation)
            elif purpose is Purpose.ANSWER and (settled := self._consent.reply(turn)):
                self._piece(generation, settled, self._journal.conversation.agent)
            elif purpose is Purpose.ANSWER:
                await self._answer(generation)
        except EngineFailed as failure:
            self._failed(generation, "thinking", failure)
        else:
            self._thinker.remind()  # of what this reply, if no model made it, left to be done
            self._turns.feed(t.ReplyDone(at=self._loop.time(), generation=generation))
        reply.pieces.put_nowait(None)

    def _first_words(self, purpose: Purpose) -> str:
        words = self._fixed.begin(purpose, self._turns.state.asked)
        return self._consent.opening(words) if purpose is Purpose.GREETING else words

    async def _speak(self, reply: _Reply) -> None:
        try:
            await self.mouth.speak_all(reply.pieces, reply.generation)
        except EngineFailed as failure:
            self._failed(reply.generation, "speaking", failure)

    def _failed(
        self, generation: int, engine: Literal["thinking", "speaking"], failure: EngineFailed
    ) -> None:
        cause = str(failure.error.cause)
        self._journal.write(EngineStumbled(engine=engine, cause=cause, spoken=True))
        self._turns.feed(t.ReplyFailed(at=self._loop.time(), generation=generation, engine=engine))

    async def _answer(self, generation: int, note: str = "") -> None:
        thought = Thought(
            record=self._turn.record,
            say=lambda piece, agent: self._piece(generation, piece, agent),
            close=lambda owed: self._close(generation, owed),
            mark=self._turn.words_known,
            waited=self._turn.waited,
            quiet_for=lambda: quiet_for(self._turns.state, self._loop.time()),
            note=note,
        )
        digits, self._digits = self._digits, None
        if digits is not None:
            await self._thinker.use(thought, *digits)
        await self._thinker.think(thought)

    async def _go_on(self, generation: int) -> None:
        await self._thinker.finish_open(self._turn.record)
        conversation = self._journal.conversation
        if conversation.reply_done and not conversation.owed:
            self._piece(generation, self._stage.phrases.go_on, conversation.agent)
            return
        messages = conversation.messages()
        cut_off = bool(messages) and isinstance(messages[-1], AgentSaid)
        await self._answer(generation, _CUT_OFF if cut_off else "")

    def _piece(self, generation: int, text: str, agent: str) -> None:
        if not sayable(text):  # such are pieces of nobody's reply, but set words may be "..."
            return
        at = self._loop.time()
        self._turns.feed(t.PieceReady(at=at, generation=generation, text=text, agent=agent))
