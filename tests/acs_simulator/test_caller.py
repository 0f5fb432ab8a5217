"""When the caller speaks: at a time, or when the agent has finished."""

from __future__ import annotations

from localdev.acs_simulator.caller import Caller, Heard, Spoken, Utterance
from tests.acs_simulator.sounds import silence, tone

NOBODY = Heard(last_audible_ms=None, waiting=False)


def speak(caller: Caller, until_ms: int, heard: Heard = NOBODY, since_ms: int = 0) -> list[Spoken]:
    """Tick the caller; return what he finished."""
    ended = [caller.next_frame(now, heard)[2] for now in range(since_ms, until_ms, 20)]
    return [spoken for spoken in ended if spoken is not None]


def test_an_utterance_with_a_time_is_spoken_then() -> None:
    caller = Caller(16_000)
    caller.add(Utterance(index=0, pcm=tone(100), at_ms=510))

    [spoken] = speak(caller, 1000)

    assert (spoken.start_ms, spoken.end_ms) == (520, 620)


def test_the_ends_of_an_utterance_are_its_audible_samples() -> None:
    caller = Caller(16_000)
    caller.add(Utterance(index=0, pcm=silence(110) + tone(100) + silence(90), at_ms=0))

    [spoken] = speak(caller, 1000)

    assert (spoken.start_ms, spoken.end_ms) == (110, 210)


def test_the_caller_does_not_speak_before_the_agent_has() -> None:
    caller = Caller(16_000)
    caller.add(Utterance(index=0, pcm=tone(100)))

    spoken = speak(caller, 20_000)

    assert spoken == []
    assert not caller.idle


def test_the_caller_speaks_once_the_agent_is_quiet_long_enough() -> None:
    caller = Caller(16_000)
    caller.add(Utterance(index=0, pcm=tone(100), quiet_ms=700))

    [spoken] = speak(caller, 5000, Heard(last_audible_ms=1000, waiting=False), since_ms=1000)

    assert spoken.start_ms == 1700


def test_the_caller_waits_while_something_is_still_to_be_heard() -> None:
    caller = Caller(16_000)
    caller.add(Utterance(index=0, pcm=tone(100)))

    assert speak(caller, 5000, Heard(last_audible_ms=1000, waiting=True)) == []


def test_the_caller_waits_for_an_answer_before_his_next_line() -> None:
    caller = Caller(16_000)
    caller.add(Utterance(index=0, pcm=tone(100)))
    caller.add(Utterance(index=1, pcm=tone(100)))

    first = speak(caller, 10_000, Heard(last_audible_ms=0.0, waiting=False))
    then = speak(caller, 20_000, Heard(last_audible_ms=9000, waiting=False), since_ms=10_000)

    assert [spoken.utterance.index for spoken in first + then] == [0, 1]
    assert then[0].start_ms == 10_000


def test_patience_ends() -> None:
    caller = Caller(16_000)
    caller.add(Utterance(index=0, pcm=tone(100), max_wait_ms=3000))

    [spoken] = speak(caller, 5000)

    assert spoken.start_ms == 3000
    assert spoken.waited_out


def test_an_interruption_does_not_wait_for_lines_before_it() -> None:
    caller = Caller(16_000)
    caller.add(Utterance(index=0, pcm=tone(100)))
    caller.add(Utterance(index=1, pcm=tone(100), at_ms=500))

    [spoken] = speak(caller, 2000)

    assert spoken.utterance.index == 1
