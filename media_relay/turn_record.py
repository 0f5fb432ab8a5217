"""One turn as it happens: words, tools, handoffs, and where its milliseconds went."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from core.chat import AgentSaid, Finished, UserSaid
from core.conversation import Conversation
from core.facts import AgentHeard, HandoffMade, Latency, ToolRun, TurnDone, Usage
from core.speech import BYTES_PER_MS
from core.turn import Purpose
from media_relay.repeats import Repeats

_KEPT_FRAMES = 500  # 10 s: an utterance is decided long before
_BREAKS_SILENCE = (Purpose.REPROMPT, Purpose.GOODBYE)


class Decided(NamedTuple):
    """The frame with which a turn was decided; `spoken`: when the caller's speech had come.

    `partials`: when the recognizer had a guess before that.
    """

    timestamp: str = ""
    at: float = 0.0
    spoken: float | None = None
    partials: tuple[float, ...] = ()

    @property
    def partials_ms(self) -> tuple[int, ...]:
        """How long before the decision each guess came."""
        return tuple(round((self.at - each) * 1000) for each in self.partials if each <= self.at)


class FrameTimes:
    """When each stretch of the caller's audio came, by its place in the recognizer's stream."""

    def __init__(self) -> None:
        self._frames: deque[tuple[int, str, float]] = deque(maxlen=_KEPT_FRAMES)
        self._ms = 0

    @property
    def position_ms(self) -> int:
        """How much audio was pushed."""
        return self._ms

    @property
    def newest(self) -> Decided:
        """The frame that came last; what happens now is placed there."""
        if not self._frames:
            return Decided()
        _, timestamp, at = self._frames[-1]
        return Decided(timestamp, at)

    def push(self, size: int, timestamp: str, at: float) -> None:
        """Note that `size` bytes were pushed."""
        self._ms += size // BYTES_PER_MS
        self._frames.append((self._ms, timestamp, at))

    def deciding(self, decided_ms: int, speech_end_ms: int) -> Decided | None:
        """Return the frame with which a turn was decided whose speech ended there."""
        decided, spoken = self.until(decided_ms), self.until(speech_end_ms)
        if decided is None:
            return None
        return Decided(*decided, spoken[1] if spoken is not None else None)

    def until(self, position_ms: int) -> tuple[str, float] | None:
        """Return timestamp and arrival of the frame with which `position_ms` was reached."""
        for end_ms, timestamp, at in reversed(self._frames):
            if end_ms - 20 < position_ms:
                return timestamp, at
        return None


@dataclass(slots=True)
class Marks:
    """Moments of one reply on the loop's clock, in order; what did not happen is None."""

    heard_until: str = ""
    spoken: float | None = None  # the last frame of the caller's speech arrived
    decided: float | None = None  # the deciding frame arrived
    text: float | None = None  # the caller's words were known
    corrected: float | None = None  # ... and turned out to be others
    words: float | None = None  # the first words to say were known
    tool_s: float = 0.0  # spent waiting for tools before that
    audio: float | None = None  # the first audio was made
    sent: float | None = None  # the first frame was sent

    def begin_anew(self, purpose: Purpose, newest: Decided, now: float) -> None:
        """Another reply begins in this turn; of those before it nothing was sent.

        After a correction the caller waits for an answer to words that are known only now. An
        agent who breaks the silence decides by that that the caller is done. After a failure
        everything goes on: it is the failed engine that is still waited for.
        """
        if self.sent is not None or self.decided is None:
            return
        self.audio = None
        if self.corrected is not None:
            self.text, self.corrected = self.corrected, None
            self.words, self.tool_s = None, 0.0
        elif purpose in _BREAKS_SILENCE:
            self.heard_until = newest.timestamp
            self.decided = self.text = now
            self.words, self.tool_s = None, 0.0

    def words_known(self, now: float) -> None:
        """The first words to say are known."""
        if self.words is None:
            self.words = now

    def waited(self, seconds: float) -> None:
        """So long a tool was waited for; it counts while the caller waits for first words."""
        if self.words is None:
            self.tool_s += seconds

    def latency(self, now: float | None = None) -> Latency:
        """Return the parts, each from the end of the one before, so that they add up.

        `now`: of a wait that has come to nothing until then; its last part is what was waited for.
        """
        end = now if self.sent is None else self.sent
        if end is None or self.decided is None:
            return Latency(heard_until=self.heard_until)
        spoken = self.decided if self.spoken is None else self.spoken
        text = self.decided if self.text is None else max(self.text, self.decided)
        words = end if self.words is None else max(self.words, text)
        audio = end if self.audio is None else max(self.audio, words)
        tool = min(self.tool_s, words - text)
        return Latency(
            heard_until=self.heard_until,
            endpointing=_ms(max(self.decided - spoken, 0.0)),
            stt=_ms(text - self.decided),
            llm_first_token=_ms(words - text - tool),
            tool=_ms(tool),
            tts_first_audio=_ms(audio - words),
            sent=_ms(end - audio),
        )


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 3)


