"""When Python looks for what is no longer used, in a process that serves calls."""

from __future__ import annotations

import gc


def come_often() -> None:
    """Have the collector come for calls that are over; to be called once all is loaded.

    The parts of a call know each other, so a call that is over waits for the collector, which
    usually comes to the oldest every quarter of an hour. It comes every two minutes or so, to find
    little: each time all calls wait for it. What is loaded by now stays, and is not looked at.
    """
    gc.collect()
    gc.freeze()
    gc.collect()  # it counts what it left last time, and comes again for a quarter as much
    gc.set_threshold(2_000, 5, 1)
