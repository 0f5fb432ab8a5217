from collections.abc import Callable
from pathlib import Path

import pytest

from core.agents import HandoffType, SilenceSpec
from core.session import SCENARIO
from core.waiting_sound import WaitingSound
from registries import (
    CatalogError,
    ToolContext,
    ToolRegistry,
    discover_agents,
    get_scenario_agents,
    list_scenarios,
    load_catalog,
    load_scenario,
    tools_for,
)

GOOD_AGENT = "prompt: You are {{ agent_name }}.\n"
Write = Callable[[dict[str, str]], list[str]]


@pytest.fixture
def mistakes_of(tmp_path: Path) -> Write:
    """Write a catalog and return what is wrong with it, one line per mistake."""
    tools = ToolRegistry()

    @tools.register(transfers_to="fraud_desk")
    def call_fraud_desk(call: ToolContext) -> str:
        """Call them."""
        return "ok"

    def write(files: dict[str, str]) -> list[str]:
        for folder in ("agents", "scenarios"):
            (tmp_path / folder).mkdir(exist_ok=True)
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        try:
            load_catalog(
                agents=tmp_path / "agents", scenarios=tmp_path / "scenarios", registry=tools
            )
        except CatalogError as problem:
            return str(problem).splitlines()
        return []

    return write


def test_the_shipped_banking_scenario_is_what_its_files_say() -> None:
    banking = load_scenario("banking")

    edges = {(edge.from_agent, edge.to_agent): edge for edge in banking.edges}
    first = edges["BankingConcierge", "CardRecommendation"]
    assert "banking" in list_scenarios()
    assert banking.start_agent == "BankingConcierge"
    assert len(edges) == 6
    assert (first.tool, first.type) == ("handoff_card_recommendation", HandoffType.ANNOUNCED)
    assert edges["CardRecommendation", "BankingConcierge"].type is HandoffType.DISCRETE
    assert set(get_scenario_agents("banking")) <= set(discover_agents())
    assert len({agent.voice for agent in banking.agents}) == 3


def test_an_agent_has_its_tools_and_the_handoffs_of_its_edges() -> None:
    banking = load_scenario("banking")

    tools = {tool.name: tool for tool in tools_for(banking, "BankingConcierge")}

    card = tools["handoff_card_recommendation"]
    assert {"get_account_summary", "handoff_investment_advisor", "handoff_to_agent"} <= set(tools)
    assert "handoff_concierge" not in tools
    assert card.examples == banking.agent("CardRecommendation").examples
    assert card.parameters["required"] == ["reason"]
    assert tools["handoff_to_agent"].parameters["properties"]["target_agent"]["enum"] == [
        "CardRecommendation",
        "InvestmentAdvisor",
    ]


def test_a_snapshot_of_a_scenario_reads_back_and_is_the_same_bytes_every_time() -> None:
    banking = load_scenario("banking")

    body = SCENARIO.dump_json(banking)

    assert SCENARIO.validate_json(body) == banking
    assert SCENARIO.dump_json(SCENARIO.validate_json(body)) == body


def test_a_scenario_says_what_its_calls_are_asked_for(mistakes_of: Write) -> None:
    wrong = mistakes_of(
        {
            "agents/a.yaml": GOOD_AGENT,
            "scenarios/s.yaml": "wrap_up:\n  extract:\n    Topic: {}\n"
            "    n: {type: number, choices: [a]}\n    k: {type: colour}\n",
        }
    )

    assert len(wrong) == 3
    for field in ("Topic", "extract.n", "extract.k"):
        assert field in "\n".join(wrong)
    assert [field.name for field in load_scenario("banking").extract][:2] == ["topic", "card"]


def test_an_unknown_scenario_names_the_nearest() -> None:
    with pytest.raises(CatalogError, match="did you mean 'banking'"):
        load_scenario("bankin")