class Heard(NamedTuple):
    """What was heard of a piece of a reply. `cut`: the caller interrupted the reply after it."""

    agent: str
    text: str
    cut: bool = False


@dataclass(slots=True)
class TurnRecord:
    """A turn in the making. `heard`: what was heard of its replies that are over.

    `engines`: who served it where that was not the first of its chain. `voice_s`: how long the
    synthesizer has worked for it, not counting a piece that it works on since `voice_since`.
    """

    turn: int
    caller: list[str] = field(default_factory=list)
    reply: list[str] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)
    tools: list[ToolRun] = field(default_factory=list)
    handoffs: list[HandoffMade] = field(default_factory=list)
    marks: Marks = field(default_factory=Marks)
    repeats: Repeats = field(default_factory=Repeats)
    partials_ms: tuple[int, ...] = ()
    wasted: int = 0
    engines: dict[str, str] = field(default_factory=dict)
    usage: Usage = field(default_factory=Usage)
    voice_s: float = 0.0
    voice_since: float | None = None

    def voice_works(self, now: float) -> None:
        """The synthesizer begins with a piece, or goes on with it."""
        self.voice_since = now

    def voice_rests(self, now: float) -> None:
        """It has made the piece, may not make more now, or was stopped."""
        if self.voice_since is not None:
            self.voice_s += now - self.voice_since
            self.voice_since = None

    def spend(self, finished: Finished) -> None:
        """Add what one request to the model cost."""
        spent = self.usage
        self.usage = Usage(
            requests=spent.requests + 1,
            input_tokens=spent.input_tokens + finished.input_tokens,
            output_tokens=spent.output_tokens + finished.output_tokens,
            cached_tokens=spent.cached_tokens + finished.cached_tokens,
            reasoning_tokens=spent.reasoning_tokens + finished.reasoning_tokens,
            model=finished.model or spent.model,
        )

    def keep(self, heard: list[tuple[str, str]], *, cut: bool = False) -> None:
        """Add (agent, text) of each piece of a reply that is over, as far as it was heard."""
        self.heard += [Heard(agent, text) for agent, text in heard]
        if heard and cut:
            self.heard[-1] = self.heard[-1]._replace(cut=True)

    def heard_facts(
        self, live: Iterable[tuple[str, str]] = (), *, done: bool = False
    ) -> list[AgentHeard]:
        """Return what was heard so far, one fact per agent; who spoke last comes last.

        `live`: of a reply that goes on. Only the last may be unfinished.
        """
        pieces: dict[str, list[Heard]] = {}
        for piece in (*self.heard, *(Heard(agent, text) for agent, text in live)):
            pieces[piece.agent] = [*pieces.pop(piece.agent, []), piece]
        last = next(reversed(pieces), "")
        return [self._fact(pieces[agent], done=done or agent != last) for agent in pieces]

    def _fact(self, pieces: list[Heard], *, done: bool) -> AgentHeard:
        texts = [piece.text for piece in pieces]
        cuts = tuple(
            len(" ".join(texts[:number]))
            for number, piece in enumerate(pieces[:-1], start=1)
            if piece.cut
        )
        agent, cut = pieces[-1].agent, pieces[-1].cut
        text = " ".join(texts)
        return AgentHeard(turn=self.turn, agent=agent, text=text, done=done, cut=cut, cuts=cuts)

    def done(self, agent: str, *, interrupted: bool, left_at: float | None = None) -> TurnDone:
        """Return the whole turn; `left_at`: when it was left, if nothing of it was sent."""
        return TurnDone(
            turn=self.turn,
            agent=agent,
            caller=" ".join(self.caller),
            reply=" ".join(self.reply),
            heard=" ".join(piece.text for piece in self.heard),
            interrupted=interrupted,
            tools=tuple(self.tools),
            handoffs=tuple(self.handoffs),
            latency=self.marks.latency(left_at),
            partials_ms=self.partials_ms,
            wasted=self.wasted,
            engines=dict(self.engines),
            usage=self.usage,
        )


def record_of(conversation: Conversation) -> TurnRecord:
    """Return the last turn of a conversation as it stands, to go on with."""
    record = TurnRecord(turn=conversation.turn)
    for entry in conversation.said:
        if entry.turn != conversation.turn:
            continue
        match entry.message:
            case UserSaid(text=text):
                record.caller.append(text)
            case AgentSaid() as said:
                record.heard += _pieces_of(said)
            case _:
                pass
    return record


def _pieces_of(said: AgentSaid) -> list[Heard]:
    """Return what was heard of an agent, parted where the caller interrupted him."""
    begins, ends = (0, *said.cuts), (*said.cuts, len(said.text))
    texts = [said.text[begin:end].strip() for begin, end in zip(begins, ends, strict=True)]
    cuts = (*(True for _ in said.cuts), said.cut)
    return [Heard(said.agent, text, cut) for text, cut in zip(texts, cuts, strict=True)]
