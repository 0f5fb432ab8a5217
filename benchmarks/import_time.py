"""How long the Functions app takes to import, beside the SDKs it cannot do without.

`python -m benchmarks.import_time [runs]`: fresh processes, alternating; times are ms.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys

SUBJECTS = {
    "python alone": "pass",
    "azure.functions + azure.durable_functions": "import azure.functions, azure.durable_functions",
    "function_app (all of ours and both SDKs)": "import function_app",
}
# As deployed: compiled modules are kept.
ENV = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
TIMED = "import time; t = time.perf_counter(); {}; print((time.perf_counter() - t) * 1000)"


def measure(runs: int) -> dict[str, list[float]]:
    """Return the import times of each subject; the first round warms the disk and is dropped."""
    found: dict[str, list[float]] = {name: [] for name in SUBJECTS}
    for run in range(runs + 1):
        for name, statement in SUBJECTS.items():
            command = [sys.executable, "-c", TIMED.format(statement)]
            took = float(subprocess.run(command, check=True, capture_output=True, env=ENV).stdout)
            if run:
                found[name].append(took)
    return found


def main() -> None:
    """Print median and best of each subject."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    for name, times in measure(runs).items():
        print(f"{name:<44} median {statistics.median(times):6.0f}   best {min(times):6.0f} ms")


if __name__ == "__main__":
    main()
