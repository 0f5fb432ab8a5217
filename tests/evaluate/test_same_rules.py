"""A text call is the call the relay would hold: same lines, same tools, handoffs and words."""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from adapters.scripted import ScriptedChat
from adapters.scripted_brain import ScriptedBrain
from core import facts as f
from core.agents import RecordingRule
from core.chat import ChatEvent, ChatRequest
from core.record import call_record
from localdev.cli.evaluate import EVALS
from localdev.evaluate.files import Conversation, read_conversations
from localdev.talk.talk import TalkOrder, talking
from media_relay.registry_catalog import RegistryCatalog
from tests.bank import TODAY, bank
from tests.relay.calls import calling
from tests.virtual_time import VIRTUAL

STRANGER = "+15550100"


@pytest.fixture
def anyio_backend() -> Any:
    return VIRTUAL


class Brain(ScriptedChat):
    """The scripted brain, where a scripted chat is wanted."""

    async def stream(self, request: ChatRequest) -> AsyncGenerator[ChatEvent]:
        async for event in ScriptedBrain().stream(request):
            yield event


def lines(conversation: Conversation) -> list[str]:
    return [turn.say or "" for turn in conversation.shape.turns]


async def on_the_telephone(conversation: Conversation, folder: Path) -> Mapping[str, Any]:
    """Hold the conversation in a relay's session, on audio, in virtual time."""
    catalog = RegistryCatalog(bank(folder), today=lambda: TODAY)
    # A text call has no sound that could be recorded, so nobody is asked whether it may be.
    scenario = replace(conversation.scenario, recording=RecordingRule.OFF)
    async with calling(Brain(()), scenario=scenario, catalog=catalog) as call:  # type: ignore[arg-type]
        await call.until(f.TurnDone)
        for n, line in enumerate(lines(conversation), start=2):
            await call.silence()
            call.says(line)
            await call.until(f.TurnDone, count=n)
    return call_record("call", call.control.logs["call"])


async def in_text(conversation: Conversation) -> Mapping[str, Any]:
    order = TalkOrder(scenario=conversation.scenario, caller=STRANGER, today=TODAY)
    async with talking(order, ScriptedBrain()) as talked:
        for line in lines(conversation):
            await talked.live.says(line)
    return talked.record


def essence(record: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return turns without what only time changes."""
    return [
        {
            **turn,
            "latency_ms": None,
            "partials_ms": None,
            "tools": [{**run, "ms": None} for run in turn["tools"]],
        }
        for turn in record["turns"]
    ]


@pytest.mark.parametrize(
    "name", ["balance", "card_handoff", "eligibility", "refund_twice", "retirement", "person"]
)
async def test_text_and_telephone_come_to_the_same(tmp_path: Path, name: str) -> None:
    (conversation,) = read_conversations([EVALS / f"{name}.yaml"])

    text = await in_text(conversation)
    telephone = await on_the_telephone(conversation, tmp_path)

    assert essence(text) == essence(telephone)
    assert len(text["turns"]) == len(lines(conversation)) + 1
