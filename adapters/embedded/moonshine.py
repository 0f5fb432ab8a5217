"""Moonshine tiny-en: how samples become words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from adapters.embedded.models import (
    MOONSHINE_DECODER,
    MOONSHINE_ENCODER,
    MOONSHINE_TOKENS,
    find_model,
)
from adapters.embedded.onnx import open_session
from adapters.embedded.pcm import Samples
from core.speech import SAMPLE_RATE

START, END = 1, 2
# The makers' cap: a model that says more than this per second is repeating itself.
TOKENS_PER_SECOND = 6.5
# Shorter repetitions are how people talk ("no, no").
SHORTEST_LOOP = 4
MIN_SAMPLES = SAMPLE_RATE // 4


class Moonshine:
    """The model, loaded once and used from several threads at a time.

    Loading raises `EngineFailed` where a file is missing or is not the pinned one.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._encoder = open_session(find_model(MOONSHINE_ENCODER, folder))
        self._decoder = open_session(find_model(MOONSHINE_DECODER, folder))
        self._tokens = read_tokens(find_model(MOONSHINE_TOKENS, folder).read_bytes())
        outputs = [output.name for output in self._decoder.get_outputs()]
        self._all = outputs
        # The encoder's keys and values never change after the first step.
        self._changing = [name for name in outputs if ".encoder." not in name]
        shapes = {i.name: i.shape for i in self._decoder.get_inputs()}
        self._empty = {
            name: np.zeros((1, shape[1], 0, shape[3]), np.float32)
            for name, shape in shapes.items()
            if name.startswith("past_key_values")
        }

    def transcribe(self, samples: Samples, *, stopped: Callable[[], bool] = lambda: False) -> str:
        """Return the words in 16 kHz samples of -1 to 1; "" at once when `stopped` says so."""
        if len(samples) < MIN_SAMPLES:
            samples = np.pad(samples, (0, MIN_SAMPLES - len(samples)))
        heard = samples[np.newaxis, :]
        mask = np.ones(heard.shape, np.int64)
        (hidden,) = self._encoder.run(None, {"input_values": heard, "attention_mask": mask})
        limit = int(np.ceil(len(samples) / SAMPLE_RATE * TOKENS_PER_SECOND))
        tokens = self._decode(hidden, mask, max(limit, 4), stopped)
        return self._text(without_loop(tokens) if len(tokens) >= limit else tokens)

    def _decode(self, hidden: Any, mask: Any, limit: int, stopped: Callable[[], bool]) -> list[int]:
        """Choose the likeliest token, one by one."""
        import onnxruntime

        value = onnxruntime.OrtValue.ortvalue_from_numpy
        # An OrtValue borrows the array's memory, so every array must stay in a variable.
        first, later, last = np.array([False]), np.array([True]), np.array([[START]])
        feeds = {name: value(empty) for name, empty in self._empty.items()}
        feeds["encoder_hidden_states"] = value(hidden)
        # The decoder, too, wants one entry per sample: it thins the mask out itself.
        feeds["encoder_attention_mask"] = value(mask)
        feeds["use_cache_branch"] = value(first)
        feeds["input_ids"] = value(last)
        tokens: list[int] = []
        names = self._all
        while len(tokens) < limit and not stopped():
            outputs = dict(zip(names, self._decoder.run_with_ort_values(names, feeds), strict=True))
            token = int(outputs.pop("logits").numpy()[0, -1].argmax())
            if token == END:
                break
            tokens.append(token)
            last[0, 0] = token
            for name, tensor in outputs.items():
                feeds[name.replace("present", "past_key_values")] = tensor
            if names is self._all:
                names = self._changing
                feeds["use_cache_branch"] = value(later)
        return tokens

    def _text(self, tokens: list[int]) -> str:
        pieces = b"".join(self._tokens[token] for token in tokens if token < len(self._tokens))
        return pieces.decode(errors="replace").replace("\u2581", " ").strip()


def without_loop(tokens: list[int]) -> list[int]:
    """Return tokens that ran into their cap without the phrase they went on repeating."""
    for size in range(SHORTEST_LOOP, len(tokens) // 2 + 1):
        start = len(tokens) - size
        while start and tokens[start - 1] == tokens[start - 1 + size]:
            start -= 1
        if len(tokens) - start >= 2 * size:
            return tokens[: start + size]
    return tokens


def read_tokens(data: bytes) -> tuple[bytes, ...]:
    """Return the vocabulary of a `tokenizer.bin`.

    Each entry is its length and its bytes; a length of 128 and more takes two bytes, the first
    holding the low seven bits plus 128, the second the rest. An empty entry is a lone zero.
    """
    tokens: list[bytes] = []
    at = 0
    while at < len(data):
        length = data[at]
        at += 1
        if length >= 128:
            length += 128 * data[at] - 128
            at += 1
        tokens.append(data[at : at + length])
        at += length
    return tuple(tokens)
