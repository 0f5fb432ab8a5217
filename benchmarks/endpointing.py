"""How soon a turn is known to be over, and how often it was not: silences against the rules.

    python -m benchmarks.endpointing [--wait MS ...] [--misses]

Callers' lines are spoken by Piper; into half of them a pause is cut in mid-sentence, where the
voice is quietest near the place, so that it does not fall as at an end. Detector, recognizer and
judge run once for every pause; then each policy decides on the same sound, with the words known
80 ms after a pause is noticed and the judge's opinion 90 ms after it.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from adapters.embedded.detecting import WINDOW_BYTES, WINDOW_MS, Detection, Listener
from adapters.embedded.endpointing import Began, Endpointer, Mark, Paused, Resumed
from adapters.embedded.hearing import HearingModels, load_models
from adapters.embedded.pcm import samples_of
from adapters.embedded.piper import PiperSpeaking
from adapters.embedded.smart_turn import SmartTurn
from adapters.embedded.voices import caller_voice
from core.endpointing import EndpointSettings
from core.speech import (
    BYTES_PER_MS,
    FinalHeard,
    HearingEvent,
    PartialHeard,
    SpeechPaused,
    SpeechResumed,
    SpeechStarted,
    SpeechStopped,
    SpokenAudio,
)
from media_relay.endpointing import Endpointing
from media_relay.habits import Habits

WORDS_MS, JUDGE_MS = 80, 90
SLOW_MS = 900
DIGITS = "And what are the last four digits of your social security number?"
NAME = "What is your full name?"
SPELL = "Could you spell your last name for me?"
MAIL = "What is your e-mail address?"
BORN = "What is your date of birth?"
SURE = "It will be blocked for good. Is that all right?"
HELP = "How can I help you?"
# (what the agent asked, the caller's line; | is where he may pause)
LINES = (
    (HELP, "What is my | account balance?"),
    (HELP, "I would like to know | what my balance is."),
    (HELP, "I lost my card yesterday | and I need a new one."),
    (HELP, "Can you tell me about | your credit cards?"),
    (HELP, "There is a charge on my account | that I do not recognize."),
    (HELP, "I am going to travel to Spain | next week."),
    (HELP, "My last statement has a fee of | thirty five dollars."),
    (HELP, "I want to speak to | a person please."),
    (HELP, "Could you please | block my card?"),
    (HELP, "Well the thing is | my payment did not go through."),
    (HELP, "How much did I spend | last month?"),
    (HELP, "I was wondering if | you have a card without a fee."),
    (HELP, "I think somebody is using my card | because I see strange payments."),
    (HELP, "Please send me | a new statement."),
    (NAME, "My name is | Maria Lopez."),
    (NAME, "It is James | Anderson."),
    (NAME, "Yes sure my name is | Robert Miller."),
    (NAME, "Maria | Lopez."),
    (DIGITS, "Four one | two seven."),
    (DIGITS, "It is four one | two seven."),
    (DIGITS, "The last four are nine | eight seven six."),
    (DIGITS, "Four one two | seven."),
    (SPELL, "L O P | E Z."),
    (SPELL, "It is M I L | L E R."),
    (MAIL, "Maria dot lopez | at example dot com."),
    (MAIL, "It is james | at contoso dot com."),
    (BORN, "March third | nineteen eighty five."),
    (BORN, "The fifth of May | nineteen seventy two."),
    (SURE, "Yes | please do that."),
    (SURE, "Yes."),
    (SURE, "No | I do not want that."),
    (SURE, "Okay | go ahead."),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A line as detector, recognizer and judge see it, whatever is decided. Times in ms."""

    asked: str
    line: str
    pause_ms: int
    end_ms: float
    events: tuple[tuple[int, HearingEvent], ...]
    judged: tuple[tuple[int, int, float], ...]  # (known at, of the pause at, probability)


async def speak(mouth: PiperSpeaking, text: str) -> np.ndarray:
    events = mouth.speak(text, caller_voice())
    pcm = b"".join([e.pcm async for e in events if isinstance(e, SpokenAudio)])
    samples = np.frombuffer(pcm, "<i2")
    loud = np.flatnonzero(np.abs(samples) > 300)
    return samples[loud[0] : loud[-1] + 1]


def parted(samples: np.ndarray, share: float, pause_ms: int) -> np.ndarray:
    """Cut a pause in where the voice is quietest within 150 ms of its share of the line."""
    at, reach, width = int(len(samples) * share), 2_400, 640
    starts = range(max(0, at - reach), min(len(samples) - width, at + reach), 160)
    level = samples.astype(np.float64) ** 2
    cut = min(starts, key=lambda n: level[n : n + width].sum()) + width // 2
    return np.concatenate([samples[:cut], np.zeros(pause_ms * 16, np.int16), samples[cut:]])


def quietly(samples: np.ndarray, noise: np.random.Generator) -> bytes:
    """Return it with a second before, three after, and a line's noise at -55 dBFS."""
    whole = np.concatenate([np.zeros(16_000), samples, np.zeros(48_000)])
    return np.clip(whole + noise.normal(0, 58, len(whole)), -32768, 32767).astype("<i2").tobytes()


