"""A call is recorded only with consent, never while a secret is awaited, never after its end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import call as c
from core import facts as f
from core.record import call_record

UP = (
    f.Offered(direction=f.Direction.INBOUND),
    f.Answered(connection_id="leg"),
    f.Connected(connection_id="leg"),
    f.SessionOpened(epoch=1, relay_id="r"),
)
YES, NO = (f.ConsentDecided(decision=each) for each in ("given", "withdrawn"))
SECRET, NO_SECRET = f.SecretAwaited(awaited=True), f.SecretAwaited(awaited=False)


def done(command, outcome="ok"):
    return f.CommandDone(command_id="1.0", command=command, outcome=outcome)


def logged(*facts):
    return [
        f.LogEntry(n=n, at=100.0 + n, source="t", source_id=str(n), fact=fact)
        for n, fact in enumerate(facts, start=1)
    ]


def told(*facts):
    """Return the state after these facts, and the names of the commands they called for."""
    state, names = c.CallState(call_id="call"), []
    for entry in logged(*facts):
        state, commands = c.step(state, entry)
        names += [
            f"{command.name}{' paused' if getattr(command, 'paused', False) else ''}"
            for command in commands
        ]
    return state, names


@pytest.mark.parametrize(
    ("facts", "asked"),
    [
        ((YES,), ["start_recording"]),
        ((f.ConsentDecided(decision="announced"),), ["start_recording"]),
        ((f.ConsentDecided(decision="refused"),), []),
        ((f.ConsentDecided(decision="unclear"),), []),
        ((YES, YES), ["start_recording"]),
        ((YES, NO), ["start_recording", "stop_recording"]),
        ((SECRET, YES), ["start_recording paused"]),
        ((SECRET, YES, NO_SECRET), ["start_recording paused", "resume_recording"]),
        ((YES, SECRET), ["start_recording", "pause_recording"]),
        (
            (YES, SECRET, SECRET, NO_SECRET, NO_SECRET),
            ["start_recording", "pause_recording", "resume_recording"],
        ),
        ((YES, f.Disconnected()), ["start_recording", "stop_recording", "archive"]),
        ((f.Disconnected(),), ["archive"]),
        ((YES, done("start_recording", "failed"), SECRET), ["start_recording"]),
        (
            (YES, SECRET, done("pause_recording", "failed")),
            ["start_recording", "pause_recording", "stop_recording"],
        ),
        ((YES, f.RecordingChanged(state="failed"), SECRET), ["start_recording"]),
        (
            (YES, NO, done("stop_recording", "failed"), done("stop_recording")),
            ["start_recording", "stop_recording", "stop_recording"],
        ),
        (
            (YES, f.Disconnected(), done("stop_recording", "failed"), done("archive")),
            ["start_recording", "stop_recording", "archive", "stop_recording"],
        ),
        (
            (YES, f.Disconnected(), done("stop_recording", "failed"), done("stop_recording")),
            ["start_recording", "stop_recording", "archive", "stop_recording", "archive"],
        ),
        ((YES, NO, done("stop_recording", "gone")), ["start_recording", "stop_recording"]),
    ],
)
def test_each_fact_has_its_commands(facts, asked):
    assert told(*UP, *facts)[1] == asked


def test_a_carrier_that_never_stops_a_recording_is_not_asked_without_end():
    _, asked = told(*UP, YES, NO, *[done("stop_recording", "failed")] * 50)

    assert asked.count("stop_recording") == 11


def test_only_a_recording_that_was_not_stopped_in_the_end_is_trouble():
    failed = done("stop_recording", "failed")
    stopped = call_record("call", logged(*UP, YES, NO, failed, done("stop_recording")))
    never = call_record("call", logged(*UP, YES, NO, failed))

    assert stopped["recording"]["trouble"] == ""
    assert never["recording"]["trouble"].startswith("stop_recording")


def test_a_failed_recording_leaves_the_call_as_it_was():
    state, _ = told(*UP, YES, done("start_recording", "failed"))

    assert (state.phase, state.recording) == (c.Phase.TALKING, c.Recording.FAILED)


FACTS = st.sampled_from(
    [
        *(f.ConsentDecided(decision=each) for each in ("given", "refused", "withdrawn", "unclear")),
        SECRET,
        NO_SECRET,
        done("start_recording", "failed"),
        done("pause_recording", "failed"),
        f.RecordingChanged(state="failed"),
        f.RecordingChanged(state="inactive"),
        f.HangUpRequested(by="agent"),
        f.MediaDetached(epoch=1),
        f.TransferRequested(request_id="t", target="desk"),
        f.TransferAccepted(request_id="t"),
        f.Disconnected(),
    ]
)


@given(st.lists(FACTS, max_size=12))
def test_whatever_happens_a_call_is_recorded_only_while_it_may_be(facts):
    agreed, secret, over, running = False, False, False, False
    state = c.CallState(call_id="call")
    for n, fact in enumerate((*UP, *facts), start=1):
        if isinstance(fact, f.ConsentDecided):
            agreed = fact.decision == "given"
        if isinstance(fact, f.SecretAwaited):
            secret = fact.awaited
        over = over or isinstance(fact, f.Disconnected)
        entry = f.LogEntry(n=n, at=100.0 + n, source="t", source_id=str(n), fact=fact)
        state, commands = c.step(state, entry)
        for command in commands:
            match command:
                case c.StartRecording(paused=paused):
                    running = not paused
                case c.ResumeRecording():
                    running = True
                case c.PauseRecording() | c.StopRecording():
                    running = False
                case _:
                    pass
        if state.recording is c.Recording.FAILED:
            running = False

        assert not running or (agreed and not secret and not over)
