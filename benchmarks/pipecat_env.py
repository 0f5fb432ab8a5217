"""Where pipecat is installed to be measured beside the relay: never among our own packages."""

from __future__ import annotations

import subprocess
import sys

from benchmarks.processes import ROOT, SCRATCH

PACKAGES = (
    "pipecat-ai[websocket,silero]==1.14.0",
    "uvicorn==0.54.0",
    "websockets==17.4",
    "uvloop>=0.22",
    "orjson>=3.11",
)


def pipecat(kind: str, *options: str) -> tuple[str, ...]:
    """Return the command of pipecat's server, and install it if it is not there (0.5 GB)."""
    python = SCRATCH / "pipecat" / "bin" / "python"
    done = SCRATCH / "pipecat" / "installed"
    if not done.exists() or done.read_text() != "\n".join(PACKAGES):
        print("installing pipecat-ai in .artvoice/benchmarks/pipecat ...", file=sys.stderr)
        uv = str(ROOT / ".venv" / "bin" / "uv")
        subprocess.run(
            [uv, "venv", "-q", "--clear", "--python", sys.executable, SCRATCH / "pipecat"],
            check=True,
        )
        subprocess.run([uv, "pip", "install", "-q", "--python", python, *PACKAGES], check=True)
        done.write_text("\n".join(PACKAGES))
    return (str(python), str(ROOT / "benchmarks" / "pipecat_server.py"), kind, *options)
