"""Thinking is work for a thread: the frames of other calls go on meanwhile."""

import asyncio

from adapters.scripted_brain import ScriptedBrain
from core.chat import ChatRequest, UserSaid
from registries import load_scenario, tools_for


async def test_the_loop_is_free_while_the_brain_thinks():
    scenario = load_scenario("banking")
    agent = scenario.agents[0]
    request = ChatRequest(
        agent=agent,
        system="",
        messages=(UserSaid(text="I would like to know what my balance is"),),
        tools=tools_for(scenario, agent),
    )

    async def rounds() -> int:
        """Return how often the loop goes round meanwhile."""
        thinking = asyncio.ensure_future(anext(ScriptedBrain().stream(request)))
        count = 0
        while not thinking.done():
            count += 1
            await asyncio.sleep(0)
        return count

    # A busy machine may let the other thread run first, but not every time.
    assert max([await rounds() for _ in range(10)]) > 2
