import importlib
import sys
import threading
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field

from core.dialling import Rules
from core.tools import HangUp, Remember, ToolResult, TransferCall
from registries import ToolContext, ToolRegistry, list_tools, run_tool
from registries.said import Dollars, LastFour
from registries.tools import DuplicateTool, import_tools
from tests.bank import MARIA, bank, context


class Color(StrEnum):
    RED = "red"
    BLUE = "blue"


@pytest.fixture
def tools() -> ToolRegistry:
    return ToolRegistry()


@pytest.fixture
def call(tmp_path: Path) -> ToolContext:
    return context(bank(tmp_path))


def test_a_schema_is_read_from_the_signature(tools: ToolRegistry) -> None:
    @tools.register
    def paint(
        call: ToolContext,
        *,
        color: Annotated[Color, "Which color."],
        size: Literal["small", "large"] = "small",
        on: date | None = None,
        price: Decimal | None = None,
        coats: Annotated[int, Field(ge=1, le=5)] = 1,
        rooms: list[str] | None = None,
        urgent: bool = False,
    ) -> str:
        """Paint something.

        Not told to the model.
        """
        return "done"

    (spec,) = list_tools(tools)

    properties = spec.parameters["properties"]
    assert (spec.name, spec.description) == ("paint", "Paint something.")
    assert spec.parameters["required"] == ["color"]
    assert properties["color"] == {
        "type": "string",
        "enum": ["red", "blue"],
        "description": "Which color.",
    }
    assert properties["size"]["enum"] == ["small", "large"]
    assert properties["on"] == {"type": "string", "format": "date"}
    assert properties["coats"] == {"type": "integer", "minimum": 1, "maximum": 5, "default": 1}
    assert properties["rooms"]["items"] == {"type": "string"}
    assert properties["urgent"]["type"] == "boolean"


async def test_arguments_arrive_as_the_types_that_were_written(
    tools: ToolRegistry, call: ToolContext
) -> None:
    seen: list[Any] = []

    @tools.register
    async def book(
        call: ToolContext, *, on: date, color: Color, amount: Dollars, last_four: LastFour
    ) -> str:
        """Book."""
        seen.extend([on, color, amount, last_four])
        return "booked"

    arguments = {"on": "2026-03-03", "color": "blue", "amount": "1,250.50", "last_four": "41 27"}
    result = await run_tool("book", arguments, call, registry=tools)

    assert result == ToolResult(text="booked")
    assert seen == [date(2026, 3, 3), Color.BLUE, 1250_50, "4127"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({}, "color: Field required"),
        ({"color": "green"}, "color: Input should be 'red' or 'blue'"),
        ({"color": "red", "sheen": "matt"}, "sheen: Extra inputs are not permitted"),
        ({"color": "red" * 9000}, "too long"),
    ],
)
async def test_a_wrong_argument_is_told_to_the_model(
    tools: ToolRegistry, call: ToolContext, arguments: dict[str, Any], told: str
) -> None:
    @tools.register
    def paint(call: ToolContext, *, color: Color) -> str:
        """Paint."""
        return "painted"

    result = await run_tool("paint", arguments, call, registry=tools)

    assert (result.ok, result.error) == (False, "arguments")
    assert told in result.text


async def test_a_tool_that_raises_tells_the_model_nothing_of_it(
    tools: ToolRegistry, call: ToolContext, caplog: pytest.LogCaptureFixture
) -> None:
    @tools.register
    def leak(call: ToolContext) -> str:
        """Leak."""
        raise ValueError("password=hunter2")

    result = await run_tool("leak", {}, call, registry=tools)

    assert (result.ok, result.error) == (False, "failed")
    assert "hunter2" not in result.text
    assert [record.message for record in caplog.records] == ["tool failed"]


async def test_what_a_caller_keyed_in_is_in_no_log(
    tools: ToolRegistry, call: ToolContext, caplog: pytest.LogCaptureFixture
) -> None:
    @tools.register
    def check(call: ToolContext, *, pin: str) -> str:
        """Check."""
        raise ValueError(f"no such pin: {pin}")

    await run_tool("check", {"pin": "4127"}, call, registry=tools)

    assert "no such pin: ***" in caplog.text
    assert "in check" in caplog.text
    assert "4127" not in caplog.text


async def test_halves_of_letters_that_nobody_could_write_down_are_left_out(
    tools: ToolRegistry, call: ToolContext
) -> None:
    @tools.register
    def fetch(call: ToolContext) -> dict[str, str]:
        """Fetch what another service says."""
        return {"message": "All \ud83dright.", "icon": "\ude00"}

    result = await run_tool("fetch", {}, call, registry=tools)

    assert (result.text, result.data) == ("All right.", {"message": "All right.", "icon": ""})


async def test_a_plain_function_runs_beside_the_event_loop(
    tools: ToolRegistry, call: ToolContext
) -> None:
    @tools.register
    def where(call: ToolContext) -> dict[str, bool]:
        """Say where it runs."""
        return {"beside": threading.current_thread() is not threading.main_thread()}

    result = await run_tool("where", {}, call, registry=tools)

    assert result.data == {"beside": True}


async def test_a_tool_may_return_effects_with_its_answer(
    tools: ToolRegistry, call: ToolContext
) -> None:
    @tools.register
    def leave(call: ToolContext) -> tuple[str, Remember, HangUp]:
        """Leave."""
        return "bye", Remember(slots={"left": True}), HangUp()

    result = await run_tool("leave", {}, call, registry=tools)

    assert (result.text, [effect.kind for effect in result.effects]) == (
        "bye",
        ["remember", "hang_up"],
    )


