"""Calls in text: the relay's own rules, told by what callers hear and records hold."""

from typing import Any

from adapters.scripted import ScriptedChat
from adapters.scripted_brain import ScriptedBrain
from core.chat import ToolCalled
from core.errors import Cause, EngineError
from core.tools import ToolCall
from localdev.talk.talk import TalkOrder, talking
from registries import load_scenario
from tests.bank import TODAY

MARIA = "+15550100001"
ORDER = TalkOrder(scenario=load_scenario("banking"), caller=MARIA, today=TODAY)


async def talk(chat: Any, *lines: str) -> Any:
    """Say these lines; return the record."""
    async with talking(ORDER, chat) as talked:
        for line in lines:
            await talked.live.says(line)
    return talked.record


async def test_a_known_caller_is_greeted_and_served() -> None:
    record = await talk(ScriptedBrain(), "What's my balance?", "Maria Lopez", "4127")

    greeting, *answers = record["turns"]
    assert greeting["heard"].startswith("Hello Maria")
    assert [turn["caller"] for turn in answers] == ["What's my balance?", "Maria Lopez", "4127"]
    assert [run["name"] for run in answers[2]["tools"]] == [
        "verify_client_identity",
        "get_account_summary",
    ]
    assert "You are verified" in answers[2]["heard"]
    assert record["ended"] == "open"


async def test_secrets_stay_out_of_the_record() -> None:
    record = await talk(ScriptedBrain(), "What's my balance?", "Maria Lopez", "4127")

    arguments = record["turns"][3]["tools"][0]["arguments"]
    assert arguments == {"full_name": "Maria Lopez", "last_four": "***"}


async def test_a_handoff_changes_who_speaks_and_is_on_record() -> None:
    record = await talk(ScriptedBrain(), "I would like a new credit card.")

    assert record["agent"] == "CardRecommendation"
    assert record["turns"][1]["handoffs"][0]["to"] == "CardRecommendation"
    assert "this is the card desk" in record["turns"][1]["heard"]


async def test_goodbye_and_transfer_end_a_call() -> None:
    left = await talk(ScriptedBrain(), "Goodbye.")
    connected = await talk(ScriptedBrain(), "I want to speak to a person.")

    assert (left["ended"], connected["ended"]) == ("hang_up", "transfer")
    asked = [each["target"] for each in connected["timeline"] if "target" in each]
    assert asked == ["call_center"]


async def test_every_call_has_a_bank_of_its_own() -> None:
    lines = ("Refund the overdraft fee.", "Maria Lopez", "4127")

    first, second = [await talk(ScriptedBrain(), *lines) for _ in range(2)]

    assert "I refunded" in first["turns"][3]["heard"]
    assert "I refunded" in second["turns"][3]["heard"]


async def test_a_tool_that_does_not_exist_is_told_to_the_model() -> None:
    wish = ToolCalled(call=ToolCall(id="1", name="launch", arguments={}))
    chat = ScriptedChat([[wish], "I can't do that."])

    record = await talk(chat, "Launch it.")

    assert record["turns"][1]["tools"][0]["error"] == "unknown_tool"
    assert record["turns"][1]["heard"] == "I can't do that."


async def test_a_brain_that_fails_is_apologised_for_and_noted() -> None:
    away = EngineError(cause=Cause.AUTH, detail="no key")

    record = await talk(ScriptedChat([[away]]), "Hello?")

    assert record["turns"][1]["heard"].startswith("I'm sorry, something went wrong")
    assert record["failures"] == {1: "auth: no key"}


async def test_keys_are_told_to_the_agent_when_no_tool_wants_them() -> None:
    async with talking(ORDER, ScriptedChat(["You pressed one."])) as talked:
        await talked.live.presses("1")

    assert talked.record["turns"][1]["caller"] == "pressed 1"
