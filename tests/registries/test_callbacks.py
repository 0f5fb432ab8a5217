"""A call back is promised only where it can be kept."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from core.dialling import Country, Rules
from core.hours import Hours
from core.tools import CallBack, DropCallBacks, Remember
from registries import run_tool
from tests.bank import bank, context

NOW = datetime(2026, 3, 18, 14, 5, tzinfo=ZoneInfo("Europe/Berlin"))
RULES = Rules(enabled=True, numbers=("+1555",), own=frozenset({"+15550199"}))


def call(folder: Path, *, caller: str = "+15550100", rules: Rules = RULES):
    return context(bank(folder), caller=caller, now=NOW, callbacks=rules)


async def test_a_promise_names_day_and_time_as_they_are_said(tmp_path: Path) -> None:
    arguments = {"when": "tomorrow at half past ten", "reason": "my card"}

    result = await run_tool("schedule_callback", arguments, call(tmp_path))

    due = datetime(2026, 3, 19, 10, 30, tzinfo=NOW.tzinfo).timestamp()
    assert result.effects == (
        CallBack(at=due, topic="my card"),
        Remember(slots={"callback_planned": result.data["spoken"]}),
    )
    assert result.data["spoken"] == "on Thursday, March nineteenth, at ten thirty in the morning"


@pytest.mark.parametrize(
    ("when", "error"),
    [
        ("sometime", "which_time"),
        ("tomorrow", "which_time"),
        ("tomorrow at 11 pm", "not_then"),
        ("2027-01-01T10:00", "too_far"),
        ("2026-03-18T10:00", "over"),
    ],
)
async def test_what_cannot_be_promised_is_asked_for_again(
    tmp_path: Path, when: str, error: str
) -> None:
    result = await run_tool("schedule_callback", {"when": when}, call(tmp_path))

    assert (result.ok, result.error, result.effects) == (False, error, ())
    assert result.text.endswith("shall we call you?")


async def test_no_promise_outlives_what_is_kept_of_the_call(tmp_path: Path) -> None:
    short = call(tmp_path, rules=replace(RULES, farthest_days=29))

    late = await run_tool("schedule_callback", {"when": "2026-04-17T10:00"}, short)
    kept = await run_tool("schedule_callback", {"when": "2026-04-16T10:00"}, short)

    assert (late.error, kept.ok) == ("too_far", True)
    assert "within the next twenty-nine days" in late.text


async def test_a_planned_call_back_is_called_off_and_only_one_that_is_planned(
    tmp_path: Path,
) -> None:
    nothing = await run_tool("cancel_callback", {}, call(tmp_path))
    planned = replace(call(tmp_path), slots={"callback_planned": "on Monday"})
    done = await run_tool("cancel_callback", {}, planned)

    assert (nothing.ok, nothing.error, nothing.effects) == (False, "nothing_planned", ())
    assert done.effects == (DropCallBacks(), Remember(slots={"callback_planned": None}))


async def test_the_hours_are_those_of_the_callers_country(tmp_path: Path) -> None:
    home = Country(prefix="+1555", hours=Hours(opens=8, closes=9))
    caller = call(tmp_path, rules=replace(RULES, countries=(home,)))

    early = await run_tool("schedule_callback", {"when": "tomorrow at half past eight"}, caller)
    late = await run_tool("schedule_callback", {"when": "tomorrow at ten"}, caller)

    assert (early.ok, late.error) == (True, "not_then")


@pytest.mark.parametrize(
    ("caller", "rules"),
    [
        ("+15550100", Rules()),
        ("+4915550100", RULES),
        ("+15550199", RULES),
        ("anonymous", RULES),
        ("", RULES),
    ],
)
async def test_who_may_not_be_called_is_told_so(tmp_path: Path, caller: str, rules: Rules) -> None:
    where = call(tmp_path, caller=caller, rules=rules)

    result = await run_tool("schedule_callback", {"when": "tomorrow at ten"}, where)

    assert (result.error, result.effects) == ("not_possible", ())
