from dataclasses import replace

import pytest

from core.agents import AgentSpec
from registries import (
    RenderFailed,
    load_scenario,
    render_farewell,
    render_greeting,
    render_prompt,
)
from registries.prompts import render, template_mistakes


def agent(prompt: str = "Hello.", **fields: str) -> AgentSpec:
    return AgentSpec(name="Desk", prompt=prompt, **fields)  # type: ignore[arg-type]


def test_what_is_not_known_yet_is_empty_and_not_an_error() -> None:
    greeting = agent(greeting="Hi{% if caller_name %} {{ caller_name }}{% endif %}")

    before = render_greeting(greeting, {}, returning=False)
    after = render_greeting(greeting, {"slots": {"caller_name": "Maria"}}, returning=False)

    assert (before, after) == ("Hi", "Hi Maria")


def test_an_undefined_name_is_an_error_when_it_is_rendered() -> None:
    with pytest.raises(RenderFailed, match="'nonsense' is undefined"):
        render_prompt(agent("{{ nonsense }}"), {})


def test_an_undefined_name_is_found_in_a_branch_that_is_not_taken() -> None:
    found = template_mistakes("{% if caller_name %}{{ nonsense }}{% endif %}", {"caller_name": ""})

    assert found == ["uses the undefined variable 'nonsense' (template_vars can define one)"]


def test_what_is_not_known_of_a_caller_yet_is_empty_however_deep() -> None:
    prompt = "{% if slots.card.name %}{{ slots.card.name }}{% endif %}{{ slots['plan'] }}."

    before = render(prompt, {"slots": {"client_id": "c"}})
    after = render(prompt, {"slots": {"card": {"name": "Gold"}, "plan": "B"}})

    assert (before, after) == (".", "GoldB.")


def test_a_returning_caller_hears_the_other_greeting() -> None:
    spoken = agent(greeting="Hello.", return_greeting="Again.")

    greetings = (
        render_greeting(spoken, {}, returning=False),
        render_greeting(spoken, {}, returning=True),
        render_greeting(replace(spoken, return_greeting=""), {}, returning=True),
    )

    assert greetings == ("Hello.", "Again.", "Welcome back!")


def test_an_agent_is_told_when_the_caller_speaks_another_language() -> None:
    desk = agent("Desk of {{ language }}.", greeting="Hello.")
    asks = agent(greeting="{% if language == 'de-DE' %}Guten Tag.{% else %}Hello.{% endif %}")

    own, foreign = (render_prompt(desk, {"language": tag}) for tag in ("en-GB", "de-DE"))

    assert own == "Desk of en-GB."
    assert foreign.startswith("Desk of de-DE.")
    assert "The caller speaks German. Answer in German" in foreign
    assert render_prompt(desk, {}) == "Desk of en-US."
    # A greeting in another language is left to the model, unless it knows better.
    assert render_greeting(desk, {"language": "de-DE"}, returning=False) == ""
    assert render_greeting(asks, {"language": "de-DE"}, returning=False) == "Guten Tag."


def test_a_prompt_ends_with_whom_the_agent_may_hand_over_to() -> None:
    banking = load_scenario("banking")

    prompt = render_prompt(banking.agent("BankingConcierge"), {}, scenario=banking)

    assert "`handoff_card_recommendation`: CardRecommendation. The caller is interested" in prompt
    assert "`handoff_concierge`" not in prompt


def test_every_shipped_agent_renders_before_and_after_a_handoff() -> None:
    banking = load_scenario("banking")
    facts = {"is_handoff": True, "previous_agent": "X", "slots": {"client_id": "maria_lopez"}}

    for each in banking.agents:
        first = render_prompt(each, {}, scenario=banking)
        later = render_prompt(each, facts, scenario=banking)

        assert "taken over from X" in later
        assert "taken over" not in first


@pytest.mark.parametrize(
    "attack",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ slots.__class__.__mro__ }}",
        "{{ slots['__class__']['__mro__'] }}",
        "{{ slots | attr('__class__') }}",
        "{{ slots.x.__class__.__mro__ }}",
        "{{ 'a' * 1000000000 }}",
        "{{ 2 ** 10000000 }}",
        "{% for a in range(9999999) %}{% for b in range(99999) %}xxxxxxx{% endfor %}{% endfor %}",
        "{% include 'secret' %}",
    ],
)
def test_a_hostile_template_fails_soon(attack: str) -> None:
    with pytest.raises(RenderFailed):
        render(attack, {"slots": {}})


def test_words_that_are_set_are_said_in_the_callers_language_or_not_at_all() -> None:
    desk = agent()

    back = [
        render_greeting(desk, {"language": tag}, returning=True)
        for tag in ("en-GB", "de-AT", "it-IT")
    ]
    away = [
        render_farewell(desk, {"language": tag}, "One moment.")
        for tag in ("en-GB", "de-AT", "it-IT")
    ]
    asked = render_farewell(desk, {"language": "it-IT"}, "{{ language_name }}, please.")
    silent = render_farewell(desk, {"language": "de-AT"}, "")

    assert back == ["Welcome back!", "Schön, dass Sie wieder da sind!", ""]
    assert away == ["One moment.", "Einen Moment, ich gebe Sie weiter.", ""]
    assert (asked, silent) == ("Italian, please.", "")
