"""How turns are taken: the waits and counts of a call, and what an agent changes in them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from core.agents import SilenceSpec, SpeechSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnSettings:
    """How turns are taken, in seconds and counts. Every wait of a call is one of these."""

    barge_in_words: int = 1  # one recognised word is speech, whatever the detector thinks
    # Shorter noises are coughs: 0.5 s of speech, and the time in which its end would be noticed.
    barge_in_s: float = 0.7
    backchannels: bool = True  # "mhm" over an agent who asks nothing takes no turn
    grace_s: float = 0.3  # echo and the tail of the caller's own sentence fall in here
    resume_s: float = 2.0  # a real interruption has words by then
    think_ahead: bool = True  # answer while it is not sure yet that the caller is done ...
    think_ahead_tries: int = 3  # ... so many times a turn
    ceiling_s: float = 3.0  # words that are not final by then are taken as they are
    news_s: float = 0.6  # a pause in which nobody is about to speak
    silence_s: float = 10.0  # people look for a card or a pen for this long
    wordless_s: float = 20.0  # speech has words by then
    silence_prompts: int = 2
    filler_s: float = 3.0  # longer silence sounds like a dead line
    give_up_s: float = 12.0  # a tool may take 8 s, a model 2 s
    key_pause_s: float = 2.5  # between two keys of one number
    max_faults: int = 3  # apologies in a row before the call is given up


def settings_with(
    settings: TurnSettings, *, speech: SpeechSpec, silence: SilenceSpec
) -> TurnSettings:
    """Return how turns are taken with an agent who listens like this, and waits so long."""
    own: dict[str, float | int | bool | None] = {
        "barge_in_s": None if speech.barge_in_ms is None else speech.barge_in_ms / 1000,
        "barge_in_words": speech.barge_in_words,
        "backchannels": speech.backchannels,
        "silence_s": silence.after_s or None,
        "silence_prompts": None if silence.prompts is None else len(silence.prompts),
    }
    given = {name: value for name, value in own.items() if value is not None}
    return replace(settings, **given)  # type: ignore[arg-type]
