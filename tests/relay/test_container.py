"""What the relay's image holds is all that a relay needs."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

# What is not in the image: local speech, the laptop's own code, the worker.
WITHOUT = """
import sys
for name in ("piper", "rich", "azure_functions_runtime", "localdev", "tests"):
    sys.modules[name] = None
"""
IMAGE = (
    WITHOUT
    + """
import media_relay.__main__
from adapters.settings import Settings
from media_relay.engines import engines_of
from media_relay.rates import Rates

Rates(24_000).said(bytes(640))
for chat in ("scripted", "openai", "azure_openai"):
    engines_of(Settings.read({
        "CHAT": chat, "STT": "scripted", "TTS": "scripted", "OPENAI_MODEL": "m",
        "AZURE_OPENAI_ENDPOINT": "https://a.example", "AZURE_OPENAI_DEPLOYMENT": "d",
    }))
"""
)


def test_a_relay_needs_neither_local_models_nor_the_laptops_code():
    subprocess.run([sys.executable, "-W", "error", "-c", IMAGE], cwd=ROOT, check=True, timeout=180)


def test_all_it_copies_is_there():
    lines = (ROOT / "media_relay" / "Dockerfile").read_text().splitlines()
    copied = [
        line.split()[1] for line in lines if line.startswith("COPY ") and "--from" not in line
    ]

    assert {"core", "registries", "adapters", "media_relay"} < set(copied)
    assert all((ROOT / path).exists() for path in copied)


def test_its_packages_are_pinned():
    pinned = (ROOT / "requirements-relay.txt").read_text()

    for package in (
        "picows",
        "aiofastnet",
        "pybase64",
        "soxr",
        "uvloop",
        "openai",
        "aiohttp",
        "onnxruntime",
    ):
        assert f"\n{package}==" in f"\n{pinned}"
    assert "piper" not in pinned
