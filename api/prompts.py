"""Prompt files that the carrier fetches and plays when no relay can speak, and hold music."""

from __future__ import annotations

import asyncio
from pathlib import Path

from adapters.plane import Plane
from api.http import Problem, Reply, Request
from core.control_ports import Orchestrations

FOLDER = Path(__file__).parent / "prompts"
NAMES = frozenset({"apology.wav", "busy.wav", "hold.wav", "moment.wav", "promise.wav"})


async def get_prompt(request: Request, plane: Plane, durable: Orchestrations) -> Reply:
    """Serve a shipped WAV file: 16 kHz, 16 bit, mono."""
    name = request.params["name"]
    if name not in NAMES:
        raise Problem(404, "no such prompt")
    sound = await asyncio.to_thread((FOLDER / name).read_bytes)
    return Reply(body=sound, content_type="audio/wav")
