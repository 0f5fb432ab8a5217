"""Files that the service itself plays to the caller, one after another.

Assumed: prompts are mixed with streamed audio, and a new one waits for the one that plays unless
it interrupts.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from localdev.acs_simulator.happenings import Operation


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """Audio at the line's rate, and the operation that asked for it."""

    pcm: bytes
    operation: Operation
    loop: bool = False


class PromptPlayer:
    """Plays prompts 20 ms at a time."""

    def __init__(self, frame_bytes: int) -> None:
        self._frame_bytes = frame_bytes
        self._queue: deque[Prompt] = deque()
        self._position = 0

    def add(self, prompt: Prompt, *, interrupt: bool = False) -> tuple[Prompt, ...]:
        """Take a prompt. Returns those it put an end to."""
        stopped = self.cancel() if interrupt else ()
        self._queue.append(prompt)
        return stopped

    def cancel(self) -> tuple[Prompt, ...]:
        """Stop everything. Returns what was not heard to its end."""
        stopped = tuple(self._queue)
        self._queue.clear()
        self._position = 0
        return stopped

    @property
    def playing(self) -> bool:
        """Whether something plays or waits to."""
        return bool(self._queue)

    def next_frame(self) -> tuple[bytes, Prompt | None]:
        """Return the next 20 ms (empty: nothing plays) and the prompt that ends with them."""
        if not self._queue:
            return b"", None
        prompt = self._queue[0]
        end = self._position + self._frame_bytes
        frame = prompt.pcm[self._position : end].ljust(self._frame_bytes, b"\0")
        self._position = end
        if end < len(prompt.pcm):
            return frame, None
        self._position = 0
        if prompt.loop:
            return frame, None
        self._queue.popleft()
        return frame, prompt
