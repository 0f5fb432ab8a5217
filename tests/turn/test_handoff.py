"""Who may hand the caller to whom."""

from core.agents import AgentSpec, Edge, GenericHandoff, HandoffType, Scenario
from core.handoff import Accepted, HandoffLimits, Refused, resolve, wanted
from core.tools import HandOff, ToolCall


def graph(**fields):
    agents = tuple(AgentSpec(name=name, prompt="") for name in ("Ann", "Bob", "Eve"))
    edges = (
        Edge(
            from_agent="Ann",
            to_agent="Bob",
            tool="handoff_bob",
            context_vars={"desk": "cards"},
            farewell="Bob will help.",
        ),
        Edge(from_agent="Bob", to_agent="Eve", tool="handoff_eve", type=HandoffType.DISCRETE),
    )
    return Scenario(name="g", start_agent="Ann", agents=agents, edges=edges, **fields)


def test_an_edge_is_followed_with_its_greeting_context_and_farewell():
    request = HandOff(to_agent="bob", reason="cards", context={"card": "gold"})

    assert resolve(graph(), "Ann", request) == Accepted(
        to_agent="Bob",
        reason="cards",
        greeting="first",
        share_context=True,
        context={"card": "gold"},
        context_vars={"desk": "cards"},
        farewell="Bob will help.",
    )


def test_a_return_visit_has_its_own_greeting_and_a_discrete_one_none():
    back = resolve(graph(), "Ann", HandOff(to_agent="Bob"), visited=("Ann", "Bob"))
    discrete = resolve(graph(), "Bob", HandOff(to_agent="Eve"))

    assert (back.greeting, discrete.greeting) == ("return", "none")


def test_unknown_self_and_forbidden_targets_are_refused_with_words_for_the_model():
    unknown = resolve(graph(), "Ann", HandOff(to_agent="Zoe"))
    itself = resolve(graph(), "Ann", HandOff(to_agent="ann"))
    forbidden = resolve(graph(), "Ann", HandOff(to_agent="Eve"))

    assert unknown == Refused(reason="There is no agent 'Zoe'. You can hand over to: Bob.")
    assert "yourself" in itself.reason
    assert forbidden == Refused(reason="You may not hand over to Eve, only to: Bob.")


def test_the_generic_handoff_reaches_its_allowed_targets_only():
    all_of_them = graph(generic=GenericHandoff(enabled=True))
    only_eve = graph(generic=GenericHandoff(enabled=True, allowed_targets=("eve",)))
    off = graph(generic=GenericHandoff(enabled=False, allowed_targets=("Eve",)))

    assert isinstance(resolve(all_of_them, "Eve", HandOff(to_agent="Ann")), Accepted)
    assert isinstance(resolve(only_eve, "Ann", HandOff(to_agent="Eve")), Accepted)
    assert isinstance(resolve(only_eve, "Eve", HandOff(to_agent="Ann")), Refused)
    assert isinstance(resolve(off, "Ann", HandOff(to_agent="Eve")), Refused)


def test_a_caller_is_not_passed_round_for_ever():
    limits = HandoffLimits(per_turn=2, per_call=5)
    bob = HandOff(to_agent="Bob")

    assert isinstance(resolve(graph(), "Ann", bob, made_in_turn=2, limits=limits), Refused)
    assert isinstance(resolve(graph(), "Ann", bob, made_in_call=5, limits=limits), Refused)
    assert isinstance(resolve(graph(), "Ann", bob, made_in_turn=1, limits=limits), Accepted)


def test_a_tool_call_means_a_handoff_only_from_the_agent_who_has_the_edge():
    call = ToolCall(
        id="1",
        name="handoff_bob",
        arguments={"reason": "cards", "context": {"card": "gold"}, "details": "soon"},
    )

    assert wanted(graph(), "Ann", call) == HandOff(
        to_agent="Bob", reason="cards", context={"card": "gold", "details": "soon"}
    )
    assert wanted(graph(), "Eve", call) is None
    generic = ToolCall(id="2", name="handoff_to_agent", arguments={"target_agent": "Eve"})
    assert wanted(graph(), "Ann", generic) == HandOff(to_agent="Eve")
