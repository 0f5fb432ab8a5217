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
from localdev.caller.sound import callers_mouth, spoken_lines
from localdev.caller.speaking import Order
from localdev.evaluate.checking import Checked
from localdev.evaluate.errors import CannotRun
from localdev.evaluate.files import Conversation, ConversationShape
from localdev.evaluate.judging import decided
from localdev.evaluate.playing import Played
from localdev.evaluate.simulating import not_to_the_end
from localdev.stack.layout import OUR_NUMBER, PORTS, Layout, local_settings
from localdev.stack.running import find
from localdev.stack.supervisor import PartFailed, Stack, on_free_ports


async def evaluate_audio(
    conversations: Sequence[Conversation],
    *,
    brain: str | None,
    judge: Chat | None,
    out: Console,
) -> AsyncGenerator[Checked]:
    """Place one call after the other on the stack that is up, else on one with a fresh bank.

    Simulated callers are left out where there is no model to play them. Raises CannotRun.
    """
    async with AsyncExitStack() as stack:
        try:
            urls, environ = await _stack(stack, brain, out)
            say = await stack.enter_async_context(callers_mouth())
            for conversation in conversations:
                shape, played = conversation.shape, None
                if shape.simulate is not None:
                    if judge is None:
                        continue
                    played = Played(judge, shape.simulate, say)
                placed = await _place(shape, urls, environ, played)
                checked = await decided(conversation, _as_talked(placed), judge)
                yield not_to_the_end(checked, played.problem) if played else checked
        except (NoAnswer, PartFailed, EngineFailed) as error:
            raise CannotRun(str(error)) from error


async def _stack(
    stack: AsyncExitStack, brain: str | None, out: Console
) -> tuple[Mapping[str, str], Mapping[str, str]]:
    layout = Layout()
    running = find(layout.home)
    if running is not None and not running.passing:
        if brain:
            raise CannotRun("the stack that is up has a brain of its own; stop it, or omit --brain")
        return running.urls, local_settings(layout, os.environ)
    folder = stack.enter_context(TemporaryDirectory(prefix="artvoice-eval-"))
    chosen = {"CHAT": brain} if brain else {}

    def settings(layout: Layout) -> dict[str, str]:
        made = {**os.environ, **local_settings(layout, {**os.environ, **chosen})}
        return {**made, "ARTVOICE_HOME": folder}

    def begin(layout: Layout) -> Stack:
        return Stack(layout, settings(layout), tuple(PORTS), _silent)

    out.print("[dim]no stack is up; starting one for these calls[/]", highlight=False)
    own = Layout(home=Path(folder))
    started = await on_free_ports(own, PORTS, begin, within=stack, say=_silent)
    return {part: started.layout.url(part) for part in PORTS}, settings(started.layout)


def _silent(_: str) -> None:
    """Say nothing: the conversations are what is shown."""


async def _place(
    shape: ConversationShape,
    urls: Mapping[str, str],
    environ: Mapping[str, str],
    played: Played | None,
) -> Placed:
    lines = tuple(Line(text=turn.say or "", keys=turn.press or "") for turn in shape.turns)
    order = Order(
        to=OUR_NUMBER,
        from_=shape.caller,
        scenario=shape.scenario,
        lines=lines,
        audio=await spoken_lines(lines),
    )
    key = environ.get("FUNCTIONS_KEY", "")
    token = environ["EMULATOR_TOKEN"]
    caller = played.call if played else None
    return await place_call(order, urls, token, lambda _: None, key, caller=caller)


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
