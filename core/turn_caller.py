"""What the caller says, and what that does to who has the floor."""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from core import floor as f
from core.floor import Floor, Purpose
from core.speech import (
    FinalHeard,
    HearingFailed,
    PartialHeard,
    SpeechPaused,
    SpeechResumed,
    SpeechStarted,
    SpeechStopped,
)
from core.turn_state import (
    AGENT_HAS_FLOOR,
    Stepped,
    TurnState,
    begin,
    interrupt,
    same_words,
    stop,
)


def heard(state: TurnState, told: f.Heard, settings: f.TurnSettings) -> Stepped:
    at = told.at
    match told.event:
        case SpeechStarted():
            return _caller_started(replace(state, speech_at=at), at, settings)
        case SpeechPaused() | SpeechResumed():
            return state, ()
        case PartialHeard(text=text):
            if len(text.split()) < settings.barge_in_words:
                return state, ()
            return _words(replace(state, partial=text), at)
        case SpeechStopped():
            quiet = replace(state, speech_at=None)
            if state.floor is Floor.LISTENING:
                quiet = replace(quiet, floor=Floor.MAYBE_ENDED, since=at)
            return quiet, ()
        case FinalHeard():
            return _final(state, told.event, at, settings)
        case HearingFailed():
            return replace(state, speech_at=None), ()
        case _:
            assert_never(told.event)


def _final(state: TurnState, final: FinalHeard, at: float, settings: f.TurnSettings) -> Stepped:
    text = final.text.strip()
    if final.corrects:
        return _correct(state, text, at)
    quiet = replace(state, speech_at=None, partial="")
    if not text:
        return noise(quiet, at, settings)
    if state.taken:
        return _correct(quiet, text, at)
    return take(quiet, text, at=at)


def _caller_started(state: TurnState, at: float, settings: f.TurnSettings) -> Stepped:
    match state.floor:
        case Floor.LISTENING | Floor.MAYBE_ENDED:
            return replace(state, floor=Floor.LISTENING, since=at), ()
        case Floor.SPEAKING if at - (state.sounding or 0.0) >= settings.grace_s:
            paused = replace(state, floor=Floor.PAUSED, since=at)
            return paused, (f.Pause(generation=state.generation),)
        case _:
            return state, ()


def _words(state: TurnState, at: float) -> Stepped:
    if state.floor in AGENT_HAS_FLOOR:
        return interrupt(state, at)
    if state.floor is Floor.LISTENING:
        return replace(state, since=at), ()
    return state, ()


def noise(state: TurnState, at: float, settings: f.TurnSettings) -> Stepped:
    if state.floor is Floor.PAUSED:
        resumed = replace(state, floor=Floor.SPEAKING, since=at)
        return resumed, (f.Resume(generation=state.generation),)
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
        asked=0,
        keys="" if keys else state.keys,  # words do not undo a number that is being entered
        partial="",
        words="" if keys else text,
    )
    taken = f.Take(turn=turn, text=text, interrupted=interrupted, keys=keys)
    return begin(fresh, (*outputs, taken), at=at, purpose=Purpose.ANSWER)


def _correct(state: TurnState, text: str, at: float) -> Stepped:
    """The last words were taken before they were final; these are they."""
    state, same = replace(state, taken=""), same_words(text, state.words)
    if not state.words or not text or same:
        return state, ()
    state = replace(state, words=text)
    correct = f.Correct(turn=state.turn, text=text)
    unheard = state.floor is Floor.THINKING and state.sounding is None
    if not unheard or state.purpose is not Purpose.ANSWER:
        return state, (correct,)
    stopped, outputs = stop(state)
    return begin(stopped, (*outputs, correct), at=at, purpose=Purpose.ANSWER)
