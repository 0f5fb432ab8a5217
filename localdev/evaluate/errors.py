"""Why nothing could be run."""

from __future__ import annotations


class CannotRun(Exception):
    """A run is not possible, or its baseline is no report of ours; the message says why."""
