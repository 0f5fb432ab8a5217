"""What turn-taking remembers, and the moves it is made of: begin, stop, settle, interrupt."""

from __future__ import annotations

from dataclasses import dataclass, replace

from core.turn import outputs as o
from core.turn.floor import Closing, Floor, Purpose
from core.turn.settings import TurnSettings

AGENT_HAS_FLOOR = (Floor.THINKING, Floor.SPEAKING, Floor.PAUSED)
ABOUT_SILENCE = (Purpose.REPROMPT, Purpose.GOODBYE)


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnState:
    """Everything turn-taking remembers. `since`: when the present floor, or silence, began.

    Of the current reply: `said` and `heard` count its pieces, `over`: no more will come,
    `sounding`: when its first frame was sent, `failed`: an engine failed it (`faults`: so many in
    a row), `closing`: what follows it. `cut`: the caller's words began over the agent's.
    `answered`: something was heard in this turn. `taken`: a partial that was taken for a final.
    `words`: what was taken last, as far as it was speech. `let_go`: what was heard last was no more
    than a sign of listening, and not taken. `secret_keys`: some of the number that is entered, or
    was entered last, were for one who wanted a secret. `holding`: a transfer is under way, or a
    voicemail greets: silence is normal. `news`: what is to be told, in its order. `ahead`: what was
    begun to be answered before it was final, `tries`: how often in this turn.
    """

    floor: Floor = Floor.LISTENING
    generation: int = 0
    turn: int = 0
    purpose: Purpose = Purpose.GREETING
    since: float = 0.0
    said: int = 0
    heard: int = 0
    over: bool = True
    sounding: float | None = None
    speech_at: float | None = None
    partial: str = ""
    taken: str = ""
    words: str = ""
    let_go: bool = False
    cut: bool = False
    answered: bool = False
    turn_done: int = -1
    keys: str = ""
    key_at: float = float("-inf")
    key_pause_s: float | None = None
    secret_keys: bool = False
    asked: int = 0
    faults: int = 0
    failed: bool = False
    nudged: bool = False
    ahead: str = ""
    tries: int = 0
    holding: bool = False
    news: tuple[Purpose, ...] = ()
    closing: Closing | None = None
    closed: bool = False


Stepped = tuple[TurnState, tuple[o.Output, ...]]


def interrupt(state: TurnState, at: float) -> Stepped:
    """The caller has the floor now."""
    cut = state.cut or state.sounding is not None
    stopped, outputs = stop(state)
    return replace(stopped, floor=Floor.LISTENING, since=at, cut=cut), outputs


def saying(state: TurnState, say: o.Say) -> Stepped:
    """One more piece of this reply is to be said."""
    return replace(state, said=state.said + 1), (say,)


def settle(state: TurnState, at: float) -> Stepped:
    """Yield the floor once all of a finished reply was heard."""
    if not state.over or state.heard < state.said or state.floor is Floor.PAUSED:
        return state, ()
    closing = state.closing
    well = state.purpose is Purpose.ANSWER and not state.failed
    faults = 0 if well else state.faults
    settled, outputs = turn_over(
        replace(state, floor=Floor.LISTENING, since=at, closing=None, faults=faults, partial="")
    )
    outputs = (o.Settled(generation=state.generation), *outputs)
    if closing is None:
        return settled, outputs
    closed = replace(settled, closed=closing.kind == "hang_up", holding=closing.kind == "transfer")
    return closed, (*outputs, o.Close(closing=closing))


def turn_over(state: TurnState, *, interrupted: bool = False) -> Stepped:
    """Report the turn, once."""
    if state.turn_done >= state.turn:
        return state, ()
    done = o.TurnOver(turn=state.turn, interrupted=interrupted)
    return replace(state, turn_done=state.turn), (done,)


