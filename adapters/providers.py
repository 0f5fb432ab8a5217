"""Which providers a setting names: known by name, or as `module:attr`, several as a chain.

What `module:attr` names is called with the settings and returns the provider.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from adapters.settings import Mistake, Settings, SettingsError
from adapters.settings.profiles import is_engine_setting, suffixed
from core.ports import Chat

if TYPE_CHECKING:
    from adapters.entra import EntraTokens

Factory = Callable[[Settings], Any]
SCRIPTED = "scripted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """One provider of a chain, or the mistakes for which there is none."""

    name: str
    engine: Any = None
    mistakes: tuple[Mistake, ...] = ()


def chain_of(setting: str, known: Mapping[str, Factory], settings: Settings) -> list[Built]:
    """Return the providers that a setting names, first choice first."""
    names = [name.strip() for name in getattr(settings, setting.lower()).split(",")]
    return [_built(setting, name, known, settings) for name in names if name]


def models_in(settings: Settings) -> tuple[str, ...]:
    """Return the models of `CHAT`, first choice first: all but the scripted brain."""
    names = (name.strip() for name in settings.chat.split(","))
    return tuple(name for name in names if name and name.partition("@")[0] != SCRIPTED)


def analyst_of(settings: Settings) -> Chat | None:
    """Return the models of `CHAT`; none where only the scripted brain thinks, who reads nothing.

    Raises SettingsError with every mistake.
    """
    from adapters.fallback import ChatChain

    known = models_in(settings)
    chain = [built for built in chain_of("CHAT", CHATS, settings) if built.name in known]
    mistakes = tuple(mistake for built in chain for mistake in built.mistakes)
    if mistakes:
        raise SettingsError(mistakes)
    models = [(built.name, built.engine) for built in chain]
    if len(models) > 1:
        return ChatChain(models, first_s=settings.chat_fallback_seconds)
    return cast("Chat", models[0][1]) if models else None


def _built(setting: str, spec: str, known: Mapping[str, Factory], settings: Settings) -> Built:
    name, at, profile = spec.partition("@")
    try:
        factory = _named(setting, name, known)
        chosen = settings.under(profile) if at else settings
        return Built(name=spec, engine=factory(chosen))
    except SettingsError as error:
        return Built(name=spec, mistakes=tuple(_in_profile(m, profile) for m in error.mistakes))


def _in_profile(mistake: Mistake, profile: str) -> Mistake:
    name = mistake.name
    if profile and is_engine_setting(name.lower()) and "__" not in name:
        return replace(mistake, name=suffixed(name, profile))
    return mistake


def _named(setting: str, name: str, known: Mapping[str, Factory]) -> Factory:
    if name in known:
        return known[name]
    names = ", ".join(sorted(known))
    remedy = f"Use {names} or module:attr, several with commas."
    reason = "names no provider"
    module, colon, attribute = name.partition(":")
    if colon:
        try:
            return cast("Factory", getattr(importlib.import_module(module), attribute))
        except ImportError as error:
            reason, remedy = f"{module} cannot be imported ({error})", "Put it on PYTHONPATH."
        except AttributeError as error:
            reason, remedy = f"{name} is not there ({error})", "Correct the name."
    raise SettingsError((Mistake(name=setting, reason=reason, remedy=remedy),))


# Heavy SDKs are imported by the factory that was asked for, never by the others.


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
        one_model=has_one_model(settings),
        retries=_retries(settings),
        tools=settings.openai_tools,
        # A server at home reads a prompt for seconds, once, and asks nothing for it.
        prepares=_prepares(settings, pays=_is_at_home(settings)),
    )


def has_one_model(settings: Settings) -> bool:
    """Whether `OPENAI_MODEL` thinks for all agents, whatever model they name."""
    if "openai_model" in settings.own:
        return True  # what an agent asks for is what has just failed
    asked = settings.openai_agent_models
    return _is_at_home(settings) if asked == "auto" else asked == "off"


def _is_at_home(settings: Settings) -> bool:
    """Whether the server is no service of OpenAI: it has few models, under names of its own."""
    host = urlsplit(settings.openai_base_url or "https://api.openai.com").hostname or ""
    return not f".{host}".endswith(".api.openai.com")


def _azure_openai(settings: Settings) -> Chat:
    from adapters.openai_chat import OpenAIChat, azure_base_url

    settings.need("azure_openai_endpoint", "azure_openai_deployment")
    return OpenAIChat(
        api_key=settings.azure_openai_key.get_secret_value() or _identity("AZURE_OPENAI_KEY"),
        model=settings.azure_openai_deployment,
        base_url=azure_base_url(settings.azure_openai_endpoint or ""),
        provider="azure.ai.openai",
        prepares=_prepares(settings, pays=False),
        retries=_retries(settings),
        tools=settings.azure_openai_tools,
        # What an agent asks for is what has just failed.
        one_model="azure_openai_deployment" in settings.own,
    )


def is_chain(names: str) -> bool:
    """Whether a setting names several engines."""
    return "," in names.strip(", ")


def _retries(settings: Settings) -> int:
    """Return how often the package asks again: in a chain, another one is asked at once."""
    return 0 if is_chain(settings.chat) else 1


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


CHATS: dict[str, Factory] = {SCRIPTED: _brain, "openai": _openai, "azure_openai": _azure_openai}
