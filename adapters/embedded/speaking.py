"""Which embedded voice this machine has."""

from __future__ import annotations

from pathlib import Path

from adapters.embedded.models import JOE, JOE_CONFIG, find_model, piper_path
from adapters.embedded.piper import PiperSpeaking
from adapters.embedded.system_speech import SystemSpeaking, find_program
from core.errors import EngineFailed


def embedded_speaking(folder: Path | None = None) -> PiperSpeaking | SystemSpeaking:
    """Return Piper, else the operating system's speech program. Raises `EngineFailed`."""
    try:
        piper_path(folder)
        for file in (JOE, JOE_CONFIG):
            find_model(file, folder)
    except EngineFailed:
        program = find_program()
        if program is None:
            raise
        return SystemSpeaking(program)
    return PiperSpeaking(folder)
