"""The process that speaks with Piper, which is GPL-3 and is imported here and nowhere else.

Reads requests from stdin and writes audio to stdout, as in `piper_wire`; ends with its stdin.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import soxr

from adapters.embedded.piper_wire import HEADER, Kind, message, read_header
from core.speech import BYTES_PER_MS, SAMPLE_RATE

CHUNK_BYTES = 200 * BYTES_PER_MS
# Piper's own silence before and after a sentence varies; pauses belong to the text.
QUIET = 0.012
LEAD_MS = 40
TAIL_MS = 160
# After a text that goes on in the next one.
TAIL_IN_SENTENCE_MS = 30


class Aborted(Exception):
    """The request was cancelled while it was being synthesised."""


class AbortableSession:
    """The voice's onnxruntime session, which another thread may stop in mid-run."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self._running: Any = None

    def run(self, outputs: Any, inputs: Any) -> Any:
        """Run the model. Raises `Aborted`."""
        import onnxruntime

        options = onnxruntime.RunOptions()
        self._running = options
        try:
            return self._session.run(outputs, inputs, options)
        finally:
            self._running = None
            if options.terminate:  # whatever it says: what was stopped is no failure
                raise Aborted

    def abort(self) -> None:
        """Stop what is running."""
        if (running := self._running) is not None:
            running.terminate = True


class Speaker:
    """One voice; speaks one request at a time, in order."""

    def __init__(self, model: str, out: BinaryIO) -> None:
        from piper import PiperVoice
        from piper.config import PiperConfig

        config = json.loads(Path(f"{model}.json").read_bytes())
        self._session = AbortableSession(_open(model))
        self._voice = PiperVoice(session=self._session, config=PiperConfig.from_dict(config))
        self._rate = self._voice.config.sample_rate
        self._out = out
        self._waiting: queue.Queue[tuple[int, bytes]] = queue.Queue()
        self._cancelled: set[int] = set()
        self._current = 0
        # The first run takes longer than any other.
        list(self._pieces("Ready.", rate=1.0, pitch=1.0, variety=1.0))

    def speak_all(self) -> None:
        """Serve requests until the process ends."""
        self._send(Kind.READY, 0)
        while True:
            request, payload = self._waiting.get()
            self._current = request
            if request not in self._cancelled:
                self._speak(request, json.loads(payload))
            self._cancelled.discard(request)

    def read_all(self, source: BinaryIO) -> None:
        """Take requests and cancellations until the other side is gone."""
        while len(header := source.read(HEADER.size)) == HEADER.size:
            length, kind, request = read_header(header)
            payload = source.read(length)
            if kind is Kind.SPEAK:
                self._waiting.put((request, payload))
            elif kind is Kind.CANCEL and request >= self._current:
                for past in [old for old in tuple(self._cancelled) if old < self._current]:
                    self._cancelled.discard(past)
                self._cancelled.add(request)
                if request == self._current:
                    self._session.abort()

    def _speak(self, request: int, asked: dict[str, Any]) -> None:
        try:
            for pcm in self._pieces(**asked):
                for at in range(0, len(pcm), CHUNK_BYTES):
                    if request in self._cancelled:
                        return
                    self._send(Kind.AUDIO, request, pcm[at : at + CHUNK_BYTES])
        except Aborted:
            return
        except Exception as error:  # noqa: BLE001  # one bad text must not end the process
            self._send(Kind.FAILED, request, type(error).__name__.encode())
            return
        self._send(Kind.END, request)

    def _pieces(self, text: str, rate: float, pitch: float, variety: float) -> Iterator[bytes]:
        """Yield a sentence at a time as 16 kHz PCM.

        Played `pitch` times faster, the voice rises; spoken as much slower, the tempo stays.
        """
        from piper import SynthesisConfig

        config = SynthesisConfig(
            length_scale=pitch / rate,
            noise_scale=variety * self._voice.config.noise_scale,
            noise_w_scale=variety * self._voice.config.noise_w_scale,
        )
        tail_ms = TAIL_IN_SENTENCE_MS if text.rstrip()[-1:].isalnum() else TAIL_MS
        for chunk in self._voice.synthesize(text, config):
            samples = trimmed(chunk.audio_float_array, int(self._rate * pitch), tail_ms)
            resampled = soxr.resample(samples, self._rate * pitch, SAMPLE_RATE)
            yield (np.clip(resampled, -1, 1) * 26_000).astype("<i2").tobytes()

    def _send(self, kind: Kind, request: int, payload: bytes = b"") -> None:
        self._out.write(message(kind, request, payload))
        self._out.flush()


def _open(model: str) -> Any:
    """Return the model on two threads, which do not spin: calls share these cores."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = min(2, os.cpu_count() or 1)
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def trimmed(samples: Any, rate: int, tail_ms: int = TAIL_MS) -> Any:
    """Return samples with at most `LEAD_MS` of silence before and `tail_ms` after the speech."""
    loud = np.flatnonzero(np.abs(samples) > QUIET)
    if not len(loud):
        return samples[:0]
    start = max(0, int(loud[0]) - LEAD_MS * rate // 1000)
    return samples[start : int(loud[-1]) + tail_ms * rate // 1000]


def main() -> None:
    """Speak with the voice file named on the command line."""
    if hasattr(os, "nice"):
        # A clause may come a little later; the frames of a call may not.
        os.nice(5)
    # Native code prints to file 1; the protocol keeps the pipe for itself.
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    # Ctrl-C in a terminal reaches the whole group; this process ends with its parent's pipe.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        speaker = Speaker(sys.argv[1], out)
    except Exception as error:  # noqa: BLE001  # said to the parent, who can tell somebody
        out.write(message(Kind.FAILED, 0, f"{type(error).__name__}: {error}".encode()[:500]))
        out.flush()
        return
    threading.Thread(target=speaker.speak_all, daemon=True).start()
    speaker.read_all(sys.stdin.buffer)
    # The other thread may be inside native code, which an orderly exit would pull from under it.
    os._exit(0)


if __name__ == "__main__":
    main()
