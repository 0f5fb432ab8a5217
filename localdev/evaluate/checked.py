"""A conversation that is over, and what each of its expectations came to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from localdev.evaluate.files import Conversation

# Nobody writes these down, and they show only where they are not met.
ANSWERED = "the caller is answered"
GREETED = "the caller is greeted"
HELD = "the conversation can be held"
HEARD = "the caller is heard"
UNFAILING = "no engine fails the caller"
PLAYED = "the caller is played to the end"
ONE_EACH = "one turn for each line"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One expectation. `name` is the same in every run; `reason` says what was found instead.

    A model that judged it gives a `remark` also where it was met, and a `score` where one counts.
    """

    name: str
    reason: str = ""
    remark: str = ""
    score: int | None = None

    @property
    def ok(self) -> bool:
        """Whether it was met."""
        return not self.reason


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedTurn:
    """One turn as it went, in ms until the first words; turn 0 is the greeting.

    `understood`: the caller's words as a recognizer took them, where they are not the line.
    `wait_ms` is None where nobody heard an answer begin, and for a greeting in text.
    """

    n: int
    line: str
    understood: str
    agent: str
    said: str
    tools: tuple[Mapping[str, Any], ...]
    handoffs: tuple[str, ...]
    wait_ms: float | None
    checks: tuple[Check, ...]

    @property
    def answered(self) -> bool:
        """Whether the caller heard an answer, and no apology for one."""
        return all(check.name != ANSWERED for check in self.checks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """One conversation as it went. `checks` are those of its end and of all turns together.

    `notes`: what could not be decided, and why. One that was not `held` has no turns.
    """

    name: str
    file: str
    description: str
    ended: str
    turns: tuple[CheckedTurn, ...]
    checks: tuple[Check, ...]
    notes: tuple[str, ...] = ()
    held: bool = True

    @property
    def ok(self) -> bool:
        """Whether it went as expected in every point."""
        return all(check.ok for check in self.every_check())

    def every_check(self) -> Iterator[Check]:
        """Yield the checks of all turns and of the end."""
        for turn in self.turns:
            yield from turn.checks
        yield from self.checks


def not_held(conversation: Conversation, why: str) -> Checked:
    """Return what a conversation comes to that could not be held at all: it fails."""
    return Checked(
        name=conversation.shape.name,
        file=conversation.file,
        description=conversation.shape.description,
        ended="",
        turns=(),
        checks=(Check(name=HELD, reason=why),),
        held=False,
    )
