"""Conversations held one after the other: one that cannot be held fails, and the next one comes."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from pathlib import Path
from traceback import extract_tb

from localdev.evaluate.checked import Checked, not_held
from localdev.evaluate.files import Conversation

type Hold = Callable[[Conversation], Awaitable[Checked]]


async def each_held(
    conversations: Sequence[Conversation], hold: Hold, known: tuple[type[Exception], ...]
) -> AsyncGenerator[Checked]:
    """Yield what each comes to. Of an exception that is not `known` it is told where it arose."""
    for conversation in conversations:
        try:
            checked = await hold(conversation)
        except Exception as error:  # noqa: BLE001 a brain of one's own may raise anything
            checked = not_held(conversation, _why(error, known))
        yield checked


def _why(error: Exception, known: tuple[type[Exception], ...]) -> str:
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, known):
        return str(error)
    place = extract_tb(error.__traceback__)[-1]
    where = f"{Path(place.filename).name}, line {place.lineno}"
    return f"{type(error).__name__}: {error} ({where})"
