"""Chains and profiles in the settings: a second region, a smaller model, and what is wrong."""

import pytest

from adapters.fallback import ChatChain, HearingChain, SpeakingChain
from adapters.providers import has_one_model
from adapters.settings import Settings, SettingsError
from core.agents import AgentSpec, ModelSpec
from localdev.doctor import local_findings
from localdev.doctor_engines import model_findings
from localdev.findings import Health
from media_relay.engines import engines_of

BASE = {
    "AZURE_OPENAI_ENDPOINT": "https://east.example.com",
    "AZURE_OPENAI_KEY": "east-key",
    "AZURE_OPENAI_DEPLOYMENT": "big",
    "STT": "scripted",
    "TTS": "scripted",
}


def test_a_profile_changes_what_it_sets_and_nothing_else() -> None:
    settings = Settings.read({**BASE, "AZURE_OPENAI_DEPLOYMENT__SMALL": "nano"})

    small = settings.under("small")

    assert small.azure_openai_deployment == "nano"
    assert small.azure_openai_endpoint == settings.azure_openai_endpoint
    assert small.azure_openai_key == settings.azure_openai_key
    assert small.own == {"azure_openai_deployment"}


@pytest.mark.parametrize(
    ("profile", "name"),
    [
        ({"AZURE_OPENAI_ENDPOINT__WEST": "https://west.example.com"}, "azure_openai_key"),
        ({"OPENAI_BASE_URL__WEST": "https://west.example.com/v1"}, "openai_api_key"),
        ({"AZURE_SPEECH_REGION__WEST": "westeurope"}, "azure_speech_key"),
        ({"AZURE_SPEECH_ENDPOINT__WEST": "https://west.example.com"}, "azure_speech_key"),
    ],
)
def test_a_key_is_never_sent_to_another_resource(profile: dict[str, str], name: str) -> None:
    keys = {"AZURE_SPEECH_KEY": "k", "OPENAI_API_KEY": "k", "AZURE_SPEECH_REGION": "eastus"}

    west = Settings.read({**BASE, **keys, **profile}).under("west")

    assert getattr(west, name).get_secret_value() == ""


def test_several_names_are_a_chain_in_that_order() -> None:
    engines = engines_of(
        Settings.read(
            {
                **BASE,
                "CHAT": "azure_openai, azure_openai@small,scripted",
                "STT": "scripted,embedded",
                "TTS": "scripted,embedded",
                "AZURE_OPENAI_DEPLOYMENT__SMALL": "nano",
            }
        )
    )

    assert isinstance(engines.chat, ChatChain)
    assert isinstance(engines.hearing, HearingChain)
    assert isinstance(engines.speaking, SpeakingChain)
    names = [link.name for link in engines.chat.links]
    assert names == ["azure_openai", "azure_openai@small", "scripted"]
    assert engines.hearing_tries == 3


def test_every_mistake_of_every_link_is_told_at_once_and_where_it_is() -> None:
    environ = {
        **BASE,
        "CHAT": "gpt,azure_openai@nowhere,openai@home",
        "STT": "azure",
        "OPENAI_BASE_URL__HOME": "http://127.0.0.1:11434/v1",
    }

    with pytest.raises(SettingsError) as error:
        engines_of(Settings.read(environ))

    names = [mistake.name for mistake in error.value.mistakes]
    assert names == ["AZURE_SPEECH_ENDPOINT", "CHAT", "@nowhere", "OPENAI_MODEL__HOME"]


def test_a_profile_that_cannot_be_read_is_told_by_its_variable() -> None:
    with pytest.raises(SettingsError) as error:
        Settings.read({**BASE, "AZURE_OPENAI_ENDPOINT__WEST": "not a url", "OTHER__THING": "1"})

    assert [m.name for m in error.value.mistakes] == ["AZURE_OPENAI_ENDPOINT__WEST"]


def test_the_doctor_shows_every_link_and_what_it_lacks() -> None:
    found = local_findings({**BASE, "CHAT": "azure_openai,openai,scripted", "STT": "embedded"})

    by_name = {each.name: each for each in found}
    assert by_name["thinking"].what == "azure_openai"
    assert by_name["thinking, fallback 1"].health is Health.BAD
    assert "OPENAI_MODEL" in by_name["thinking, fallback 1"].what
    assert "scripted brain" in by_name["thinking, fallback 2"].what
    assert "English only" in by_name["languages"].what


@pytest.mark.parametrize(
    ("environ", "alone"),
    [
        ({}, False),
        ({"OPENAI_BASE_URL": "https://eu.api.openai.com/v1"}, False),
        ({"OPENAI_BASE_URL": "http://127.0.0.1:11434/v1"}, True),
        ({"OPENAI_BASE_URL": "http://127.0.0.1:4000/v1", "OPENAI_AGENT_MODELS": "on"}, False),
        ({"OPENAI_AGENT_MODELS": "off"}, True),
    ],
)
def test_openai_has_the_models_that_agents_name_and_a_server_at_home_has_one(
    environ: dict[str, str], alone: bool
) -> None:
    settings = Settings.read({"OPENAI_MODEL": "gpt", "OPENAI_MODEL__SMALL": "nano", **environ})

    assert has_one_model(settings) is alone
    assert has_one_model(settings.under("small"))  # what an agent names is what has just failed


@pytest.mark.parametrize(
    ("environ", "told"),
    [
        ({"CHAT": "openai", "OPENAI_BASE_URL": "http://127.0.0.1:11434/v1"}, ["models"]),
        ({"CHAT": "openai,scripted"}, []),
        ({"CHAT": "azure_openai", "OPENAI_TOOLS": "json_schema"}, ["OPENAI_TOOLS"]),
        ({"CHAT": "azure_openai,openai@home", "OPENAI_TOOLS": "json_schema"}, []),
    ],
)
def test_the_doctor_tells_of_names_and_settings_that_count_for_nothing(
    environ: dict[str, str], told: list[str]
) -> None:
    agents = [AgentSpec(name="Ann", prompt="", model=ModelSpec(deployment_id="gpt-4o"))]

    found = model_findings(Settings.read({"OPENAI_MODEL": "qwen3", **environ}), agents)

    assert [each.name for each in found] == told
