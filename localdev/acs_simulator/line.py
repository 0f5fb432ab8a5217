"""The sound of one call, both ways, 20 ms at a time on the call's clock.

The line is up from the moment the call is connected, with or without a media socket. At each
multiple of 20 ms the caller begins to hear one frame, and the frame that he has just finished
speaking leaves for the socket: like a real one, it is sent when its last sample has been spoken.
"""

from __future__ import annotations

import math
from typing import Protocol

from localdev.acs_simulator.audio import FRAME_MS, frame_bytes, mix
from localdev.acs_simulator.caller import Caller, Heard, Spoken
from localdev.acs_simulator.clock import CallClock
from localdev.acs_simulator.playout import Playout
from localdev.acs_simulator.prompts import Prompt, PromptPlayer
from localdev.acs_simulator.recorder import Recorder
from localdev.acs_simulator.timeline import Timeline


class FrameSink(Protocol):
    """Where the caller's audio goes."""

    def send_audio(self, at_ms: int, pcm: bytes, *, silent: bool) -> None:
        """Send the frame whose first sample was spoken at `at_ms`. Never blocks."""
        ...


class Tap(Protocol):
    """Who listens to both sides."""

    def add(self, heard: bytes, said: bytes) -> None: ...


class PromptListener(Protocol):
    """Who wants to know that a prompt has ended."""

    def prompt_ended(self, prompt: Prompt) -> None: ...


class Ear:
    """What somebody hears who was rung into the call."""

    def __init__(self, rate: int, timeline: Timeline) -> None:
        self.heard = Recorder(rate, lambda start, end: self._note(timeline, start, end))

    @staticmethod
    def _note(timeline: Timeline, start_ms: float, end_ms: float | None) -> None:
        if end_ms is not None:
            timeline.note("guest_heard", start_ms=round(start_ms, 1), end_ms=round(end_ms, 1))


class Line:
    """Ticks while its `run` does. `sink` and `guest` may come and go.

    `hold`: the caller hears this and nothing else, and is not heard.
    """

    def __init__(
        self,
        *,
        rate: int,
        clock: CallClock,
        timeline: Timeline,
        listener: PromptListener,
        buffer_ms: float,
    ) -> None:
        self.rate = rate
        self.playout = Playout(rate, limit_ms=buffer_ms)
        self.prompts = PromptPlayer(frame_bytes(rate))
        self.caller = Caller(rate)
        self.heard = Recorder(rate, self._note_heard)
        self.said = Recorder(rate, lambda _start, _end: None)
        self.sink: FrameSink | None = None
        self.guest: Ear | None = None
        self.hold: PromptPlayer | None = None
        self.taps: list[Tap] = []
        self.frames_sent = 0
        self.late_ticks = 0
        self._silence = bytes(frame_bytes(rate))
        self._clock = clock
        self._timeline = timeline
        self._listener = listener
        self._spoken: bytes | None = None

    async def run(self) -> None:
        """Tick until cancelled, on an absolute clock: a late tick does not delay the next."""
        at_ms = math.ceil(self._clock.now_ms() / FRAME_MS) * FRAME_MS
        while True:
            await self._clock.reach(at_ms)
            self.late_ticks += self._clock.now_ms() - at_ms > FRAME_MS
            self.tick(at_ms)
            at_ms += FRAME_MS

    def tick(self, now_ms: int) -> None:
        """Send the frame that ended now; begin to hear and to say the next."""
        if self._spoken is not None and self.sink is not None:
            spoken = b"" if self.hold is not None else self._spoken
            self.sink.send_audio(now_ms - FRAME_MS, spoken or self._silence, silent=not spoken)
            self.frames_sent += 1
        heard = self._hear(now_ms)
        said = self._speak(now_ms)
        for tap in self.taps:
            tap.add(heard, said)

    def finish(self) -> None:
        """Close the recordings: the call is over."""
        self.let_go()
        self.heard.finish()
        self.said.finish()

    def let_go(self) -> None:
        """Somebody who was rung into the call is in it no more."""
        if self.guest is not None:
            self.guest.heard.finish()
            self.guest = None

    def _hear(self, now_ms: int) -> bytes:
        frame = self.playout.next_frame()
        prompt_frame, ended = self.prompts.next_frame()
        if self.guest is not None:
            self.guest.heard.add(now_ms, frame)
        if self.hold is not None:
            music, _ = self.hold.next_frame()
            heard = music or self._silence
        else:
            heard = mix(frame, prompt_frame) if prompt_frame else frame
        self.heard.add(now_ms, heard)
        if ended is not None:
            self._listener.prompt_ended(ended)
        return heard

    def _speak(self, now_ms: int) -> bytes:
        heard = Heard(
            last_audible_ms=self.heard.last_audible_ms,
            waiting=self.prompts.playing or self.playout.holds_audible(),
        )
        self._spoken, began, ended = self.caller.next_frame(now_ms, heard)
        said = self._spoken or self._silence
        self.said.add(now_ms, said)
        if began is not None:
            self._note_spoken("utterance_started", began)
        if ended is not None:
            self._note_spoken("utterance_ended", ended)
        return said

    def _note_spoken(self, kind: str, spoken: Spoken) -> None:
        facts = {"index": spoken.utterance.index, "start_ms": round(spoken.start_ms, 1)}
        if kind == "utterance_ended":
            facts["end_ms"] = round(spoken.end_ms, 1)
        text = spoken.utterance.text
        self._timeline.note(kind, **facts, text=text, waited_out=spoken.waited_out)

    def _note_heard(self, start_ms: float, end_ms: float | None) -> None:
        if end_ms is None:
            self._timeline.note("heard_started", start_ms=round(start_ms, 1))
        else:
            self._timeline.note("heard", start_ms=round(start_ms, 1), end_ms=round(end_ms, 1))
