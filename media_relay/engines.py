"""Which engines hear, think and speak: by a name known here, or as `module:attr`.

What `module:attr` names is called with the settings and returns the engine. Several names with
commas are a chain: when one fails, the next one does its work. `NAME@PROFILE` is an engine with the
settings of a profile (`adapters/settings/profiles.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from adapters.fallback import ChatChain, HearingChain, SpeakingChain
from adapters.providers import CHATS, Built, Factory, chain_of, is_chain
from adapters.settings import Settings, SettingsError
from core.ports import Hearing, Speaking, TurnJudge
from media_relay.call_settings import Engines


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
        judge=_judge(settings),
    )


def built_of(setting: str, settings: Settings) -> list[Built]:
    """Return the engines of one kind (`CHAT`, `STT` or `TTS`), first choice first."""
    return chain_of(setting, KINDS[setting], settings)


def _one(engines: list[tuple[str, Any]]) -> Any:
    return engines[0][1] if len(engines) == 1 else None


# Heavy SDKs and models are imported by the factory that was asked for, never by the others.


def _judge(settings: Settings) -> TurnJudge | None:
    if not settings.smart_turn:
        return None
    from adapters.embedded.smart_turn import SmartTurn

    return SmartTurn()


def _embedded_hearing(_: Settings) -> Hearing:
    from adapters.embedded.hearing import MoonshineHearing

    return MoonshineHearing()


def _scripted_hearing(_: Settings) -> Hearing:
    from adapters.scripted import ScriptedHearing

    return ScriptedHearing()


def _azure_hearing(settings: Settings) -> Hearing:
    from adapters.azure_speech import AzureHearing, account_of
    from adapters.voiced import VoicedHearing

    hearing = AzureHearing(
        account_of(settings),
        profanity=settings.azure_speech_profanity,
        connect_s=settings.stt_fallback_seconds if is_chain(settings.stt) else CONNECT_S,
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

    return AzureSpeaking(
        account_of(settings),
        default_voice=settings.azure_speech_voice,
        streams_text=settings.azure_speech_text_stream,
    )


CONNECT_S = 8.0  # to Azure Speech, where nobody else would hear the caller

KINDS: Mapping[str, Mapping[str, Factory]] = {
    "STT": {
        "embedded": _embedded_hearing,
        "azure": _azure_hearing,
        "scripted": _scripted_hearing,
    },
    "CHAT": CHATS,
    "TTS": {
        "embedded": _embedded_speaking,
        "azure": _azure_speaking,
        "scripted": _scripted_speaking,
    },
}
