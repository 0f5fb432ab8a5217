"""What the caller says, and what that does to who has the floor."""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from core.backchannel import is_backchannel
from core.speech import (
    FinalHeard,
    HearingFailed,
    PartialHeard,
    SpeechPaused,
    SpeechResumed,
    SpeechStarted,
    SpeechStopped,
)
from core.turn import events as e
from core.turn import outputs as o
from core.turn.floor import Floor, Purpose
from core.turn.settings import TurnSettings
from core.turn.state import (
    ABOUT_SILENCE,
    AGENT_HAS_FLOOR,
    Stepped,
    TurnState,
    begin,
    interrupt,
    same_words,
    stop,
)


def heard(state: TurnState, told: e.Heard, settings: TurnSettings) -> Stepped:
    at = told.at
    match told.event:
        case SpeechStarted():
            # Who speaks after an answer says something new.
            taken = "" if state.answered else state.taken
            return _caller_started(replace(state, speech_at=at, taken=taken), at, settings)
        case SpeechPaused():
            # What makes an interruption is speech, not the silence after it.
            return _quiet(state) if state.floor in AGENT_HAS_FLOOR else state, ()
        case SpeechResumed():
            return _resumed(state, at, settings)
        case PartialHeard(text=text, stable=stable):
            if _only_listens(state, text, settings, asked=told.asked, more=not stable):
                return _listened_to(state, text, at, settings, stable=stable)
            after, outputs = _words(replace(state, partial=text), at)
            return _think_ahead(after, outputs, settings) if stable else (after, outputs)
        case SpeechStopped():
            quiet = replace(state, speech_at=None)
            if state.floor is Floor.LISTENING:
                quiet = replace(quiet, floor=Floor.MAYBE_ENDED, since=at)
            return quiet, ()
        case FinalHeard():
            return _final(state, told, told.event, settings)
        case HearingFailed():
            return _quiet(state), ()
        case _:
            assert_never(told.event)


def _quiet(state: TurnState) -> TurnState:
    return replace(state, speech_at=None)


def _final(state: TurnState, told: e.Heard, final: FinalHeard, settings: TurnSettings) -> Stepped:
    text, at = final.text.strip(), told.at
    if final.corrects and not state.let_go:
        return _correct(state, text, at, anew=told.anew)
    if final.again:
        return state, ()
    # A correction comes when he may be saying something else already.
    quiet = state if final.corrects else replace(state, speech_at=None, partial="")
    if not text:
        return noise(quiet, at, settings)
    # In another language they are answered: that of a reply in the making would change in it.
    if not told.anew and _only_listens(state, text, settings, asked=told.asked):
        return noise(replace(quiet, let_go=True), at, settings)
    if state.taken:
        return _correct(quiet, text, at, anew=told.anew)
    return take(quiet, text, at=at)


def _caller_started(state: TurnState, at: float, settings: TurnSettings) -> Stepped:
    match state.floor:
        case Floor.LISTENING | Floor.MAYBE_ENDED:
            return replace(state, floor=Floor.LISTENING, since=at), ()
        case Floor.SPEAKING if at - (state.sounding or 0.0) >= settings.grace_s:
            paused = replace(state, floor=Floor.PAUSED, since=at)
            return paused, (o.Pause(generation=state.generation),)
        case _:
            return state, ()


def _only_listens(
    state: TurnState, text: str, settings: TurnSettings, *, asked: bool, more: bool = False
) -> bool:
    """Whether words to an agent who has the floor, and asks nothing, are none to stop him for."""
    if state.floor not in AGENT_HAS_FLOOR or asked:
        return False
    if settings.backchannels and is_backchannel(text, more=more):
        # Who was silent until now and says "yes" is there again.
        return state.sounding is not None or state.purpose not in ABOUT_SILENCE
    return state.sounding is not None and len(text.split()) < settings.barge_in_words


