"""Examines a machine and an environment for what a call needs, without changing either."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from urllib.request import urlopen

from adapters.settings import Settings, SettingsError
from localdev.doctor_engines import engine_findings
from localdev.doctor_stores import ask_stores
from localdev.findings import Finding, bad, note, ok
from localdev.stack.layout import Layout, local_settings
from localdev.stack.running import find

PATIENCE_S = 2.0  # for a relay on this machine
_WELL = re.compile(r"ok|\d+ tasks")  # what a relay says beside its troubles


def local_findings(environ: Mapping[str, str]) -> list[Finding]:
    """Return what matters for `make run` on this machine."""
    return [
        *_python(),
        *_settings(environ),
        *_catalog(),
        *_engines(environ),
        *_stack(),
    ]


def azure_findings(environ: Mapping[str, str]) -> list[Finding]:
    """Return what a deployment with these settings would lack; Azure stores are asked, if set."""
    try:
        settings = Settings.read(environ)
    except SettingsError as error:
        return _mistakes(error)
    return [*_required(settings), *_azure_engines(settings), *_azure_stores(settings)]


def _mistakes(error: SettingsError) -> list[Finding]:
    return [bad(each.name, each.reason, each.remedy) for each in error.mistakes]


def _python() -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] == (3, 13):
        yield ok("Python", version)
    else:
        yield bad("Python", f"{version}, but the Functions worker needs 3.13", "Run `make setup`.")


def _settings(environ: Mapping[str, str]) -> Iterator[Finding]:
    try:
        Settings.read(local_settings(Layout(), environ))
    except SettingsError as error:
        yield from _mistakes(error)
    else:
        yield ok("settings", "complete for a local stack")


def _catalog() -> Iterator[Finding]:
    from registries import CatalogError, list_tools, load_catalog

    try:
        catalog = load_catalog()
    except CatalogError as error:
        for mistake in error.mistakes:
            where = f"{mistake.file} {mistake.field}".strip()
            yield bad(where, mistake.reason, "Correct the file.")
    else:
        counts = {
            "agent": len(catalog.agents),
            "tool": len(list_tools()),
            "scenario": len(catalog.scenarios),
        }
        yield ok("catalog", ", ".join(f"{n} {what}{'s'[: n != 1]}" for what, n in counts.items()))


def _engines(environ: Mapping[str, str]) -> Iterator[Finding]:
    given = local_settings(Layout(), environ)
    try:
        settings = Settings.read(given)
    except SettingsError as error:  # said above; the engines are looked at without what is wrong
        wrong = {each.name for each in error.mistakes}
        try:
            settings = Settings.read({n: v for n, v in given.items() if n not in wrong})
        except SettingsError:  # what lacks, rather than what is wrong, is at fault
            return
    yield from engine_findings(settings)


def _stack() -> Iterator[Finding]:
    running = find(Layout().home)
    if running is None:
        yield note("stack", "not up", "`make run` or `artvoice up` starts it.")
        return
    yield ok("stack", ", ".join(f"{part} on {url}" for part, url in running.urls.items()))
    for part, url in running.urls.items():
        if part.startswith("relay"):
            yield from left_alone(part, url)


def left_alone(part: str, url: str) -> Iterator[Finding]:
    """Say which engines a relay that runs leaves alone, because they failed again and again."""
    try:
        with urlopen(f"{url}/healthz", timeout=PATIENCE_S) as answer:  # noqa: S310 our own loopback
            lines = answer.read().decode().splitlines()
    except OSError as error:
        yield bad(part, f"does not answer ({type(error).__name__})", "Look into its log.")
        return
    for line in lines:
        if not _WELL.fullmatch(line):
            yield note(part, line, "The next one of its chain does its work; its log says why.")


def _required(settings: Settings) -> Iterator[Finding]:
    endpoint, key = settings.acs
    if not endpoint:
        yield note(
            "ACS_ENDPOINT",
            "no Communication Services resource is set",
            "Set ACS_CONNECTION_STRING, or ACS_ENDPOINT with ACS_ACCESS_KEY or an identity.",
        )
    else:
        yield ok("ACS_ENDPOINT", "set, with a key" if key else "set, with identity")
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
            yield note(name.upper(), f"not set ({why})", "Set it before a deployment.")
        else:
            yield ok(name.upper(), "set")


def _azure_engines(settings: Settings) -> Iterator[Finding]:
    if settings.azure_openai_endpoint and settings.azure_openai_deployment:
        yield ok("AZURE_OPENAI_ENDPOINT", "set, with a deployment")
    else:
        yield note(
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
        if "azure" in value
    )
    try:
        account = account_of(settings)
    except SettingsError as error:
        (mistake,) = error.mistakes
        if chosen:
            return bad(mistake.name, f"is not set, but {chosen} is", mistake.remedy)
        return note(mistake.name, "no speech service is set", mistake.remedy)
    if find_spec("azure.cognitiveservices") is None:
        remedy = "Run `make setup`, or `pip install azure-cognitiveservices-speech`."
        return bad("AZURE_SPEECH_ENDPOINT", "the Speech SDK is not installed", remedy)
    how = "with a key" if account.key else "with identity"
    if chosen:
        return ok("AZURE_SPEECH_ENDPOINT", f"set, {how}, for {chosen}")
    return note("AZURE_SPEECH_ENDPOINT", f"set, {how}, but not used", "Set STT=azure, TTS=azure.")


def _azure_stores(settings: Settings) -> Iterator[Finding]:
    if settings.store == "sqlite":
        yield note(
            "STORE", "sqlite: one host, on its own disk", "Fine locally, not for a deployment."
        )
    if settings.blobs == "folder":
        yield note("BLOBS", "folder: on the host's own disk", "Fine locally, not for a deployment.")
    for answer in ask_stores(settings):
        if answer.remedy:
            yield bad(answer.setting, answer.what, answer.remedy)
        else:
            yield ok(answer.setting, answer.what)
