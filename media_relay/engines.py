"""Which engines hear, think and speak: by a name known here, or as `module:attr`.

What `module:attr` names is called with the settings and returns the engine.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from adapters.setting_values import Mistake, SettingsError
from adapters.settings import Settings
from core.ports import Chat, Hearing, Speaking
from media_relay.call_settings import Engines

if TYPE_CHECKING:
    from adapters.entra import EntraTokens

Factory = Callable[[Settings], Any]


def engines_of(settings: Settings) -> Engines:
    """Return the engines the settings name. Raises SettingsError with every unknown name."""
    mistakes: list[Mistake] = []
    hearing = _named("STT", settings.stt, HEARING, mistakes)
    chat = _named("CHAT", settings.chat, CHATS, mistakes)
    speaking = _named("TTS", settings.tts, SPEAKING, mistakes)
    if mistakes:
        raise SettingsError(tuple(mistakes))
    return Engines(
        hearing=cast("Hearing", hearing(settings)),
        chat=cast("Chat", chat(settings)),
        speaking=cast("Speaking", speaking(settings)),
    )


def _named(setting: str, name: str, known: dict[str, Factory], mistakes: list[Mistake]) -> Factory:
    if name in known:
        return known[name]
    module, colon, attribute = name.partition(":")
    try:
        if colon:
            return cast("Factory", getattr(importlib.import_module(module), attribute))
    except (ImportError, AttributeError):
        pass
    names = ", ".join(sorted(known))
    mistakes.append(
        Mistake(name=setting, reason="names no provider", remedy=f"Use {names} or module:attr.")
    )
    return lambda _: None


# Heavy SDKs and models are imported by the factory that was asked for, never by the others.


def _embedded_hearing(_: Settings) -> Hearing:
    from adapters.embedded.hearing import MoonshineHearing

    return MoonshineHearing()


def _scripted_hearing(_: Settings) -> Hearing:
    from adapters.scripted import ScriptedHearing

    return ScriptedHearing()


def _azure_hearing(settings: Settings) -> Hearing:
    from adapters.azure_speech import AzureHearing, account_of

    return AzureHearing(account_of(settings), profanity=settings.azure_speech_profanity)


def _embedded_speaking(_: Settings) -> Speaking:
    from adapters.embedded.speaking import embedded_speaking

    return embedded_speaking()


def _scripted_speaking(_: Settings) -> Speaking:
    from adapters.scripted import ScriptedSpeaking

    return ScriptedSpeaking()


def _azure_speaking(settings: Settings) -> Speaking:
    from adapters.azure_speech import AzureSpeaking, account_of

    return AzureSpeaking(account_of(settings), default_voice=settings.azure_speech_voice)


def _brain(_: Settings) -> Chat:
    from adapters.scripted_brain import ScriptedBrain

    return ScriptedBrain()


def _openai(settings: Settings) -> Chat:
    from adapters.openai_chat import OpenAIChat

    settings.need("openai_model")
    return OpenAIChat(
        api_key=settings.openai_api_key.get_secret_value() or "none",
        model=settings.openai_model,
        base_url=settings.openai_base_url,
        one_model=True,
    )


def _azure_openai(settings: Settings) -> Chat:
    from adapters.openai_chat import OpenAIChat, azure_base_url

    settings.need("azure_openai_endpoint", "azure_openai_deployment")
    return OpenAIChat(
        api_key=settings.azure_openai_key.get_secret_value() or _identity("AZURE_OPENAI_KEY"),
        model=settings.azure_openai_deployment,
        base_url=azure_base_url(settings.azure_openai_endpoint or ""),
    )


def _identity(instead_of: str) -> EntraTokens:
    """Return tokens of the process's own identity. Raises SettingsError if there can be none."""
    from adapters.entra import EntraTokens

    try:
        return EntraTokens()
    except ImportError:
        reason = "is not set, and azure-identity is not installed to do without"
        remedy = "Set it, or `pip install azure-identity`."
        raise SettingsError((Mistake(name=instead_of, reason=reason, remedy=remedy),)) from None


HEARING: dict[str, Factory] = {
    "embedded": _embedded_hearing,
    "azure": _azure_hearing,
    "scripted": _scripted_hearing,
}
SPEAKING: dict[str, Factory] = {
    "embedded": _embedded_speaking,
    "azure": _azure_speaking,
    "scripted": _scripted_speaking,
}
CHATS: dict[str, Factory] = {"scripted": _brain, "openai": _openai, "azure_openai": _azure_openai}
