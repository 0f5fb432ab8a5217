"""Examines a machine and an environment for what a call needs, without changing either."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib.util import find_spec

from adapters.setting_values import SettingsError
from adapters.settings import Settings
from core.errors import EngineFailed
from localdev.doctor_stores import ask_stores
from localdev.stack.layout import Layout, local_settings
from localdev.stack.running import find


class Health(StrEnum):
    """OK; worth knowing; or in the way of a call."""

    OK = "ok"
    NOTE = "note"
    BAD = "bad"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing examined. `remedy` says what to do about it."""

    name: str
    health: Health
    what: str
    remedy: str = ""


def local_findings(environ: Mapping[str, str]) -> list[Finding]:
    """Return what matters for `make run` on this machine."""
    return [
        *_python(),
        *_settings(environ),
        *_catalog(),
        *_speech(environ),
        *_brain(environ),
        *_stack(),
    ]


def azure_findings(environ: Mapping[str, str]) -> list[Finding]:
    """Return what a deployment with these settings would lack; Azure stores are asked, if set."""
    try:
        settings = Settings.read(environ)
    except SettingsError as error:
        return _mistakes(error)
    return [*_required(settings), *_azure_engines(settings), *_azure_stores(settings)]


def _ok(name: str, what: str) -> Finding:
    return Finding(name=name, health=Health.OK, what=what)


def _note(name: str, what: str, remedy: str = "") -> Finding:
    return Finding(name=name, health=Health.NOTE, what=what, remedy=remedy)


def _bad(name: str, what: str, remedy: str) -> Finding:
    return Finding(name=name, health=Health.BAD, what=what, remedy=remedy)


def _mistakes(error: SettingsError) -> list[Finding]:
    return [_bad(each.name, each.reason, each.remedy) for each in error.mistakes]


def _python() -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] == (3, 13):
        yield _ok("Python", version)
    else:
        yield _bad("Python", f"{version}, but the Functions worker needs 3.13", "Run `make setup`.")


def _settings(environ: Mapping[str, str]) -> Iterator[Finding]:
    try:
        Settings.read(local_settings(Layout(), environ))
    except SettingsError as error:
        yield from _mistakes(error)
    else:
        yield _ok("settings", "complete for a local stack")


def _catalog() -> Iterator[Finding]:
    from registries import CatalogError, list_tools, load_catalog

    try:
        catalog = load_catalog()
    except CatalogError as error:
        for mistake in error.mistakes:
            where = f"{mistake.file} {mistake.field}".strip()
            yield _bad(where, mistake.reason, "Correct the file.")
    else:
        counts = {
            "agent": len(catalog.agents),
            "tool": len(list_tools()),
            "scenario": len(catalog.scenarios),
        }
        yield _ok("catalog", ", ".join(f"{n} {what}{'s'[: n != 1]}" for what, n in counts.items()))


def _speech(environ: Mapping[str, str]) -> Iterator[Finding]:
    from adapters.embedded.models import HEARING_FILES, SPEAKING_FILES, find_model, piper_path

    def check(name: str, look: Callable[[], object], what: str) -> Finding:
        try:
            look()
        except EngineFailed as failure:
            return _bad(name, failure.error.detail, "Run `make setup`.")
        return _ok(name, what)

    chosen = local_settings(Layout(), environ)
    if chosen["STT"] == "embedded":
        yield check(
            "hearing",
            lambda: [find_model(file) for file in HEARING_FILES],
            "Moonshine tiny (English) and Silero, on this machine",
        )
    if chosen["TTS"] == "embedded":
        yield check(
            "speaking",
            lambda: [piper_path(), *(find_model(file) for file in SPEAKING_FILES)],
            "Piper, in a process of its own",
        )


