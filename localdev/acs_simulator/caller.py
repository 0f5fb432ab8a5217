"""What the person on the telephone says, and when.

An utterance has a time of its own (to interrupt), or waits its turn until the agent has been
heard and has fallen silent.
"""

from __future__ import annotations

from dataclasses import dataclass

from localdev.acs_simulator.audio import FRAME_MS, audible_span, frame_bytes

MAX_WAITING = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Utterance:
    """Something to say. `at_ms` None: when the agent is quiet, or after `max_wait_ms` of waiting.

    `text` is only what the words are meant to be, for whoever reads the timeline.
    """

    index: int
    pcm: bytes
    at_ms: float | None = None
    quiet_ms: float = 700
    max_wait_ms: float = 30_000
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What the caller can tell about the agent. `waiting`: sound that was sent, not played."""

    last_audible_ms: float | None
    waiting: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """An utterance on the call's clock: its first audible sample and the end of its last one."""

    utterance: Utterance
    start_ms: float
    end_ms: float
    waited_out: bool = False


class Caller:
    """Says what it was given, 20 ms at a time. `rate` is the line's."""

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self._frame_bytes = frame_bytes(rate)
        self._waiting: list[Utterance] = []
        self._waiting_since: float | None = None
        self._speaking: Spoken | None = None
        self._position = 0
        self._last_end_ms = -1.0

    def add(self, utterance: Utterance) -> None:
        """Take something to say, with audio at the line's rate. Raises `OverflowError`."""
        if len(self._waiting) >= MAX_WAITING:
            raise OverflowError("too many utterances are waiting")
        self._waiting.append(utterance)

    @property
    def idle(self) -> bool:
        """Whether everything has been said."""
        return self._speaking is None and not self._waiting

    def next_frame(self, now_ms: int, heard: Heard) -> tuple[bytes, Spoken | None, Spoken | None]:
        """Return the 20 ms that begin now (empty: silence), who began and who ended with them."""
        began = self._begin(now_ms, heard) if self._speaking is None else None
        if self._speaking is None:
            return b"", None, None
        pcm, start = self._speaking.utterance.pcm, self._position
        self._position += self._frame_bytes
        frame = pcm[start : self._position]
        if self._position < len(pcm):
            return frame, began, None
        ended, self._speaking = self._speaking, None
        self._last_end_ms = now_ms + FRAME_MS
        self._waiting_since = None
        return frame.ljust(self._frame_bytes, b"\0"), began, ended

    def _begin(self, now_ms: int, heard: Heard) -> Spoken | None:
        waited_out = False
        chosen = next((u for u in self._waiting if u.at_ms is not None and u.at_ms <= now_ms), None)
        if chosen is None and self._waiting and self._waiting[0].at_ms is None:
            head = self._waiting[0]
            if self._waiting_since is None:
                self._waiting_since = now_ms
            waited_out = now_ms - self._waiting_since >= head.max_wait_ms
            if waited_out or self._agent_finished(now_ms, heard, head.quiet_ms):
                chosen = head
        if chosen is None:
            return None
        self._waiting.remove(chosen)
        self._position = 0
        first, last = audible_span(chosen.pcm) or (0, len(chosen.pcm) // 2)
        self._speaking = Spoken(
            utterance=chosen,
            start_ms=now_ms + first * 1000 / self.rate,
            end_ms=now_ms + last * 1000 / self.rate,
            waited_out=waited_out,
        )
        return self._speaking

    def _agent_finished(self, now_ms: float, heard: Heard, quiet_ms: float) -> bool:
        last = heard.last_audible_ms
        return (
            not heard.waiting
            and last is not None
            and last > self._last_end_ms
            and now_ms - last >= quiet_ms
        )
