"""The brain of a text call, by the same name as in the setting `CHAT`."""

from __future__ import annotations

from collections.abc import Mapping

from adapters.settings import Settings
from core.ports import Chat
from media_relay.engines import engines_of


def brain_of(name: str, environ: Mapping[str, str]) -> Chat:
    """Return the brain `name` with the provider's settings. Raises SettingsError."""
    # Text needs no speech: the scripted engines load no models.
    silent = {**environ, "CHAT": name, "STT": "scripted", "TTS": "scripted"}
    return engines_of(Settings.read(silent)).chat
