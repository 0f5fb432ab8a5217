"""Which engines hear, think and speak: by a name known here, or as `module:attr`.

What `module:attr` names is called with the settings and returns the engine. Several names with
commas are a chain: when one fails, the next one does its work. `NAME@PROFILE` is an engine with the
settings of a profile (`adapters/engine_profiles.py`).
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

from adapters.engine_profiles import is_engine_setting, suffixed
from adapters.fallback import ChatChain, HearingChain, SpeakingChain
from adapters.setting_values import Mistake, SettingsError
from adapters.settings import Settings
from core.ports import Chat, Hearing, Speaking
from media_relay.call_settings import Engines

if TYPE_CHECKING:
    from adapters.entra import EntraTokens

Factory = Callable[[Settings], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """One engine of a chain, or the mistakes for which there is none."""

    name: str
    engine: Any = None
    mistakes: tuple[Mistake, ...] = ()


def engines_of(settings: Settings) -> Engines:
    """Return the engines the settings name. Raises SettingsError with every mistake."""
    chains = {setting: built_of(setting, settings) for setting in KINDS}
    mistakes = [m for chain in chains.values() for built in chain for m in built.mistakes]
    if mistakes:
        raise SettingsError(tuple(dict.fromkeys(mistakes)))
    stt, chat, tts = (
        [(built.name, built.engine) for built in chains[kind]] for kind in ("STT", "CHAT", "TTS")
    )
    return Engines(
        hearing=_one(stt) or HearingChain(stt, open_s=settings.stt_fallback_seconds),
        chat=_one(chat) or ChatChain(chat, first_s=settings.chat_fallback_seconds),
        speaking=_one(tts) or SpeakingChain(tts, first_s=settings.tts_fallback_seconds),
        hearing_tries=max(2, len(stt) + 1),
    )


def built_of(setting: str, settings: Settings) -> list[Built]:
    """Return the engines of one kind (`CHAT`, `STT` or `TTS`), first choice first."""
    names = [name.strip() for name in getattr(settings, setting.lower()).split(",")]
    return [_built(setting, name, settings) for name in names if name]


def _one(engines: list[tuple[str, Any]]) -> Any:
    return engines[0][1] if len(engines) == 1 else None


def _built(setting: str, spec: str, settings: Settings) -> Built:
    name, at, profile = spec.partition("@")
    try:
        factory = _named(setting, name)
        chosen = settings.under(profile) if at else settings
        return Built(name=spec, engine=factory(chosen))
    except SettingsError as error:
        return Built(name=spec, mistakes=tuple(_in_profile(m, profile) for m in error.mistakes))


def _in_profile(mistake: Mistake, profile: str) -> Mistake:
    name = mistake.name
    if profile and is_engine_setting(name.lower()) and "__" not in name:
        return replace(mistake, name=suffixed(name, profile))
    return mistake


def _named(setting: str, name: str) -> Factory:
    known = KINDS[setting]
    if name in known:
        return known[name]
    module, colon, attribute = name.partition(":")
    try:
        if colon:
            return cast("Factory", getattr(importlib.import_module(module), attribute))
    except (ImportError, AttributeError):
        pass
    names = ", ".join(sorted(known))
    remedy = f"Use {names} or module:attr, several with commas."
    raise SettingsError((Mistake(name=setting, reason="names no provider", remedy=remedy),))


# Heavy SDKs and models are imported by the factory that was asked for, never by the others.


def _embedded_hearing(_: Settings) -> Hearing:
    from adapters.embedded.hearing import MoonshineHearing

    return MoonshineHearing()


def _scripted_hearing(_: Settings) -> Hearing:
    from adapters.scripted import ScriptedHearing

    return ScriptedHearing()


def _azure_hearing(settings: Settings) -> Hearing:
    from adapters.azure_speech import AzureHearing, account_of
    from adapters.voiced import VoicedHearing

    several = "," in settings.stt
    hearing = AzureHearing(
        account_of(settings),
        profanity=settings.azure_speech_profanity,
        connect_s=settings.stt_fallback_seconds if several else CONNECT_S,
    )
    return VoicedHearing(hearing)


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
        tools=settings.openai_tools,
        # A server at home reads a prompt for seconds, once, and asks nothing for it.
        prepares=_prepares(settings, pays=settings.openai_base_url is not None),
    )


def _azure_openai(settings: Settings) -> Chat:
    from adapters.openai_chat import OpenAIChat, azure_base_url

    settings.need("azure_openai_endpoint", "azure_openai_deployment")
    return OpenAIChat(
        api_key=settings.azure_openai_key.get_secret_value() or _identity("AZURE_OPENAI_KEY"),
        model=settings.azure_openai_deployment,
        base_url=azure_base_url(settings.azure_openai_endpoint or ""),
        prepares=_prepares(settings, pays=False),
        # What an agent asks for is what has just failed.
        one_model="azure_openai_deployment" in settings.own,
    )


def _prepares(settings: Settings, *, pays: bool) -> bool:
    return pays if settings.chat_prepare == "auto" else settings.chat_prepare == "on"


def _identity(instead_of: str) -> EntraTokens:
    """Return tokens of the process's own identity. Raises SettingsError if there can be none."""
    from adapters.entra import EntraTokens

    try:
        return EntraTokens()
    except ImportError:
        reason = "is not set, and azure-identity is not installed to do without"
        remedy = "Set it, or `pip install azure-identity`."
        raise SettingsError((Mistake(name=instead_of, reason=reason, remedy=remedy),)) from None


CONNECT_S = 8.0  # to Azure Speech, where nobody else would hear the caller

KINDS: Mapping[str, Mapping[str, Factory]] = {
    "STT": {
        "embedded": _embedded_hearing,
        "azure": _azure_hearing,
        "scripted": _scripted_hearing,
    },
    "CHAT": {"scripted": _brain, "openai": _openai, "azure_openai": _azure_openai},
    "TTS": {
        "embedded": _embedded_speaking,
        "azure": _azure_speaking,
        "scripted": _scripted_speaking,
    },
}
