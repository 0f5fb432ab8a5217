"""What scripted engines remember for whoever asks: the last of it, for a relay may run long."""

from __future__ import annotations

MOST = 300


def keep[T](kept: list[T], entry: T) -> None:
    """Add an entry, and let go of the oldest."""
    kept.append(entry)
    del kept[:-MOST]
