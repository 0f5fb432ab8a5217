"""The pace of the agent's voice: in time, a little ahead, without gaps, and taken back when cut."""

import asyncio
from itertools import pairwise

import pytest

from core.speech import BYTES_PER_MS, FRAME_BYTES
from media_relay.playout import Playout, PlayoutSettings
from tests.relay.calls import ListeningWire
from tests.virtual_time import VIRTUAL

LEAD = PlayoutSettings()


@pytest.fixture
def anyio_backend():
    return VIRTUAL


def sound(ms):
    return bytes(range(1, 251)) * (ms * BYTES_PER_MS // 250 + 1)


def playing(*texts, ms=1000, clogged=(), on_sounding=lambda _: None, on_dry=lambda *_: None):
    """Begin to play pieces of so much sound each; `clogged`: when the line takes nothing."""
    wire = ListeningWire()
    wire.clogged = list(clogged)
    playout = Playout(wire, LEAD, on_sounding=on_sounding, on_dry=on_dry)
    playout.begin(1)
    for text in texts:
        say(playout, text, ms=ms)
    return playout, wire


def say(playout, text, *, ms=1000):
    piece = playout.open_piece(1, text, "Ann")
    playout.add(1, piece, sound(ms)[: ms * BYTES_PER_MS])
    playout.finish_piece(1, piece)


def gaps(wire):
    times = [at for at, _ in wire.audio]
    return [later - earlier for earlier, later in pairwise(times)]


async def test_frames_leave_in_time_and_never_far_ahead_of_the_ear():
    playout, wire = playing("One.")
    began = wire.sent_at[0]

    await asyncio.sleep(2)

    assert len(wire.audio) == 50
    assert max(gaps(wire)) == pytest.approx(0.02)
    ahead = [began + n * 0.02 - at for n, at in enumerate(wire.sent_at)]
    assert min(ahead) >= 0
    assert max(ahead) <= 0.18
    assert playout.heard() == [("Ann", "One.")]


async def test_a_piece_that_comes_while_the_last_one_plays_follows_without_a_gap():
    playout, wire = playing("One.")
    await asyncio.sleep(0.95)
    say(playout, "Two.")

    await asyncio.sleep(2)

    assert max(gaps(wire)) == pytest.approx(0.02)
    assert len(wire.audio) == 100


async def test_what_is_sent_after_a_long_stop_of_the_loop_is_not_taken_for_heard():
    playout, wire = playing("One.", ms=2000)
    loop = asyncio.get_running_loop()
    await asyncio.sleep(0.3)
    loop._selector.now += 0.5  # the ear was dry for most of it

    playout.nudge()

    assert max(at - sent for (at, _), sent in zip(wire.audio, wire.sent_at, strict=True)) <= 0.18
    await asyncio.sleep(3)
    assert len(wire.audio) == 100
    assert playout.heard() == [("Ann", "One.")]


async def test_a_loop_that_was_late_catches_up():
    _, wire = playing("One.")
    loop = asyncio.get_running_loop()
    await asyncio.sleep(0.3)
    loop._selector.now += 0.05

    await asyncio.sleep(2)

    assert len(wire.audio) == 50
    assert max(gaps(wire)) == pytest.approx(0.02)


async def test_a_paused_voice_is_silent_at_once_and_goes_on_where_it_was():
    playout, wire = playing("One.")
    await asyncio.sleep(0.4)

    playout.pause()
    heard = len(wire.audio)
    await asyncio.sleep(1)
    playout.resume()
    await asyncio.sleep(2)

    assert heard == 20
    assert len(wire.audio) == 50
    assert b"".join(pcm for _, pcm in wire.audio) == sound(1000)[: 50 * FRAME_BYTES]
    assert playout.heard() == [("Ann", "One.")]


async def test_a_voice_that_is_stopped_while_paused_stays_silent():
    playout, wire = playing("One.")
    await asyncio.sleep(0.4)
    playout.pause()
    playout.stop()

    await asyncio.sleep(1)
    playout.resume()
    await asyncio.sleep(1)

    assert len(wire.audio) <= 21
    assert len(wire.stops) == 1


async def test_what_the_line_does_not_take_was_not_heard_and_is_said_once_it_does():
    playout, wire = playing("one two three four", clogged=[(0.5, 2)])

    await asyncio.sleep(1.9)
    stuck = playout.heard()
    await asyncio.sleep(2)

    # 0.5 s and the lead of a second; the third word is over after 13 of 18 letters.
    assert stuck == [("Ann", "one two")]
    assert not [at for at in wire.sent_at if 0.5 <= at < 2]
    assert playout.heard() == [("Ann", "one two three four")]
    assert b"".join(pcm for _, pcm in wire.audio) == sound(1000)[: 50 * FRAME_BYTES]


async def test_a_reply_sounds_when_the_line_takes_its_first_frame_and_is_dry_after_its_last():
    sounds, dry = [], []
    loop = asyncio.get_running_loop()
    playout, wire = playing(
        "One.",
        clogged=[(0, 0.5)],
        on_sounding=lambda _: sounds.append(loop.time()),
        on_dry=lambda *_: dry.append(loop.time()),
    )

    for _ in range(100):
        playout.nudge()
        await asyncio.sleep(0.02)

    assert sounds == [wire.sent_at[0]]
    assert sounds == [pytest.approx(0.5, abs=0.03)]
    assert dry == [pytest.approx(sounds[0] + 1, abs=0.01)]
    assert playout.heard() == [("Ann", "One.")]
