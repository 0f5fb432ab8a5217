"""One caller and one agent taking turns: the only place where the floor changes hands.

`step` is pure: no clock, no task, no socket. Feed it what happened and do what it says, in order.
`deadline` says when it wants a `Tick`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, assert_never

from core.turn import events as e
from core.turn import outputs as o
from core.turn.caller import heard, noise, take
from core.turn.floor import Closing, Floor, Purpose
from core.turn.keys import key_came, keys_end
from core.turn.settings import TurnSettings
from core.turn.state import (
    AGENT_HAS_FLOOR,
    Stepped,
    TurnState,
    begin,
    give_up,
    hush,
    interrupt,
    may_tell,
    patience,
    saying,
    settle,
    stop,
    tell,
    unsaid,
)

_DEFAULTS = TurnSettings()


def step(  # noqa: C901, PLR0912 one row per event
    state: TurnState, event: e.Event, settings: TurnSettings = _DEFAULTS
) -> Stepped:
    """Return the next state and what is to be done. A closed call does nothing more."""
    if state.closed:
        return state, ()
    match event:
        case e.Heard():
            return heard(state, event, settings)
        case e.KeyPressed():
            return key_came(state, event, settings)
        case e.SpeechWanted(at=at, purpose=purpose, closing=closing):
            stopped, outputs = stop(state)
            return begin(replace(stopped, closing=closing), outputs, at=at, purpose=purpose)
        case e.SilenceWanted(at=at, closing=closing):
            return hush(state, at, closing)
        case (
            e.PieceReady()
            | e.ReplyDone()
            | e.ReplyFailed()
            | e.ClosingWanted()
            | e.Sounding()
            | e.RanDry()
        ):
            if event.generation != state.generation:
                return state, ()
            return _reply(state, event, settings)
        case e.NewsCame(purpose=purpose):
            waiting = [each for each in state.news if each is not purpose]
            return replace(state, news=(*waiting, purpose)), ()
        case e.NewsGone(purpose=purpose):
            return replace(state, news=tuple(n for n in state.news if n is not purpose)), ()
        case e.TransferOver(at=at):
            # What was heard meanwhile was not the caller.
            back = unsaid(replace(state, holding=False, since=at))
            unheard = back.floor is Floor.MAYBE_ENDED
            return replace(back, floor=Floor.LISTENING) if unheard else back, ()
        case e.HearingLost(at=at):
            stopped, outputs = stop(state)
            closing = Closing(kind="hang_up", by="fault")
            return begin(replace(stopped, closing=closing), outputs, at=at, purpose=Purpose.DEAF)
        case e.Tick(at=at):
            return _tick(state, at, settings)
        case _:
            assert_never(event)


def deadline(state: TurnState, settings: TurnSettings = _DEFAULTS) -> float | None:
    """Return when the next `Tick` is due, None when nothing is waited for."""
    if state.closed:
        return None
    due = [keys_end(state, settings)] if state.keys else []
    speech = state.speech_at
    match state.floor:
        case Floor.LISTENING:
            due += [] if state.holding else [state.since + patience(state, settings)]
        case Floor.MAYBE_ENDED:
            due.append(state.since + settings.ceiling_s)
        case Floor.THINKING:
            waits_for_filler = state.purpose is Purpose.ANSWER and not state.nudged
            due.append(
                state.since + (settings.filler_s if waits_for_filler else settings.give_up_s)
            )
        case Floor.SPEAKING:
            due += [speech + settings.barge_in_s] if speech is not None else []
        case Floor.PAUSED:
            due.append(state.since + settings.resume_s)
            due += [speech + settings.barge_in_s] if speech is not None else []
        case _:
            assert_never(state.floor)
    return min(due, default=None)


# --- the reply ------------------------------------------------------------------------------------

_Reply = e.PieceReady | e.ReplyDone | e.ReplyFailed | e.ClosingWanted | e.Sounding | e.RanDry


def _reply(state: TurnState, event: _Reply, settings: TurnSettings) -> Stepped:
    if state.floor not in AGENT_HAS_FLOOR:
        return state, ()
    match event:
        case e.PieceReady(generation=generation, text=text, agent=agent):
            return saying(state, o.Say(generation=generation, text=text, agent=agent))
        case e.Sounding(at=at):
            floor = Floor.SPEAKING if state.floor is Floor.THINKING else state.floor
            sounding = at if state.sounding is None else state.sounding
            return replace(state, floor=floor, since=at, sounding=sounding, answered=True), ()
        case e.RanDry(at=at, pieces=pieces):
            if state.floor is Floor.PAUSED:
                return replace(state, heard=pieces), ()
            return settle(replace(state, heard=pieces, floor=Floor.THINKING, since=at), at)
        case e.ReplyDone(at=at, generation=generation):
            done = replace(state, over=True)
            if done.said == 0 and done.closing is None:
                return saying(done, o.Say(generation=generation, phrase="empty"))
            return settle(done, at)
        case e.ClosingWanted(closing=closing):
            return replace(state, closing=closing), ()
        case e.ReplyFailed(at=at, engine=engine):
            return _failed(state, engine, at, settings)
        case _:
            assert_never(event)


def _failed(state: TurnState, engine: str, at: float, settings: TurnSettings) -> Stepped:
    faults = state.faults + 1
    hopeless = faults >= settings.max_faults
    if engine == "speaking" and (hopeless or state.purpose is Purpose.APOLOGY):
        return give_up(state)
    closing = Closing(kind="hang_up", by="fault") if hopeless else state.closing
    if engine == "thinking":
        failed = replace(state, over=True, failed=True, faults=faults, closing=closing)
        phrase: Literal["farewell", "apology"] = "farewell" if hopeless else "apology"
        return saying(failed, o.Say(generation=state.generation, phrase=phrase))
    stopped, outputs = stop(replace(state, closing=None))
    stopped = replace(stopped, faults=faults, closing=closing)
    return begin(stopped, outputs, at=at, purpose=Purpose.APOLOGY)


# --- time -----------------------------------------------------------------------------------------


def _tick(state: TurnState, at: float, settings: TurnSettings) -> Stepped:
    due = deadline(state, settings)
    if due is None or at < due:
        return state, ()
    if state.keys and at >= keys_end(state, settings):
        return take(state, state.keys, at=at, keys=True)
    match state.floor:
        case Floor.LISTENING:
            return _silence(state, at, settings)
        case Floor.MAYBE_ENDED:
            return _ceiling(state, at, settings)
        case Floor.THINKING:
            return _slow(state, at, settings)
        case Floor.SPEAKING:
            return interrupt(state, at)
        case Floor.PAUSED:
            if state.speech_at is not None and at >= state.speech_at + settings.barge_in_s:
                return interrupt(state, at)
            resumed = replace(state, floor=Floor.SPEAKING, since=at)
            return resumed, (o.Resume(generation=state.generation),)
        case _:
            assert_never(state.floor)


def _silence(state: TurnState, at: float, settings: TurnSettings) -> Stepped:
    if may_tell(state):
        return tell(state, at)
    state = replace(state, speech_at=None)  # words would have come: it is a noise
    if state.asked < settings.silence_prompts:
        asked = replace(state, asked=state.asked + 1, cut=False)
        return begin(asked, (), at=at, purpose=Purpose.REPROMPT)
    closing = Closing(kind="hang_up", by="silence")
    return begin(replace(state, closing=closing), (), at=at, purpose=Purpose.GOODBYE)


def _ceiling(state: TurnState, at: float, settings: TurnSettings) -> Stepped:
    if not state.partial:
        return noise(state, at, settings)
    # The final may still come: it is the same words, not another turn.
    taken, outputs = take(state, state.partial, at=at)
    return replace(taken, taken=state.partial), outputs


def _slow(state: TurnState, at: float, settings: TurnSettings) -> Stepped:
    if state.purpose is Purpose.ANSWER and not state.nudged:
        return saying(
            replace(state, nudged=True), o.Say(generation=state.generation, phrase="filler")
        )
    if state.purpose is not Purpose.ANSWER or state.faults + 1 >= settings.max_faults:
        return give_up(state)
    stopped, outputs = stop(state)
    failed = replace(stopped, faults=state.faults + 1)
    return begin(failed, outputs, at=at, purpose=Purpose.APOLOGY)
