"""Who hears, thinks and speaks, and the accounts that they need."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from adapters.settings.group import SettingsGroup
from adapters.settings.values import Secret, Url


class EngineSettings(SettingsGroup):
    """The chains of engines by name; a profile may have others of the accounts' settings."""

    chat: str = "scripted"
    stt: str = "embedded"
    tts: str = "embedded"
    realtime: str = ""
    chat_fallback_seconds: float = Field(default=3.0, gt=0, le=60)
    stt_fallback_seconds: float = Field(default=3.0, gt=0, le=60)
    tts_fallback_seconds: float = Field(default=1.5, gt=0, le=60)
    azure_openai_endpoint: Url | None = None
    azure_openai_key: Secret
    azure_openai_deployment: str = ""
    azure_openai_tools: Literal["native", "json_schema"] = "native"
    openai_base_url: Url | None = None
    openai_api_key: Secret
    openai_model: str = ""
    openai_agent_models: Literal["auto", "on", "off"] = "auto"
    openai_tools: Literal["native", "json_schema"] = "native"
    chat_prepare: Literal["auto", "on", "off"] = "auto"
    azure_speech_endpoint: Url | None = None
    azure_speech_region: str = ""
    azure_speech_key: Secret
    azure_speech_voice: str = ""
    azure_speech_text_stream: bool = False
    azure_speech_profanity: Literal["masked", "removed", "raw"] = "masked"
    azure_voicelive_endpoint: Url | None = None
    azure_voicelive_model: str = ""
    azure_voicelive_key: Secret
