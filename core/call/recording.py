"""Recording: never without consent, never while a secret is awaited, never longer than the call."""

from __future__ import annotations

from dataclasses import replace

from core import facts as f
from core.call.commands import (
    Command,
    PauseRecording,
    ResumeRecording,
    StartRecording,
    StopRecording,
)
from core.call.decision import Decision, command_id
from core.call.state import CallState, Phase, Recording

RUNNING = frozenset({Recording.ON, Recording.PAUSED})
STOPS = 10  # a caller who does not want it any more, or was passed on, would be recorded on


def consent_decided(state: CallState, entry: f.LogEntry, decision: f.ConsentDecision) -> Decision:
    if decision in ("given", "announced"):
        if state.recording is not Recording.OFF or state.phase is not Phase.TALKING:
            return state, ()
        paused = state.secret_awaited
        state = replace(state, recording=Recording.PAUSED if paused else Recording.ON)
        return state, (StartRecording(id=command_id(entry), paused=paused),)
    return stopped(state, entry)


def secret_awaited(state: CallState, entry: f.LogEntry, *, awaited: bool) -> Decision:
    state = replace(state, secret_awaited=awaited)
    if awaited and state.recording is Recording.ON:
        state = replace(state, recording=Recording.PAUSED)
        return state, (PauseRecording(id=command_id(entry)),)
    if not awaited and state.recording is Recording.PAUSED:
        state = replace(state, recording=Recording.ON)
        return state, (ResumeRecording(id=command_id(entry)),)
    return state, ()


def stopped(state: CallState, entry: f.LogEntry) -> Decision:
    """Stop for good: also what a caller who changes his mind gets."""
    if state.recording not in RUNNING:
        return state, ()
    return replace(state, recording=Recording.OVER), (StopRecording(id=command_id(entry)),)


def command_failed(state: CallState, entry: f.LogEntry, command: str) -> Decision:
    """Take a failed start for no recording; stop one that would not pause, or nobody can resume.

    One that would not stop is stopped again, for a while.
    """
    match command:
        case "start_recording":
            return replace(state, recording=Recording.FAILED), ()
        case "pause_recording" | "resume_recording":
            return stopped(state, entry)
        case "stop_recording" if state.stops < STOPS:
            return replace(state, stops=state.stops + 1), (StopRecording(id=command_id(entry)),)
        case _:
            return state, ()


def changed(state: CallState, now: str) -> CallState:
    """Believe the carrier that nothing is recorded; what else it says may be older than ours."""
    failed = now == "failed" and state.recording in RUNNING
    return replace(state, recording=Recording.FAILED) if failed else state


def last_commands(state: CallState, entry: f.LogEntry) -> tuple[Command, ...]:
    """Return what ends the recording with our leg: the carrier would record on after a transfer."""
    running = state.recording in RUNNING
    return (StopRecording(id=command_id(entry, 1)),) if running else ()
