"""Runs every benchmark, each in a process of its own: the figures of docs/performance.md."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

BENCHMARKS = (
    ("import of the Functions app", ("import_time",)),
    ("event to answer", ("event_to_answer", "100")),
    ("calls per core, beside a bare socket and pipecat", ("capacity", "pass")),
    ("calls per core with voice detection", ("capacity", "vad")),
    ("end of speech to first audio, beside pipecat", ("latency",)),
    ("the relay's share of an answer", ("turn_share",)),
    ("embedded engines", ("engines",)),
    ("the end of a turn, known how soon", ("endpointing",)),
    ("the first words of a caller", ("first_words",)),
    ("gaps in a spoken reply", ("speech_gaps",)),
    ("a caller without a relay", ("recovery", "3")),
)


def main() -> int:
    """Return 1 if any of them failed."""
    print(f"{platform.platform()}, Python {platform.python_version()}, {os.cpu_count()} cores")
    failed = 0
    for title, (module, *options) in BENCHMARKS:
        command = [sys.executable, "-m", f"benchmarks.{module}", *options]
        print(f"\n## {title}\n   {' '.join(['python', *command[1:]])}", flush=True)
        failed |= subprocess.run(command, check=False).returncode
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
