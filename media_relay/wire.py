"""What a call needs of an audio socket, whatever carries it."""

from __future__ import annotations

from typing import Protocol


class Wire(Protocol):
    """The way to the caller's ear. Nothing here waits or raises; a dead wire swallows."""

    def send_audio(self, pcm: bytes) -> bool:
        """Send one frame of 20 ms, PCM16 at 16 kHz. False: it was not taken, and is not heard."""
        ...

    def stop_audio(self) -> None:
        """Tell the far side to drop what it has not played yet."""
        ...

    def close(self, reason: str) -> None:
        """Hang up the socket (not the call)."""
        ...


class Ear(Protocol):
    """Who takes what comes out of an audio socket."""

    def on_audio(self, pcm: bytes, timestamp: str) -> None:
        """Take the caller's next audio; `timestamp` is the carrier's own word for when."""
        ...

    def on_key(self, key: str) -> None:
        """Take a key of the caller's telephone."""
        ...

    def on_closed(self, reason: str) -> None:
        """Learn, once, that the socket is gone."""
        ...
