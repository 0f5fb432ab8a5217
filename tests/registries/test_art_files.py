"""Files written for the ART Voice Agent accelerator load here, or say what does not."""

from pathlib import Path

import pytest

from core.agents import HandoffType, Scenario
from registries import CatalogError, ToolRegistry, load_catalog, tools_for

DEFAULTS = """
model: {deployment_id: gpt-4o, temperature: 0.7, top_p: 0.9, max_tokens: 4096}
voice: {name: en-US-ShimmerTurboMultilingualNeural, type: azure-standard, style: chat, rate: +0%}
session:
  modalities: [TEXT, AUDIO]
  input_audio_format: PCM16
  turn_detection: {type: azure_semantic_vad, threshold: 0.5, silence_duration_ms: 700}
  tool_choice: auto
template_vars: {institution_name: Example Insurance}
"""
DESK = """
agent:
  name: ClaimsDesk
  description: Takes the first report of a loss
greeting: "Hello{% if caller_name %} {{ caller_name }}{% endif %}, this is {{ institution_name }}."
return_greeting:
handoff: {trigger: handoff_claims_desk, is_entry_point: true}
cascade_model:
  name: gpt-4.1
  temperature: 0.6
  min_p:
  typical_p: 1.0
  verbosity: 0
  reasoning_effort:
  include_reasoning: false
  max_completion_tokens: 2048
  store: false
  metadata: {team: claims}
  response_format: {type: text}
  endpoint_preference: chat
  api_version: v1
  model_family: gpt-4
voicelive_model: {deployment_id: gpt-realtime, temperature: 0.7}
voice: {type: azure-custom, endpoint_id: 0000-1111, rate: -4%, pitch: +2%}
speech:
  vad_silence_timeout_ms: 800
  use_semantic_segmentation: false
  candidate_languages: [en-US, es-ES]
  enable_diarization: false
  speaker_count_hint: 2
  recognition: {language: en-US}
  synthesis: {voice_name: x}
  vad: {threshold: 0.02}
session: {turn_detection: {silence_duration_ms: 900}}
tools: [report_loss, handoff_subrogation]
prompts: {path: prompt.md}
template_vars: {region: north}
metadata: {owner: claims}
"""
PROMPT = """
You are {{ agent_name }} of {{ institution_name }} in {{ region }}, for {{ company_name }}.
{% if session_profile.full_name %}
Caller: {{ session_profile.full_name }}
{% endif %}
{% if is_handoff %}
From {{ previous_agent }}: {{ handoff_context.reason | default('unknown') }}
{% endif %}
{% for name, value in collected_information.items() %}{{ name }}={{ value }} {% endfor %}
"""
SUBROGATION = """
name: SubrogationAgent
handoff_trigger: handoff_subrogation
prompt_template_path: prompt.jinja
tools: []
"""
SCENARIO = """
name: anything
description: Claims by telephone
icon: "🎭"
start_agent: claimsdesk
agents: [ClaimsDesk, SubrogationAgent]
agent_defaults:
  company_name: Example Insurance
  industry: insurance
  voice: {rate: -2%}
template_vars: {locale: en}
tools: []
handoff_type: announced
handoffs:
  - from: ClaimsDesk
    to: SubrogationAgent
    tool: handoff_subrogation
    type: discrete
    share_context: false
    handoff_condition: |
      The caller works for another insurer.
    context_vars: {reason: "{{ reason }}", caller.kind: b2b}
  - {from: SubrogationAgent, to: ClaimsDesk, greet_on_switch: true}
generic_handoff:
  enabled: true
  allowed_targets: [ClaimsDesk]
  require_client_id: false
  default_type: discrete
  share_context: true
"""


def tools() -> ToolRegistry:
    """A registry filled the old way: by a call, with a schema, and an executor of one dict."""
    made = ToolRegistry()
    schema = {
        "name": "report_loss",
        "description": "Open a claim.",
        "parameters": {
            "type": "object",
            "properties": {"what": {"type": "string"}},
            "required": ["what"],
        },
    }

    async def report_loss(args: dict[str, str]) -> dict[str, object]:
        return {"success": True, "message": f"Noted: {args['what']}"}

    made.register("report_loss", schema, report_loss, tags={"claims"})
    return made


def loaded(folder: Path, scenario: str = SCENARIO, desk: str = DESK) -> Scenario:
    files = {
        "agents/_defaults.yaml": DEFAULTS,
        "agents/claims_desk/agent.yaml": desk,
        "agents/claims_desk/prompt.md": PROMPT,
        "agents/subrogation_agent/agent.yaml": SUBROGATION,
        "agents/subrogation_agent/prompt.jinja": "You are {{ agent_name }}.",
        "scenarios/insurance/orchestration.yaml": scenario,
    }
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    found = load_catalog(agents=folder / "agents", scenarios=folder / "scenarios", registry=tools())
    return found.scenarios["insurance"]


def test_an_agent_of_art_means_here_what_it_says(tmp_path: Path) -> None:
    desk = loaded(tmp_path).agent("ClaimsDesk")

    assert (desk.model.deployment_id, desk.model.max_completion_tokens) == ("gpt-4.1", 2048)
    assert (desk.model.verbosity, desk.model.reasoning_effort) == ("", "")
    assert desk.realtime_model is not None
    assert desk.realtime_model.deployment_id == "gpt-realtime"
    assert (desk.voice.type, desk.voice.rate, desk.voice.style) == ("azure-custom", "-2%", "chat")
    assert (desk.speech.vad_silence_timeout_ms, desk.speech.language) == (800, "en-US")
    assert desk.session["turn_detection"]["type"] == "azure_semantic_vad"
    assert desk.session["turn_detection"]["silence_duration_ms"] == 900
    assert desk.template_vars["company_name"] == "Example Insurance"


def test_a_scenario_of_art_means_here_what_it_says(tmp_path: Path) -> None:
    scenario = loaded(tmp_path)
    to, back = scenario.edges
    offered = {tool.name for tool in tools_for(scenario, "ClaimsDesk", registry=tools())}

    assert (to.tool, to.type, to.share_context) == (
        "handoff_subrogation",
        HandoffType.DISCRETE,
        False,
    )
    assert (to.condition, back.type) == (
        "The caller works for another insurer.",
        HandoffType.ANNOUNCED,
    )
    assert offered == {"report_loss", "handoff_subrogation"}
    assert scenario.generic.allowed_targets == ("ClaimsDesk",)


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ("require_client_id: false", "require_client_id: true", "require_client_id: value error"),
        ("industry:", "greting:", "greting: unknown field, did you mean 'greeting'?"),
        ("default_type: discrete", "default_type: loud", "default_type: input should be"),
        ("to: ClaimsDesk, greet", "to: Nobody, greet", "there is no agent 'Nobody'"),
    ],
)
def test_what_cannot_be_kept_is_told(tmp_path: Path, before: str, after: str, reason: str) -> None:
    with pytest.raises(CatalogError, match=reason.replace("?", r"\?")):
        loaded(tmp_path, scenario=SCENARIO.replace(before, after))


def test_a_variable_that_nobody_defines_is_told_with_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match=r"'region'.* \(template_vars can"):
        loaded(tmp_path, desk=DESK.replace("template_vars: {region: north}", ""))
