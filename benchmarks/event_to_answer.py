"""How long a phone rings for our part of it: IncomingCall delivered to answer on the wire.

`python -m benchmarks.event_to_answer [calls]`: host, simulator and a bare relay in one process, so
the figures include all of their work too. Times are ms.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path

from tests.control.stack import CALLED, CALLER, stack


async def measure(calls: int) -> list[float]:
    """Return the delay of each call, one after the other; the first ones warm up."""
    delays = []
    with tempfile.TemporaryDirectory() as folder:
        async with stack(Path(folder)) as it:
            for n in range(calls + 5):
                began = time.perf_counter()
                call = await it.simulator.ring(from_=CALLER, to=CALLED)
                await call.until("connecting")
                if n >= 5:
                    delays.append((time.perf_counter() - began) * 1000)
                await call.until("connected")
                call.hang_up()
                await call.finished()
                await it.host.engine.settled()  # its end is not part of the next beginning
    return delays


if __name__ == "__main__":
    found = sorted(asyncio.run(measure(int(sys.argv[1]) if len(sys.argv) > 1 else 100)))
    p50, p99 = statistics.median(found), found[int(len(found) * 0.99)]
    print(f"event to answer, {len(found)} calls: p50 {p50:.1f} ms, p99 {p99:.1f} ms")
