"""Sockets that carry another sample rate than ours."""

import numpy as np
import pytest

from adapters.scripted import ScriptedChat, spoken
from core.facts import MediaDetached, TurnDone
from core.speech import FRAME_BYTES, FRAME_MS
from media_relay.rates import RATES, Rates
from tests.relay.stations import metadata, relaying

SILENCE = bytes(FRAME_BYTES) * 40


def tone(rate, ms=1000, hz=440):
    at = np.arange(rate * ms // 1000) / rate
    return (np.sin(2 * np.pi * hz * at) * 10_000).astype("<i2")


def in_frames(samples, rate, convert):
    size = rate * FRAME_MS // 1000
    parts = [convert(samples[at : at + size].tobytes()) for at in range(0, len(samples), size)]
    return np.frombuffer(b"".join(parts), "<i2").astype(float)


def is_pure(samples, rate, hz=440):
    """Whether nothing but the tone is in there: a seam between frames would be heard as clicks."""
    middle = samples[rate // 10 : rate // 10 + rate // 2] * np.hanning(rate // 2)
    power = np.abs(np.fft.rfft(middle)) ** 2
    near = slice(hz // 2 - 5, hz // 2 + 6)  # bins of 2 Hz
    return power[near].sum() / power.sum() > 0.9999


@pytest.mark.parametrize("rate", sorted(RATES))
def test_frames_are_converted_without_a_seam(rate):
    rates = Rates(rate)

    heard = in_frames(tone(rate), rate, rates.heard)
    said = in_frames(tone(16_000), 16_000, rates.said)

    assert is_pure(heard, 16_000)
    assert is_pure(said, rate)
    assert 0.92 * 16_000 < len(heard) <= 16_000
    assert 0.92 * rate < len(said) <= rate


def test_nothing_of_a_stopped_reply_comes_out_with_the_next():
    rates = Rates(24_000)
    rates.said(tone(16_000, 100).tobytes())
    rates.cut()

    after = in_frames(np.zeros(1600, "<i2"), 16_000, rates.said)

    assert abs(after).max() <= 1  # dither


async def test_a_caller_on_a_24_khz_line_is_greeted():
    async with relaying() as station, station.dialled(opening=metadata(24_000)) as caller:
        await caller.hears_ms(25, 24_000)


async def test_frames_that_contradict_the_metadata_are_believed():
    async with (
        relaying(chat=ScriptedChat(["Ten dollars."])) as station,
        station.dialled(opening=metadata(24_000)) as caller,
    ):
        await caller.says(SILENCE)
        await station.control.until(TurnDone)
        await caller.says(spoken("my balance") + SILENCE)
        await caller.hears("Ten dollars.")

        turn = await station.control.until(TurnDone, count=2)

        assert turn.caller == "my balance"


async def test_a_line_of_another_format_is_refused():
    async with relaying() as station, station.dialled(opening=metadata(channels=2)) as caller:
        assert await caller.gone() == 1003
        assert (await station.control.until(MediaDetached)).reason == "socket closed"
