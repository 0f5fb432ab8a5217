"""What a scenario passes on at a handoff: values and words that are templates."""

from datetime import date
from pathlib import Path

import pytest

from core.agents import HandoffType
from core.facts import TurnDone
from media_relay.registry_catalog import RegistryCatalog
from tests.bank import bank
from tests.relay.calls import agent, calling, edge, scenario
from tests.relay.test_handoffs import hands_over
from tests.virtual_time import VIRTUAL


@pytest.fixture
def anyio_backend():
    return VIRTUAL


class KnowsMaria(RegistryCatalog):
    async def about(self, leg):
        return {"caller_name": "Maria"}


async def test_values_and_farewell_are_rendered_and_a_models_words_are_not(tmp_path: Path):
    graph = scenario(
        agent("Ann", greeting="Hello."),
        agent(
            "Bob",
            greeting="{% if greet_on_switch %}I am Bob, from {{ handoff_context.desk.name }}."
            "{% endif %}",
        ),
        edges=(
            edge(
                "Ann",
                "Bob",
                HandoffType.ANNOUNCED,
                context_vars={"desk.name": "the card desk", "caller": "{{ caller_name }}",
                              "unknown": "{{ slots.nothing }}", "n": 3, "why": "{{ reason }}"},
                farewell="One moment, {{ caller_name }}.",
            ),
        ),
    )  # fmt: skip
    catalog = KnowsMaria(bank(tmp_path), today=lambda: date(2026, 1, 1))
    replies = [hands_over("Bob", reason="cards", details="{{ slots }}"), "Which card?"]
    async with calling(replies, scenario=graph, catalog=catalog) as call:
        await call.until(TurnDone)
        call.says("a card")
        turn = await call.until(TurnDone, count=2)

        assert turn.heard == "One moment, Maria. I am Bob, from the card desk. Which card?"
        assert call.chat.requests[-1].slots["handoff_context"] == {
            "desk": {"name": "the card desk"}, "caller": "Maria", "n": 3, "why": "cards",
            "details": "{{ slots }}",
        }  # fmt: skip