def test_every_mistake_is_told_at_once_with_file_field_and_reason(mistakes_of: Write) -> None:
    found = mistakes_of(
        {
            "agents/one.yaml": GOOD_AGENT + "gretting: hi\nvoice: {rate: fast}\n",
            "agents/two.yaml": "name: [\n",
            "agents/three.yaml": GOOD_AGENT + "tools: [call_fraud_dask]\n",
            "agents/four.yaml": "description: no prompt here\n",
            "agents/five.yaml": "prompt: Hello {{ caler_name }}\n",
            "agents/six.yaml": "prompt: Hello {% if %}\n",
            "agents/seven/agent.yaml": "name: three\nprompt: Again.\n",
            "agents/eight.yaml": GOOD_AGENT + "model: {temperature: warm}\nname: x\nname: y\n",
        }
    )

    assert found == [
        "agents/eight.yaml: line 4: 'name' is written twice",
        "agents/four.yaml: prompts: the agent has no prompt "
        "(write `prompts.content` or a prompt.jinja beside it)",
        "agents/one.yaml: voice.rate: string should match pattern '^[+-]\\d{1,3}%$'",
        "agents/one.yaml: gretting: unknown field, did you mean 'greeting'?",
        "agents/two.yaml: line 2: expected the node content, but found '<stream end>'",
        "agents/seven/agent.yaml: name: an agent 'three' is already in agents/three.yaml",
        "agents/five.yaml: prompt: uses the undefined variable 'caler_name', "
        "did you mean 'caller_name'? (template_vars can define one)",
        "agents/six.yaml: prompt: line 1: Expected an expression, got 'end of statement block'",
        "agents/three.yaml: tools.0: there is no tool 'call_fraud_dask', "
        "did you mean 'call_fraud_desk'?",
    ]


def test_a_graph_that_can_not_work_is_told(mistakes_of: Write) -> None:
    edges = """
start_agent: a
agents: [a, b, c]
handoffs:
  - {from: a, to: b, tool: handoff_x}
  - {from: a, to: b, tool: handoff_y}
  - {from: b, to: b}
  - {from: b, to: a, tool: call_fraud_desk}
"""
    found = mistakes_of(
        {
            **{f"agents/{name}.yaml": GOOD_AGENT for name in "abc"},
            "agents/b.yaml": GOOD_AGENT + "tools: [call_fraud_desk]\n",
            "scenarios/one.yaml": edges,
            "scenarios/two/orchestration.yaml": "start_agent: nobody\nagents: [a, zed]\n",
            "scenarios/three.yaml": "agents: [a]\nhandoffs: [{from: a, to: c}]\n",
        }
    )

    for part in (
        "one.yaml: handoffs.0: a to b is written twice",
        "one.yaml: handoffs.2: b can not hand over to itself",
        "one.yaml: handoffs.3.tool: 'call_fraud_desk' is taken or is not a name",
        "one.yaml: agents: c can not be reached from a",
        "one.yaml: transfer_targets: b's call_fraud_desk transfers to 'fraud_desk'",
        "two/orchestration.yaml: agents.1: there is no agent 'zed'",
        "two/orchestration.yaml: start_agent: there is no agent 'nobody'",
        "three.yaml: handoffs.0.to: 'c' is not among the scenario's agents",
    ):
        assert any(part in line for line in found), part


def test_two_handoffs_of_one_agent_need_two_names(mistakes_of: Write) -> None:
    found = mistakes_of(
        {
            **{f"agents/{name}.yaml": GOOD_AGENT for name in "abc"},
            "scenarios/one.yaml": "agents: [a, b, c]\nhandoffs:\n"
            "  - {from: a, to: b, tool: go}\n  - {from: a, to: c, tool: go}\n",
        }
    )

    assert "scenarios/one.yaml: handoffs.0.tool: two handoffs of a are called 'go'" in found


