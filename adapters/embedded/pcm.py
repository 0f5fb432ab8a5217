"""PCM as the models want it: float samples of -1 to 1."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

type Samples = NDArray[np.float32]


def samples_of(pcm: bytes) -> Samples:
    """Return 16-bit PCM as floats."""
    samples = np.frombuffer(pcm, "<i2").astype(np.float32)
    samples *= np.float32(1 / 32768)
    return samples
