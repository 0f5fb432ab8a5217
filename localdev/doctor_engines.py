"""Examines the engines that settings name, each link of each chain."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from adapters.providers import Built, has_one_model
from adapters.settings import Settings
from core.agents import AgentSpec
from core.errors import EngineFailed
from localdev.findings import Finding, bad, note, ok
from media_relay.engines import built_of

WORK = {"STT": "hearing", "CHAT": "thinking", "TTS": "speaking"}


def engine_findings(settings: Settings) -> Iterator[Finding]:
    """Return how every engine is set, first choices first, and what languages they lack."""
    for setting, work in WORK.items():
        chain = built_of(setting, settings)
        for n, built in enumerate(chain):
            name = work if n == 0 else f"{work}, fallback {n}"
            yield from _engine(name, setting, built)
    agents = _agents()
    yield from _languages(settings, agents)
    yield from model_findings(settings, agents)


def _engine(name: str, setting: str, built: Built) -> Iterator[Finding]:
    if built.mistakes:
        for mistake in built.mistakes:
            what = f"{setting}={built.name}, but {mistake.name} {mistake.reason}"
            yield bad(name, what, mistake.remedy)
        return
    match setting, built.name:
        case "STT", "embedded":
            yield _local(name, _hearing_files, "Moonshine tiny and Silero, on this machine")
        case "TTS", "embedded":
            yield _local(name, _speaking_files, "Piper, in a process of its own")
        case "CHAT", "scripted":
            yield note(
                name,
                "the scripted brain, which routes by example sentences and is no language model",
                "Set CHAT=openai with OPENAI_BASE_URL and OPENAI_MODEL, or CHAT=azure_openai.",
            )
        case _:
            yield ok(name, built.name)


def _local(name: str, look: Callable[[], object], what: str) -> Finding:
    try:
        look()
    except EngineFailed as failure:
        return bad(name, failure.error.detail, "Run `make setup`.")
    return ok(name, what)


def _hearing_files() -> object:
    from adapters.embedded.models import HEARING_FILES, find_model

    return [find_model(file) for file in HEARING_FILES]


def _speaking_files() -> object:
    from adapters.embedded.models import SPEAKING_FILES, find_model, piper_path

    return [piper_path(), *(find_model(file) for file in SPEAKING_FILES)]


def _agents() -> list[AgentSpec]:
    """Return the agents there are; none if they cannot be read, which is said elsewhere."""
    from registries import CatalogError, load_catalog

    try:
        return list(load_catalog().agents.values())
    except CatalogError:
        return []


def model_findings(settings: Settings, agents: Sequence[AgentSpec]) -> Iterator[Finding]:
    """Say which models that agents name are not asked for, and which setting counts for nobody."""
    names = [name.strip() for name in settings.chat.split(",")]
    named = {agent.model.deployment_id for agent in agents} - {"", settings.openai_model}
    if "openai" in names and named and has_one_model(settings):
        what = f"OPENAI_MODEL thinks for every agent; agents name {', '.join(sorted(named))}"
        yield note("models", what, "Set OPENAI_AGENT_MODELS=on if the server has them.")
    kinds = {name.partition("@")[0] for name in names}
    if settings.openai_tools != "native" and "openai" not in kinds and "azure_openai" in kinds:
        yield note("OPENAI_TOOLS", "counts for CHAT=openai only", "Set AZURE_OPENAI_TOOLS.")


def _languages(settings: Settings, agents: Sequence[AgentSpec]) -> Iterator[Finding]:
    """Say which agents speak what the embedded engine cannot hear."""
    if "embedded" not in [name.strip() for name in settings.stt.split(",")]:
        return
    wanted = {
        language
        for agent in agents
        for language in (agent.speech.language, *agent.speech.languages)
        if not language.lower().startswith("en")
    }
    if wanted:
        what = f"the embedded engine hears English only; agents list {', '.join(sorted(wanted))}"
        yield note("languages", what, "Set STT=azure to hear them.")
    else:
        yield note("languages", "the embedded engines hear and speak English only")