def _brain(environ: Mapping[str, str]) -> Iterator[Finding]:
    chat = local_settings(Layout(), environ)["CHAT"]
    if chat == "scripted":
        yield _note(
            "thinking",
            "the scripted brain, which routes by example sentences and is no language model",
            "Set CHAT=openai with OPENAI_BASE_URL and OPENAI_MODEL, or CHAT=azure_openai.",
        )
    else:
        needed = {
            "openai": ("OPENAI_MODEL",),
            "azure_openai": ("AZURE_OPENAI_ENDPOINT", "AZURE_OPENAI_DEPLOYMENT"),
        }
        missing = [name for name in needed.get(chat, ()) if not environ.get(name)]
        if missing:
            yield _bad("thinking", f"CHAT={chat} without {', '.join(missing)}", "Set them.")
        else:
            yield _ok("thinking", chat)


def _stack() -> Iterator[Finding]:
    running = find(Layout().home)
    if running is None:
        yield _note("stack", "not up", "`make run` or `artvoice up` starts it.")
    else:
        yield _ok("stack", ", ".join(f"{part} on {url}" for part, url in running.urls.items()))


def _required(settings: Settings) -> Iterator[Finding]:
    endpoint, key = settings.acs
    if not endpoint:
        yield _note(
            "ACS_ENDPOINT",
            "no Communication Services resource is set",
            "Set ACS_CONNECTION_STRING, or ACS_ENDPOINT with ACS_ACCESS_KEY or an identity.",
        )
    else:
        yield _ok("ACS_ENDPOINT", "set, with a key" if key else "set, with identity")
    for name, why in (
        ("acs_resource_id", "the immutable resource id: callbacks are verified with it"),
        ("call_signing_key", "per-call secrets are derived from it; a Key Vault secret"),
        ("relay_shared_key", "relay and Functions know each other by it"),
        ("functions_base_url", "callbacks are built on it"),
        ("relay_base_url", "the media address is built on it"),
    ):
        try:
            settings.need(name)
        except SettingsError:
            yield _note(name.upper(), f"not set ({why})", "Set it before a deployment.")
        else:
            yield _ok(name.upper(), "set")


def _azure_engines(settings: Settings) -> Iterator[Finding]:
    if settings.azure_openai_endpoint and settings.azure_openai_deployment:
        yield _ok("AZURE_OPENAI_ENDPOINT", "set, with a deployment")
    else:
        yield _note(
            "AZURE_OPENAI_ENDPOINT",
            "no language model is set",
            "Set AZURE_OPENAI_ENDPOINT, AZURE_OPENAI_DEPLOYMENT and CHAT=azure_openai.",
        )
    yield _azure_speech(settings)


def _azure_speech(settings: Settings) -> Finding:
    from adapters.azure_speech import account_of

    chosen = " and ".join(
        f"{name}=azure"
        for name, value in (("STT", settings.stt), ("TTS", settings.tts))
        if value == "azure"
    )
    try:
        account = account_of(settings)
    except SettingsError as error:
        (mistake,) = error.mistakes
        if chosen:
            return _bad(mistake.name, f"is not set, but {chosen} is", mistake.remedy)
        return _note(mistake.name, "no speech service is set", mistake.remedy)
    if find_spec("azure.cognitiveservices") is None:
        remedy = "Run `make setup`, or `pip install azure-cognitiveservices-speech`."
        return _bad("AZURE_SPEECH_ENDPOINT", "the Speech SDK is not installed", remedy)
    how = "with a key" if account.key else "with identity"
    if chosen:
        return _ok("AZURE_SPEECH_ENDPOINT", f"set, {how}, for {chosen}")
    return _note("AZURE_SPEECH_ENDPOINT", f"set, {how}, but not used", "Set STT=azure, TTS=azure.")


def _azure_stores(settings: Settings) -> Iterator[Finding]:
    if settings.store == "sqlite":
        yield _note(
            "STORE", "sqlite: one host, on its own disk", "Fine locally, not for a deployment."
        )
    if settings.blobs == "folder":
        yield _note(
            "BLOBS", "folder: on the host's own disk", "Fine locally, not for a deployment."
        )
    for answer in ask_stores(settings):
        if answer.remedy:
            yield _bad(answer.setting, answer.what, answer.remedy)
        else:
            yield _ok(answer.setting, answer.what)
