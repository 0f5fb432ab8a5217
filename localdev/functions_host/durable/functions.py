"""What the Durable engine needs of the app: which functions there are, and how to run one."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Kind(StrEnum):
    """The three sorts of functions that the engine runs."""

    ORCHESTRATOR = "orchestrator"
    ACTIVITY = "activity"
    ENTITY = "entity"


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """The function's result, as JSON text."""

    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Raised:
    """The function failed; `message` is the text of its exception, without the type's name."""

    message: str
    error: BaseException | None = None


class DurableFunctions(Protocol):
    """The app, seen from the engine."""

    def names(self, kind: Kind) -> list[str]:
        """The names under which orchestrators call functions of this kind."""

    async def run(self, kind: Kind, name: str, payload: str) -> Returned | Raised:
        """Run one known function on a JSON text."""


class UnknownFunction(LookupError):
    """No function of that kind has the name."""

    def __init__(self, kind: Kind, name: str, known: list[str]) -> None:
        names = ", ".join(f"'{k}'" for k in known) or "none"
        super().__init__(
            f"The function '{name}' doesn't exist, is disabled, or is not an {kind} function. "
            f"Additional info: the following are the known {kind} functions: {names}."
        )
