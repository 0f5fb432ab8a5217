"""How the SDK reads a history's times: as the ISO dates they are, not by guessing.

azure-functions-durable 1.7 has dateutil guess the form of every event's time at every turn, 84 µs
each, which is more than half of a turn. This takes half a µs.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from importlib import import_module


def read_quickly() -> None:
    """Have the SDK read times by `datetime`; whatever that does not know is guessed as before."""
    # The package gives its class the module's name, so the module is reached by its path.
    module = vars(import_module("azure.durable_functions.models.history.HistoryEvent"))
    guess: Callable[[str], datetime] = module["dt_parse"]

    def time_of(text: str) -> datetime:
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            return guess(text)

    module["dt_parse"] = time_of
