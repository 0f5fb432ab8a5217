"""Where a call can be, and how it gets from one phase to the next: one table, nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum

from core.call.state import CallState, Phase


class Move(StrEnum):
    """What takes a call from one phase to another."""

    ANSWER = "answered, or the carrier took our order to call"
    UP = "both ends can hear each other"
    TRANSFER = "an agent or a person asks for a transfer"
    RETURN = "nobody took the caller"
    HANG_UP = "our side ends the call"
    END = "the leg is gone"


TABLE: Mapping[Phase, Mapping[Move, Phase]] = {
    Phase.OFFERED: {
        Move.ANSWER: Phase.ANSWERED,
        Move.UP: Phase.TALKING,  # CallConnected overtook the answer's response
        Move.HANG_UP: Phase.ENDING,
        Move.END: Phase.ENDED,
    },
    Phase.ANSWERED: {
        Move.UP: Phase.TALKING,
        Move.HANG_UP: Phase.ENDING,
        Move.END: Phase.ENDED,
    },
    Phase.TALKING: {
        Move.TRANSFER: Phase.TRANSFERRING,
        Move.HANG_UP: Phase.ENDING,
        Move.END: Phase.ENDED,
    },
    Phase.TRANSFERRING: {
        Move.RETURN: Phase.TALKING,
        Move.HANG_UP: Phase.ENDING,
        Move.END: Phase.ENDED,
    },
    Phase.ENDING: {
        Move.HANG_UP: Phase.ENDING,  # a hang-up that failed is tried again
        Move.END: Phase.ENDED,
    },
    Phase.ENDED: {},
}


def can(state: CallState, move: Move) -> bool:
    """Whether the table has this move for the call's phase."""
    return move in TABLE[state.phase]


def moved(state: CallState, move: Move) -> CallState:
    """Return the call in its next phase. Raises KeyError for a move that the table has not."""
    return replace(state, phase=TABLE[state.phase][move])


def diagram() -> str:
    """Return the table as a Mermaid state diagram."""
    rows = [
        f"    {here} --> {there}: {move.value}"
        for here, moves in TABLE.items()
        for move, there in moves.items()
    ]
    born, over = f"    [*] --> {Phase.OFFERED}: a phone rings", f"    {Phase.ENDED} --> [*]"
    return "\n".join(["stateDiagram-v2", born, *rows, over])
