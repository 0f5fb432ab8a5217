"""Conversations placed as telephone calls: spoken lines, recognised words, answers one can hear."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rich.console import Console

from core.errors import EngineFailed
from core.ports import Chat
from localdev.caller.exchange import NoAnswer
from localdev.caller.lines import Line
from localdev.caller.place import Placed, place_call
from localdev.caller.sound import spoken_lines
from localdev.caller.speaking import Order
from localdev.evaluate.checking import Checked
from localdev.evaluate.errors import CannotRun
from localdev.evaluate.files import Conversation
from localdev.evaluate.judging import decided
from localdev.stack.layout import OUR_NUMBER, PORTS, Layout, local_settings
from localdev.stack.running import find
from localdev.stack.supervisor import PartFailed, Stack


async def evaluate_audio(
    conversations: Sequence[Conversation],
    *,
    brain: str | None,
    judge: Chat | None,
    out: Console,
) -> AsyncGenerator[Checked]:
    """Place one call after the other on the stack that is up, else on one with a fresh bank.

    Simulated callers are left out: they would have to think between two breaths. Raises CannotRun.
    """
    conversations = [each for each in conversations if not each.shape.needs_model]
    async with AsyncExitStack() as stack:
        try:
            urls, environ = await _stack(stack, brain, out)
            for conversation in conversations:
                placed = await _place(conversation, urls, environ)
                yield await decided(conversation, _as_talked(placed), judge)
        except (NoAnswer, PartFailed, EngineFailed) as error:
            raise CannotRun(str(error)) from error


async def _stack(
    stack: AsyncExitStack, brain: str | None, out: Console
) -> tuple[Mapping[str, str], Mapping[str, str]]:
    layout = Layout()
    running = find(layout.home)
    if running is not None:
        if brain:
            raise CannotRun("the stack that is up has a brain of its own; stop it, or omit --brain")
        return running.urls, local_settings(layout, os.environ)
    folder = stack.enter_context(TemporaryDirectory(prefix="artvoice-eval-"))
    layout = Layout(home=Path(folder)).with_free_ports(PORTS)
    chosen = {"CHAT": brain} if brain else {}
    environ = {**os.environ, **local_settings(layout, {**os.environ, **chosen})}
    environ["ARTVOICE_HOME"] = folder
    out.print("[dim]no stack is up; starting one for these calls[/]", highlight=False)
    await stack.enter_async_context(Stack(layout, environ, tuple(PORTS), lambda _: None))
    return {part: layout.url(part) for part in PORTS}, environ


async def _place(
    conversation: Conversation, urls: Mapping[str, str], environ: Mapping[str, str]
) -> Placed:
    shape = conversation.shape
    lines = tuple(Line(text=turn.say or "", keys=turn.press or "") for turn in shape.turns)
    order = Order(
        to=OUR_NUMBER,
        from_=shape.caller,
        scenario=shape.scenario,
        lines=lines,
        audio=await spoken_lines(lines),
    )
    key = environ.get("FUNCTIONS_KEY", "")
    return await place_call(order, urls, environ["EMULATOR_TOKEN"], lambda _: None, key)


def _as_talked(placed: Placed) -> dict[str, Any]:
    """Return a call's record as that of a text call."""
    record = placed.record
    last = [turn["agent"] for turn in placed.turns if turn["agent"]]
    ended = {"agent": "hang_up", "transfer": "transfer"}.get(record["ended_by"] or "", "open")
    return {
        **record,
        "timeline": record.get("timeline", []),
        "turns": placed.turns,
        "agent": last[-1] if last else "",
        "ended": ended,
    }
