"""What the caller presses: numbers that end with a terminator, their length or a pause."""

from __future__ import annotations

from dataclasses import replace

from core.facts import DigitsWanted
from core.turn import events as e
from core.turn import outputs as o
from core.turn.caller import take
from core.turn.floor import Floor
from core.turn.settings import TurnSettings
from core.turn.state import AGENT_HAS_FLOOR, Stepped, TurnState, interrupt


def pressed(key: str, wanted: DigitsWanted | None, *, at: float) -> e.KeyPressed:
    """Return a key of the caller as part of the number that is wanted, if one is."""
    if wanted is None:
        return e.KeyPressed(at=at, key=key)
    return e.KeyPressed(
        at=at,
        key=key,
        max_keys=wanted.max_digits,
        terminator=wanted.terminator,
        pause_s=wanted.pause_s,
        secret=wanted.secret,
    )


def keys_end(state: TurnState, settings: TurnSettings) -> float:
    """Return when the number that is being entered is complete without another key."""
    pause = settings.key_pause_s if state.key_pause_s is None else state.key_pause_s
    return state.key_at + pause


def key_came(state: TurnState, event: e.KeyPressed, settings: TurnSettings) -> Stepped:
    """Add one key; the agent falls silent for it."""
    ends = event.key == event.terminator
    if not state.keys and event.at < keys_end(state, settings):  # a number has just been complete
        if ends:
            return state, ()
        if state.secret_keys and not event.secret and state.floor in AGENT_HAS_FLOOR:
            return state, ()  # a key too many tells of the secret
    before: tuple[o.Output, ...] = ()
    if state.floor in AGENT_HAS_FLOOR:
        state, before = interrupt(state, event.at)
    ends = ends and bool(state.keys)
    keys = state.keys if ends else state.keys + event.key
    secret = event.secret or (state.secret_keys and bool(state.keys))
    state = replace(
        state, keys=keys, key_at=event.at, key_pause_s=event.pause_s, secret_keys=secret
    )
    if state.floor is Floor.LISTENING:
        state = replace(state, since=event.at)  # who is keying something in is not silent
    if not ends and len(keys) < event.max_keys:
        return state, before
    after, outputs = take(state, keys, at=event.at, keys=True)
    return after, (*before, *outputs)
