"""How soon a relay lets go of calls that are over."""

import subprocess
import sys

RELAY = """
import gc
from media_relay import collector

loaded = [[] for _ in range(200_000)]  # what a process holds before its first call
{come_often}
before = gc.get_stats()[2]["collections"]
calls = [[[]] for _ in range(20_000)]  # what the parts of present calls hold
print(gc.get_stats()[2]["collections"] - before)
"""


def collections(come_often: str) -> int:
    """Return how often the oldest were looked at while calls began."""
    source = RELAY.format(come_often=come_often)
    done = subprocess.run(
        [sys.executable, "-c", source], capture_output=True, text=True, check=True, timeout=60
    )
    return int(done.stdout)


def test_the_collector_comes_for_old_calls_however_much_was_loaded_before_them():
    assert collections("") == 0  # left alone it waits for a quarter of all there is
    assert collections("collector.come_often()") >= 1