def begin(
    state: TurnState, outputs: tuple[o.Output, ...], *, at: float, purpose: Purpose
) -> Stepped:
    """Begin another reply under a new number."""
    generation = state.generation + 1
    begun = replace(
        state,
        floor=Floor.THINKING,
        since=at,
        generation=generation,
        purpose=purpose,
        said=0,
        heard=0,
        over=False,
        sounding=None,
        failed=False,
        nudged=False,
    )
    return begun, (*outputs, o.Generate(generation=generation, turn=state.turn, purpose=purpose))


def stop(state: TurnState) -> Stepped:
    """Silence the present reply, if there is one; its number is never used again."""
    if state.closed or state.floor not in AGENT_HAS_FLOOR:
        return state, ()
    outputs: tuple[o.Output, ...] = (o.StopTalking(generation=state.generation),)
    stopped = replace(
        state,
        floor=Floor.LISTENING,
        generation=state.generation + 1,
        over=True,
        said=0,
        heard=0,
        sounding=None,
        closing=None,
    )
    if state.sounding is not None:
        stopped, over = turn_over(stopped, interrupted=True)
        outputs += over
    # A promised transfer is kept even if the caller speaks over the promise; a goodbye is not.
    if state.closing is not None and state.closing.kind == "transfer":
        return replace(stopped, holding=True), (*outputs, o.Close(closing=state.closing))
    return stopped, outputs


def give_up(state: TurnState) -> Stepped:
    """Nothing can be said any more: end the call."""
    stopped, outputs = stop(state)
    closing = Closing(kind="hang_up", by="fault")
    return replace(stopped, closed=True), (*outputs, o.Close(closing=closing))


def hush(state: TurnState, at: float, closing: Closing | None) -> Stepped:
    """Be silent at once, forget what was being said and wait for no answer; then close, maybe."""
    stopped, outputs = stop(replace(state, closing=None))
    if state.ahead:
        outputs = (*outputs, o.ThinkAgain())
    quiet = replace(stopped, floor=Floor.LISTENING, since=at, ahead="", keys="", holding=True)
    hushed = unsaid(quiet)
    if closing is None:
        return hushed, outputs
    return replace(hushed, closed=True), (*outputs, o.Close(closing=closing))


def unsaid(state: TurnState) -> TurnState:
    """Forget what was heard last: whatever comes of it late is no word of the caller's."""
    return replace(state, speech_at=None, partial="", taken="", words="", let_go=False)


def may_tell(state: TurnState) -> bool:
    """Whether there is news, and the caller is neither speaking nor pressing keys."""
    return bool(state.news) and state.speech_at is None and not state.keys


def quiet_for(state: TurnState, at: float) -> float:
    """Return for how long the caller of a reply in the making has heard nothing."""
    waits = state.floor is Floor.THINKING and state.heard >= state.said
    return at - state.since if waits else 0.0


def patience(state: TurnState, settings: TurnSettings) -> float:
    """Return for how many seconds nobody may say anything before the agent does."""
    if state.speech_at is not None:  # somebody speaks, or what is heard has no words for too long
        return max(settings.silence_s, settings.wordless_s)
    return settings.news_s if may_tell(state) else settings.silence_s


def tell(state: TurnState, at: float) -> Stepped:
    """Begin a turn in which the caller says nothing and is told something."""
    turn = state.turn + 1 if state.answered or state.turn == 0 else state.turn
    purpose, *later = state.news
    fresh = replace(state, turn=turn, answered=False, cut=False, asked=0, partial="", taken="")
    fresh = replace(fresh, news=tuple(later))
    answers = Purpose.ANSWER if purpose is Purpose.OWED else purpose
    return begin(fresh, (o.BreakNews(turn=turn, purpose=purpose),), at=at, purpose=answers)


def same_words(one: str, other: str) -> bool:
    """Whether two transcripts differ in case and punctuation only."""
    return _bare(one) == _bare(other)


def _bare(text: str) -> str:
    return " ".join("".join(c for c in text.casefold() if c.isalnum() or c.isspace()).split())