def test_a_scenario_lays_its_own_words_over_its_agents(tmp_path: Path) -> None:
    (tmp_path / "agents" / "desk").mkdir(parents=True)
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "agents" / "_defaults.yaml").write_text("voice: {name: base, style: calm}\n")
    (tmp_path / "agents" / "desk" / "agent.yaml").write_text(
        "name: Desk\nvoice: {rate: '+5%'}\nhandoff: {trigger: handoff_desk}\n"
    )
    (tmp_path / "agents" / "desk" / "prompt.jinja").write_text("Desk of {{ town }}.")
    (tmp_path / "scenarios" / "night.yaml").write_text(
        "agents: [desk]\ntemplate_vars: {town: Oslo}\nagent_defaults: {voice: {name: night}}\n"
    )

    catalog = load_catalog(
        agents=tmp_path / "agents", scenarios=tmp_path / "scenarios", registry=ToolRegistry()
    )

    desk = catalog.scenarios["night"].agent("DESK")
    assert (desk.voice.name, desk.voice.style, desk.voice.rate) == ("night", "calm", "+5%")
    assert (desk.prompt, desk.template_vars["town"]) == ("Desk of {{ town }}.", "Oslo")
    assert catalog.agents["Desk"].voice.name == "base"


def test_a_prompt_outside_of_the_agents_folder_is_not_read(mistakes_of: Write) -> None:
    found = mistakes_of(
        {
            "secret.txt": "secret",
            "agents/a/agent.yaml": "prompts: {path: ../../secret.txt}\n",
        }
    )

    assert found == [
        "agents/a/agent.yaml: prompts.path: there is no file '../../secret.txt' beside the agent"
    ]


def test_an_agent_may_have_a_voice_for_each_language(tmp_path: Path) -> None:
    for folder in ("agents", "scenarios"):
        (tmp_path / folder).mkdir()
    (tmp_path / "agents" / "desk.yaml").write_text(
        "prompt: Hello.\n"
        "voice: {name: Ava, rate: '+5%'}\n"
        "voices: {de: {name: Katja}, es-ES: {name: Elvira, rate: '-5%'}}\n"
        "speech: {language: en-US, candidate_languages: [en-US, de-DE]}\n"
    )

    catalog = load_catalog(agents=tmp_path / "agents", scenarios=tmp_path / "scenarios")

    voices = catalog.agents["desk"].voices
    assert {tag: (voice.name, voice.rate) for tag, voice in voices.items()} == {
        "de": ("Katja", "+5%"),
        "es-ES": ("Elvira", "-5%"),
    }


def test_a_language_that_is_none_is_a_mistake(mistakes_of: Write) -> None:
    wrong = mistakes_of({"agents/desk.yaml": f"{GOOD_AGENT}speech: {{language: German}}\n"})

    assert len(wrong) == 1
    assert "speech.language" in wrong[0]


def test_how_an_agent_waits_is_in_its_file(tmp_path: Path) -> None:
    agents = tmp_path / "agents"
    agents.mkdir()
    waits = "silence: {after_s: 4, prompts: ['Still there?']}\nwaiting_sound: typing\n"
    (agents / "desk.yaml").write_text(GOOD_AGENT + waits)

    desk = discover_agents(agents)["desk"]

    assert desk.silence == SilenceSpec(after_s=4, prompts=("Still there?",))
    assert desk.waiting_sound is WaitingSound.TYPING


def test_what_a_handoff_passes_on_is_checked(mistakes_of: Write) -> None:
    edge = "{from: a, to: b, farewell: 'Bye {{ nme }}', context_vars: {x: '{{ slots', n: 1}}"

    told = mistakes_of(
        {
            "agents/a.yaml": GOOD_AGENT,
            "agents/b.yaml": GOOD_AGENT,
            "scenarios/s.yaml": f"start_agent: a\nhandoffs: [{edge}]\n",
        }
    )

    assert len(told) == 2
    assert any("handoffs.0.farewell" in line and "'nme'" in line for line in told)
    assert any("handoffs.0.x" in line for line in told)
