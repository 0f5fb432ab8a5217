"""Which tool the scripted brain takes for what callers say."""

from pathlib import Path

import pytest

from registries import list_tools
from tests.bank import MARIA
from tests.brain.talk import Talk
from tests.brain.utterances import ADVISOR, CARDS, CONCIERGE

ROWS = [
    (agent, said, tool)
    for agent, rows in (
        ("BankingConcierge", CONCIERGE),
        ("CardRecommendation", CARDS),
        ("InvestmentAdvisor", ADVISOR),
    )
    for said, tool in rows
]


@pytest.mark.parametrize(("agent", "said", "tool"), ROWS)
async def test_what_is_said_becomes_the_tool_that_is_meant(
    tmp_path: Path, agent: str, said: str, tool: str
) -> None:
    talk = Talk(tmp_path, agent=agent, slots=dict(MARIA))

    text = await talk.says(said)

    if not tool:
        assert text.startswith("Sorry, I did not understand that.")
    elif talk.used:
        assert talk.used[0] == tool
    else:
        asks = next(spec.ask for spec in list_tools() if spec.name == tool)
        assert text in asks.values()


def test_the_table_is_large_enough_to_mean_something() -> None:
    assert len(ROWS) >= 60
    assert len({tool for _, _, tool in ROWS}) >= 15