def _listened_to(
    state: TurnState, text: str, at: float, settings: TurnSettings, *, stable: bool
) -> Stepped:
    """Let words go that stop nobody, so far."""
    if stable:
        return noise(_quiet(state), at, settings)
    # However slowly somebody says "of course, I see": it is no long speech.
    slow = settings.backchannels and is_backchannel(text, more=True)
    return replace(state, speech_at=at) if slow else state, ()


def _resumed(state: TurnState, at: float, settings: TurnSettings) -> Stepped:
    """The caller speaks on after a pause: what was begun ahead answers nothing."""
    before: tuple[o.Output, ...] = (o.ThinkAgain(),) if state.ahead else ()
    state = replace(state, ahead="")
    if state.floor not in AGENT_HAS_FLOOR:
        return state, before
    after, outputs = _caller_started(replace(state, speech_at=at), at, settings)
    return after, (*before, *outputs)


def _words(state: TurnState, at: float) -> Stepped:
    if state.floor in AGENT_HAS_FLOOR:
        speech_at = at if state.speech_at is None else state.speech_at
        return interrupt(replace(state, speech_at=speech_at), at)
    if state.floor is Floor.LISTENING:
        return replace(state, since=at), ()
    return state, ()


def _think_ahead(state: TurnState, before: tuple[o.Output, ...], settings: TurnSettings) -> Stepped:
    """Begin to answer words after which the caller pauses."""
    text = state.partial.strip()
    known = bool(state.ahead) and same_words(state.ahead, text)
    free = state.floor is Floor.LISTENING and not state.holding and not state.keys
    if not settings.think_ahead or known or not free or state.tries >= settings.think_ahead_tries:
        return state, before
    thought = replace(state, ahead=text, tries=state.tries + 1)
    return thought, (*before, o.ThinkAhead(text=text))


def noise(state: TurnState, at: float, settings: TurnSettings) -> Stepped:
    if state.floor is Floor.PAUSED:
        resumed = replace(state, floor=Floor.SPEAKING, since=at)
        return resumed, (o.Resume(generation=state.generation),)
    if state.floor not in (Floor.LISTENING, Floor.MAYBE_ENDED):
        return state, ()
    # An agent that was cut by a long noise must not stay silent: ask soon.
    since = at - settings.silence_s + settings.resume_s if state.cut else at
    return replace(state, floor=Floor.LISTENING, since=since, cut=False), ()


def take(state: TurnState, text: str, *, at: float, keys: bool = False) -> Stepped:
    interrupted = state.cut or (state.floor in AGENT_HAS_FLOOR and state.sounding is not None)
    stopped, outputs = stop(state)
    turn = state.turn + 1 if state.answered or state.turn == 0 else state.turn
    fresh = replace(
        stopped,
        turn=turn,
        answered=False,
        cut=False,
        let_go=False,
        asked=0,
        keys="" if keys else state.keys,  # words do not undo a number that is being entered
        partial="",
        words="" if keys else text,
        ahead="",
        tries=0,
    )
    secret = keys and state.secret_keys
    taken = o.Take(turn=turn, text=text, interrupted=interrupted, keys=keys, secret=secret)
    return begin(fresh, (*outputs, taken), at=at, purpose=Purpose.ANSWER)


def _correct(state: TurnState, text: str, at: float, *, anew: bool) -> Stepped:
    """The last words were taken before they were final; these are they, or their language is."""
    # They may have been heard a second time, by other ears, and have stopped their own answer.
    stopped = bool(state.taken) and not state.answered and state.floor not in AGENT_HAS_FLOOR
    state, same = replace(state, taken=""), same_words(text, state.words)
    unheard = stopped or (state.floor is Floor.THINKING and state.sounding is None)
    if not state.words or not text or (same and not stopped and not (anew and unheard)):
        return state, ()
    state = replace(state, words=text)
    correct = o.Correct(turn=state.turn, text=text)
    if not unheard or state.purpose is not Purpose.ANSWER:
        return state, (correct,)
    silenced, outputs = stop(state)
    return begin(silenced, (*outputs, correct), at=at, purpose=Purpose.ANSWER)
