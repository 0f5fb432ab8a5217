"""A call whose agent thinks with the real `openai` package, on an emulated service."""

from contextlib import aclosing, asynccontextmanager

from adapters.fallback import ChatChain
from adapters.openai_chat import OpenAIChat
from core.agents import HandoffType
from core.facts import TurnDone
from core.record import call_record
from core.tools import ToolSpec
from core.turn import TurnSettings
from localdev.emulators.openai_chat import ChatEmulator
from media_relay.call_settings import CallSettings
from tests.relay.calls import MemoryControl, PlainCatalog, agent, edge, scenario
from tests.relay.stations import relaying

SILENCE = bytes(640) * 40
BANK = scenario(
    agent("Ann", greeting="Hi.", tools=("balance",)),
    agent("Bob", greeting="Bob here.", tools=()),
    edges=[edge("Ann", "Bob", HandoffType.ANNOUNCED)],
)


@asynccontextmanager
async def talking(replies, *, turn=None, behind=(), **chat):
    """Hold a call whose agent thinks with an OpenAI-compatible server.

    `behind`: engines, by name, that are asked when that one fails.
    """
    catalog = PlainCatalog(
        specs={"balance": ToolSpec(name="balance", description="look it up", parameters={})},
        runs={"balance": lambda arguments, use: "ten dollars"},
    )
    async with (
        ChatEmulator(replies) as server,
        aclosing(
            OpenAIChat(
                api_key="key", model="gpt", base_url=f"{server.url}/v1", **{"retries": 0, **chat}
            )
        ) as model,
        relaying(
            chat=ChatChain([("a", model), *behind]) if behind else model,
            catalog=catalog,
            control=MemoryControl(BANK),
            settings=CallSettings(turn=turn or TurnSettings()),
        ) as station,
        station.dialled() as caller,
    ):
        await model.warm()
        await caller.hears("Hi.")
        await station.control.until(TurnDone)
        yield server, station, caller


def record_of(station):
    """Return the record of the call so far."""
    return call_record("call", station.control.logs["call"])


def stumbles_of(station):
    """Return what the record tells of engines that failed."""
    return [(each["engine"], each["cause"]) for each in record_of(station)["stumbles"]]


def roles(body):
    return [message["role"] for message in body["messages"]]
