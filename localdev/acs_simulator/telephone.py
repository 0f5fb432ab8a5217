"""The caller's end of a call: what he says and presses, what he hears, and the figures of it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from localdev.acs_simulator.audio import DEFAULT_RATE, FRAME_MS, resample, wav
from localdev.acs_simulator.caller import Utterance
from localdev.acs_simulator.clock import CallClock
from localdev.acs_simulator.line import Line, PromptListener
from localdev.acs_simulator.media import MediaStream
from localdev.acs_simulator.playout import LIMIT_MS
from localdev.acs_simulator.tasks import Tasks
from localdev.acs_simulator.timeline import Timeline

DIGITS = frozenset("0123456789*#ABCD")
_SIZES = ("received", "heard", "cleared", "overflowed", "buffered", "high_water")


class Telephone:
    """Works before there is a line: what is said then is said once there is one."""

    def __init__(self) -> None:
        self.clock = CallClock()
        self.timeline = Timeline(self.clock)
        self.tasks = Tasks()
        self.line: Line | None = None
        self.stream: MediaStream | None = None
        self._ticking: asyncio.Task[None] | None = None
        self._early: list[Utterance] = []
        self._utterances = 0

    def say(
        self,
        pcm: bytes,
        *,
        at_ms: float | None = None,
        quiet_ms: float = 700,
        max_wait_ms: float = 30_000,
        text: str = "",
    ) -> int:
        """Queue an utterance (PCM, 16 kHz) and return its index. See `Utterance`."""
        utterance = Utterance(
            index=self._utterances,
            pcm=pcm,
            at_ms=at_ms,
            quiet_ms=quiet_ms,
            max_wait_ms=max_wait_ms,
            text=text,
        )
        if self.line is None:
            self._early.append(utterance)
        else:
            _pass_on(self.line, utterance)
        self._utterances += 1
        self.timeline.note("utterance_queued", index=utterance.index, text=text)
        return utterance.index

    def press(self, digit: str, *, at_ms: float | None = None) -> None:
        """Press a key now, or at a time of the call. Raises `ValueError` for what is no key."""
        if digit not in DIGITS:
            raise ValueError(f"no key {digit!r}")
        self.tasks.spawn(self._press(digit, at_ms))

    def heard_pcm(self) -> bytes:
        """Return what the caller heard, from 0 ms of the call on."""
        return self.line.heard.pcm() if self.line else b""

    def said_pcm(self) -> bytes:
        """Return what the caller said, from 0 ms of the call on."""
        return self.line.said.pcm() if self.line else b""

    def heard_wav(self) -> bytes:
        """Return `heard_pcm` as a WAV file."""
        return wav(self.heard_pcm(), self.rate)

    def said_wav(self) -> bytes:
        """Return `said_pcm` as a WAV file, aligned with `heard_wav`."""
        return wav(self.said_pcm(), self.rate)

    @property
    def rate(self) -> int:
        """Samples a second of both recordings."""
        return self.line.rate if self.line else DEFAULT_RATE

    def stats(self) -> dict[str, Any]:
        """Return figures of the media, in ms of audio and in counts."""
        if self.line is None:
            return {}
        playout = self.line.playout
        sizes = {
            f"{name}_ms": getattr(playout, name) * FRAME_MS // playout.frame_bytes
            for name in _SIZES
        }
        return sizes | {
            "underruns": playout.underruns,
            "frames_sent": self.line.frames_sent,
            "late_ticks": self.line.late_ticks,
            "everything_said": self.line.caller.idle,
        }

    def install(self, rate: int, listener: PromptListener, *, buffer_ms: float = 0) -> Line:
        """Lay the line; nothing is heard before it is `opened`. `buffer_ms`: 0 for the usual."""
        self.line = Line(
            rate=rate,
            clock=self.clock,
            timeline=self.timeline,
            listener=listener,
            buffer_ms=buffer_ms or LIMIT_MS,
        )
        for utterance in self._early:
            _pass_on(self.line, utterance)
        self._early.clear()
        return self.line

    def open_line(self) -> None:
        """Let both ends hear each other."""
        if self.line is not None and self._ticking is None:
            self._ticking = self.tasks.spawn(self.line.run())

    def close_line(self) -> None:
        """Put both receivers down and close the recordings."""
        if self._ticking is not None:
            self._ticking.cancel()
        if self.line is not None:
            self.line.finish()

    async def _press(self, digit: str, at_ms: float | None) -> None:
        await self.clock.reach(at_ms or 0.0)
        sent = self.stream is not None and self.stream.press(digit)
        self.timeline.note("dtmf", digit=digit, sent=sent)


def _pass_on(line: Line, utterance: Utterance) -> None:
    pcm = resample(utterance.pcm, DEFAULT_RATE, line.rate)
    line.caller.add(replace(utterance, pcm=pcm))