async def prepare(waits: Iterable[int]) -> list[Heard]:
    models, judge, mouth = load_models(), SmartTurn(), PiperSpeaking()
    choose, noise = random.Random(7), np.random.default_rng(7)  # noqa: S311 the same every time
    heard: list[Heard] = []
    for asked, line in LINES:
        share = line.find("|") / len(line)
        voice = await speak(mouth, line.replace("| ", ""))
        for pause_ms in (0, choose.choice(list(waits))):
            if pause_ms and share <= 0:
                continue
            spoken = parted(voice, share, pause_ms) if pause_ms else voice
            pcm, end_ms = quietly(spoken, noise), 1_000 + len(spoken) / 16
            events, judged = await look(pcm, models, judge)
            heard.append(
                Heard(
                    asked=asked,
                    line=line,
                    pause_ms=pause_ms,
                    end_ms=end_ms,
                    events=events,
                    judged=judged,
                )
            )
    await mouth.aclose()
    await judge.aclose()
    return heard


async def marks_of(pcm: bytes, listener: Listener) -> list[tuple[int, Mark]]:
    """Return what the detector makes of it: (at ms, mark)."""
    marks: list[tuple[int, Mark]] = []
    windows = 0

    def window(_: bytes, mark: Mark | None) -> None:
        nonlocal windows
        windows += 1
        if mark is not None:
            marks.append((windows * WINDOW_MS, mark))

    detection = Detection(listener, Endpointer(window_ms=WINDOW_MS, hangover_ms=10_000), window)
    detection.push(pcm)
    while windows < len(pcm) // WINDOW_BYTES:  # noqa: ASYNC110 the detector answers in turns of the loop
        await asyncio.sleep(0)
    return marks


async def look(
    pcm: bytes, models: HearingModels, judge: SmartTurn
) -> tuple[tuple[tuple[int, HearingEvent], ...], tuple[tuple[int, int, float], ...]]:
    events: list[tuple[int, HearingEvent]] = []
    judged: list[tuple[int, int, float]] = []
    start_ms = 0
    for now_ms, mark in await marks_of(pcm, models.listener()):
        match mark:
            case Began(at_ms=at_ms):
                start_ms = at_ms
                events.append((now_ms, SpeechStarted(at_ms=at_ms)))
            case Resumed():
                events.append((now_ms, SpeechResumed(at_ms=now_ms)))
            case Paused(at_ms=at_ms):
                events.append((now_ms, SpeechPaused(at_ms=at_ms, now_ms=now_ms)))
                sound = pcm[max(0, start_ms - 300) * BYTES_PER_MS : (at_ms + 100) * BYTES_PER_MS]
                text = models.recognizer.transcribe(samples_of(sound), stopped=lambda: False)
                words = PartialHeard(text=text, start_ms=start_ms, end_ms=now_ms, stable=True)
                events.append((now_ms + WORDS_MS, words))
                likely = await judge.likely_done(pcm[: now_ms * BYTES_PER_MS])
                judged.append((now_ms + JUDGE_MS, at_ms, likely))
            case _:
                pass
    events.sort(key=lambda timed: timed[0])
    return tuple(events), tuple(judged)


async def decided(heard: Heard, settings: EndpointSettings, *, judge: bool) -> int:
    """Return when a policy takes the line for ended."""
    told: list[HearingEvent] = []
    habits = Habits()
    habits.asked(heard.asked, "en")
    done = FinalHeard(text="", start_ms=0, end_ms=0, decided_ms=0)
    ending = Endpointing(
        settings, habits, tell=told.append, finalize=lambda: ending.hear(done)
    )  # fmt: skip
    events, opinions = list(heard.events), list(heard.judged) if judge else []
    for now_ms in range(0, 60_000, 20):
        while events and events[0][0] <= now_ms:
            ending.hear(events.pop(0)[1])
        while opinions and opinions[0][0] <= now_ms:
            _, paused_ms, likely = opinions.pop(0)
            ending.judged(likely, paused_ms)
        ending.push(now_ms)
        await asyncio.sleep(0)
        for event in told:
            if isinstance(event, SpeechStopped):
                ending.close()
                return event.decided_ms
    return 60_000


async def compare(waits: list[int], *, misses: bool) -> None:
    heard = await prepare(waits)
    rules = EndpointSettings()
    policies = [(f"{ms} ms of silence", replace(rules, fixed=True, usual_ms=ms), False)
                for ms in (300, 400, 700, 1_000)]  # fmt: skip
    policies += [("words and habits", rules, False), ("and the judge of sound", rules, True)]
    paused = sum(bool(each.pause_ms) for each in heard)
    print(f"{len(heard)} lines, {paused} with a pause of {min(waits)} to {max(waits)} ms")
    for name, settings, judge in policies:
        waited, cut = [], []
        for each in heard:
            at = await decided(each, settings, judge=judge)
            if at < each.end_ms:
                cut.append(each)
            else:
                waited.append(at - each.end_ms)
                if misses and waited[-1] > SLOW_MS:
                    print(f"    waited {waited[-1]:.0f} ms: {each.line} {words_of(each)}")
        tenths = statistics.quantiles(waited, n=10)
        print(
            f"{name:<24} mean {statistics.mean(waited):4.0f} ms, p50 "
            f"{statistics.median(waited):4.0f}, p90 {tenths[8]:4.0f}; cut off "
            f"{len(cut)}/{paused} ({len(cut) / paused:.0%})"
        )
        if misses:
            for each in cut:
                print(f"    cut off in {each.pause_ms} ms: {each.line} {words_of(each)}")


def words_of(heard: Heard) -> list[str]:
    return [event.text for _, event in heard.events if isinstance(event, PartialHeard)]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--wait", type=int, nargs="+", default=[350, 500, 700, 900])
    parser.add_argument("--misses", action="store_true", help="show the lines that were cut off")
    asked = parser.parse_args()
    asyncio.run(compare(asked.wait, misses=asked.misses))


if __name__ == "__main__":
    main()
