"""What the judge of pauses hears: log power in mel bands of the last eight seconds."""

import numpy as np

from adapters.embedded.smart_turn import log_mel

RATE = 16_000


def tone(hertz: float, seconds: float) -> np.ndarray:
    time = np.arange(int(RATE * seconds)) / RATE
    return (0.3 * np.sin(2 * np.pi * hertz * time)).astype(np.float32)


def test_a_higher_tone_lies_in_a_higher_band_and_the_end_of_the_sound_at_the_end() -> None:
    low, high = log_mel(tone(300, 1)), log_mel(tone(3_000, 1))

    assert low.shape == high.shape == (80, 800)
    assert low[:, -50].argmax() < high[:, -50].argmax()
    assert low[:, 750].max() > low[:, 100].max() + 1.0


def test_only_the_last_eight_seconds_count() -> None:
    end = tone(440, 8)

    assert np.allclose(log_mel(np.concatenate([tone(900, 3), end])), log_mel(end))
