"""Azurite, Azure Storage's own emulator: installed once from npm, run on a free port."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

VERSION = "3.35.0"
HOME = Path(__file__).parents[2] / ".artvoice" / f"azurite-{VERSION}"
PROGRAM = HOME / "node_modules" / ".bin" / "azurite-blob"
INSTALL_S = 180.0
ACCOUNTS = 40
# Of its published account; any would do.
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
READY = re.compile(rb"Azurite Blob service successfully listen\S* \S+ (http://\S+)")
OPTIONS = "--blobPort 0 --skipApiVersionCheck --disableProductStyleUrl --disableTelemetry"


@contextmanager
def running(folder: Path) -> Iterator[Iterator[str]]:
    """Run Azurite in a folder; give connection strings, each of an account that is empty."""
    program = os.environ.get("AZURITE")
    command = f"{program}-blob" if program else str(installed())
    names = [f"account{n}" for n in range(ACCOUNTS)]
    environ = {**os.environ, "AZURITE_ACCOUNTS": ";".join(f"{name}:{KEY}" for name in names)}
    started = [command, *OPTIONS.split(), "--location", folder]
    with subprocess.Popen(started, stdout=subprocess.PIPE, env=environ) as process:
        try:
            url = _address(process)
            yield (
                f"AccountName={name};AccountKey={KEY};BlobEndpoint={url}/{name};" for name in names
            )
        finally:
            process.terminate()


def _address(process: subprocess.Popen[bytes]) -> str:
    assert process.stdout is not None
    for line in process.stdout:
        if ready := READY.search(line):
            return ready[1].decode()
    raise AssertionError("Azurite ended before it listened")


def installed() -> Path:
    """Return the program, installed if it was not; skips the test where that is impossible."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("npm is not installed, so Azurite cannot be")
    HOME.mkdir(parents=True, exist_ok=True)
    with (HOME / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two test runs may want it at once
        if not PROGRAM.exists():
            _install(npm)
    return PROGRAM


def _install(npm: str) -> None:
    quiet = ("--no-audit", "--no-fund", "--loglevel=error", "--ignore-scripts")
    try:
        subprocess.run(
            [npm, "install", "--prefix", str(HOME), *quiet, f"azurite@{VERSION}"],
            check=True,
            capture_output=True,
            timeout=INSTALL_S,
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        shutil.rmtree(HOME / "node_modules", ignore_errors=True)
        pytest.skip("npm could not install Azurite: is its registry reachable?")
