"""A recorded caller's lines, said once more to agents that were changed."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from core.agents import Scenario
from core.facts import CallerSaid, LogEntry, Remembered
from core.keyed import keys_in
from core.phrases import PHRASES
from core.ports import Chat
from localdev.replay.source import Recorded
from localdev.talk.talk import TalkOrder, talking
from registries import CatalogError, Mistake, load_catalog
from registries.agent_files import AGENTS

Turn = Mapping[str, Any]
_BOOK = PHRASES.values()
_ABOUT_RECORDING = {text for each in _BOOK for text in (each.recorded, each.not_recorded)}
_RECORDING_TOLD = {text for each in _BOOK for text in (each.may_record, each.is_recorded)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One line of the caller and both answers; None where a conversation had none.

    Deeds are tools, handoffs and who speaks.
    """

    line: str
    then: Turn | None
    now: Turn | None

    @property
    def deeds(self) -> bool:
        """Whether the agents did something else."""
        return bool(_deeds(self.then) != _deeds(self.now))

    @property
    def words(self) -> bool:
        """Whether something else was said."""
        return _said(self.then) != _said(self.now)


def changed_scenario(name: str, folder: Path) -> Scenario:
    """Return a scenario whose agents are those of `folder`, laid over the shipped ones by path.

    Raises CatalogError.
    """
    with TemporaryDirectory(prefix="artvoice-agents-") as temporary:
        laid = Path(temporary) / folder.resolve().name
        shutil.copytree(AGENTS, laid)
        shutil.copytree(folder, laid, dirs_exist_ok=True)
        scenarios = load_catalog(agents=laid).scenarios
    if name not in scenarios:
        raise CatalogError([Mistake(file="scenariostore", reason=f"there is no scenario {name!r}")])
    return scenarios[name]


def lines_of(record: Mapping[str, Any]) -> list[str]:
    """Return what the caller said to agents, in order; empty if the words were not kept."""
    return [turn["caller"] for turn in _asked(record)]


def _asked(record: Mapping[str, Any]) -> list[Turn]:
    """Return the turns in which an agent answered; nobody is recorded in text, so none is asked."""
    return [
        turn for turn in record["turns"] if turn["caller"] and turn["reply"] not in _ABOUT_RECORDING
    ]


async def say_again(recorded: Recorded, scenario: Scenario, chat: Chat) -> Mapping[str, Any]:
    """Hold the conversation with other agents, in text, on a practice bank of the call's day."""
    order = TalkOrder(
        scenario=scenario,
        caller="",
        today=datetime.fromtimestamp(recorded.record["started_at"], UTC).date(),
        known=_known(recorded.log),
    )
    async with talking(order, chat) as talked:
        for line in lines_of(recorded.record):
            if talked.live.ended is not None:
                break
            keys = keys_in(line)
            if keys:
                await talked.live.presses(keys)
            else:
                await talked.live.says(line)
    return talked.record


def pairs(then: Mapping[str, Any], now: Mapping[str, Any]) -> list[Pair]:
    """Put two conversations beside each other, line by line of the caller."""
    first = [Pair(line="", then=_greeting(then), now=_greeting(now))]
    answers, asked = _asked(now), _asked(then)
    return first + [
        Pair(line=turn["caller"], then=turn, now=answers[at] if at < len(answers) else None)
        for at, turn in enumerate(asked)
    ]


def _known(log: Sequence[LogEntry]) -> dict[str, Any]:
    """Return what was remembered of the caller before he said anything."""
    known: dict[str, Any] = {}
    for entry in log:
        match entry.fact:
            case Remembered(slots=slots):
                known |= slots
            case CallerSaid():
                break
            case _:
                pass
    return known


def _greeting(record: Mapping[str, Any]) -> Turn | None:
    return next((turn for turn in record["turns"] if not turn["caller"]), None)


def _deeds(turn: Turn | None) -> object:
    if turn is None:
        return None
    tools = [(run["name"], run["ok"]) for run in turn["tools"]]
    return turn["agent"], tools, [each["to"] for each in turn["handoffs"]]


def _said(turn: Turn | None) -> str:
    heard = str(turn["heard"]) if turn else ""
    for phrase in _RECORDING_TOLD:
        heard = heard.replace(phrase, "")
    return heard.strip()