@pytest.mark.parametrize(
    "effect",
    [TransferCall(target="cards", summary=None), Remember(slots={"a": object()}), "hang up"],  # type: ignore[arg-type]
)
async def test_an_effect_that_nobody_could_keep_is_a_failed_tool(
    tools: ToolRegistry, call: ToolContext, effect: Any
) -> None:
    @tools.register
    def leave(call: ToolContext) -> tuple[str, Any]:
        """Leave."""
        return "bye", effect

    result = await run_tool("leave", {}, call, registry=tools)

    assert (result.ok, result.error, result.effects) == (False, "failed", ())


async def test_a_dataclass_becomes_plain_data_and_text(
    tools: ToolRegistry, call: ToolContext
) -> None:
    @dataclass
    class Answer:
        on: date
        message: str

    @tools.register
    def ask(call: ToolContext) -> Answer:
        """Ask."""
        return Answer(on=date(2026, 1, 2), message="On Friday.")

    result = await run_tool("ask", {}, call, registry=tools)

    assert (result.text, result.data["on"]) == ("On Friday.", "2026-01-02")


async def test_the_function_form_takes_a_schema_written_by_hand(
    tools: ToolRegistry, call: ToolContext
) -> None:
    async def executor(arguments: dict[str, Any]) -> dict[str, Any]:
        return {"success": arguments["n"] > 0, "message": f"n is {arguments['n']}"}

    schema = {
        "name": "count",
        "description": "Count.",
        "parameters": {
            "type": "object",
            "properties": {"n": {"type": "integer"}},
            "required": ["n"],
        },
    }
    tools.register("count", schema, executor, tags={"demo"})

    good = await run_tool("count", {"n": 1}, call, registry=tools)
    refused = await run_tool("count", {"n": 0}, call, registry=tools)
    wrong = await run_tool("count", {"m": 0}, call, registry=tools)

    assert (good.ok, good.text) == (True, "n is 1")
    assert (refused.ok, refused.text) == (False, "n is 0")
    assert (wrong.error, list_tools(tools)[0].tags) == ("arguments", frozenset({"demo"}))


def test_two_tools_of_one_name_are_an_error_unless_meant(tools: ToolRegistry) -> None:
    @tools.register
    def ping(call: ToolContext) -> str:
        """Ping."""
        return "one"

    with pytest.raises(DuplicateTool, match="ping"):
        tools.register(name="ping")(lambda call: "two")
    tools.register(name="ping", description="Ping again.", override=True)(lambda call: "three")

    assert [spec.description for spec in list_tools(tools)] == ["Ping again."]


def test_a_parameter_without_a_type_is_an_error_at_import(tools: ToolRegistry) -> None:
    def guess(call, what):  # type: ignore[no-untyped-def]
        return what

    with pytest.raises(TypeError, match="what has no type"):
        tools.register(guess)


async def test_a_tool_that_needs_a_slot_waits_for_the_tool_that_gives_it(
    call: ToolContext,
) -> None:
    result = await run_tool("get_account_summary", {}, call)

    assert (result.ok, result.error) == (False, "missing_slot")
    assert result.data["first"] == "verify_client_identity"
    assert "verify_client_identity" in result.text


async def test_an_unknown_tool_is_a_result_too(call: ToolContext) -> None:
    result = await run_tool("fly", {}, call)

    assert (result.ok, result.error) == (False, "unknown_tool")


async def test_every_shipped_tool_answers_a_verified_caller(tmp_path: Path) -> None:
    call = context(bank(tmp_path), slots=MARIA)
    arguments: dict[str, dict[str, Any]] = {
        "calculate_tax_impact": {"kind": "cash out", "amount": 1000, "age": 45},
        "escalate_human": {"reason": "asked"},
        "evaluate_card_eligibility": {"card": "Travel Rewards"},
        "finalize_card_application": {"card": "Travel Rewards", "agreed": True},
        "get_card_details": {"card": "Low Rate"},
        "refund_fee": {"fee": "overdraft"},
        "schedule_callback": {"when": "tomorrow at ten"},
        "send_card_agreement": {"card": "Travel Rewards"},
        "verify_by_keypad": {"full_name": "Maria Lopez"},
        "verify_client_identity": {"full_name": "Maria Lopez", "last_four": "4127"},
    }
    order = sorted(list_tools(), key=lambda tool: tool.name == "finalize_card_application")

    results = {}
    for tool in order:
        each = context(
            call.customers,  # type: ignore[arg-type]
            slots={**MARIA, "callback_planned": "on Monday"},
            key=tool.name,
            caller="+15550100001",
            now=datetime(2026, 3, 16, 12, tzinfo=UTC),
            callbacks=Rules(enabled=True, numbers=("+1555",)),
        )
        results[tool.name] = await run_tool(tool, arguments.get(tool.name, {}), each)

    assert {name: result.text for name, result in results.items() if not result.ok} == {}


def test_a_module_that_does_not_load_is_told_and_the_others_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "dropped_in_tools"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "broken.py").write_text("\nimport a_module_that_is_gone\n")
    (package / "good.py").write_text("LOADED = True\n")
    monkeypatch.syspath_prepend(tmp_path)

    mistakes = list(import_tools(importlib.import_module("dropped_in_tools")))

    assert [str(mistake) for mistake in mistakes] == [
        "toolstore/broken.py: line 2: ModuleNotFoundError: No module named 'a_module_that_is_gone'"
    ]
    assert sys.modules["dropped_in_tools.good"].LOADED is True
