"""Conversations placed as telephone calls: spoken lines, recognised words, answers one can hear."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console

from core.errors import EngineFailed
from core.facts import LogEntry
from core.ports import Chat
from localdev.caller.exchange import NoAnswer
from localdev.caller.lines import Line
from localdev.caller.place import Placed, place_call
from localdev.caller.sound import Say, callers_mouth
from localdev.caller.speaking import Order
from localdev.evaluate.by_ear import WORDLESS, as_heard, wordless
from localdev.evaluate.checked import Checked, not_held
from localdev.evaluate.errors import CannotRun
from localdev.evaluate.files import Conversation, ConversationShape
from localdev.evaluate.holding import each_held
from localdev.evaluate.judging import decided
from localdev.evaluate.playing import Played
from localdev.evaluate.simulating import not_to_the_end
from localdev.replay.source import Unavailable, from_host
from localdev.stack.layout import CARRIER, OUR_NUMBER, PORTS, Layout, local_settings
from localdev.stack.running import find
from localdev.stack.supervisor import PartFailed, Stack, on_free_ports

TROUBLE = (NoAnswer, EngineFailed, Unavailable)


async def evaluate_audio(
    conversations: Sequence[Conversation],
    *,
    brain: str | None,
    judge: Chat | None,
    out: Console,
) -> AsyncGenerator[Checked]:
    """Place one call after the other on the stack that is up, else on one with a fresh bank.

    Raises CannotRun.
    """
    async with AsyncExitStack() as stack:
        try:
            urls, environ = await _stack(stack, brain, out)
        except PartFailed as error:
            raise CannotRun(str(error)) from error
        say = await stack.enter_async_context(callers_mouth())
        held = each_held(conversations, _Calls(urls, environ, say, judge).hold, TROUBLE)
        async for checked in await stack.enter_async_context(aclosing(held)):
            yield checked


class _Calls:
    """Holds conversations as calls of one stack."""

    def __init__(
        self, urls: Mapping[str, str], environ: Mapping[str, str], say: Say, judge: Chat | None
    ) -> None:
        self._urls = urls
        self._key = environ.get("FUNCTIONS_KEY", "")
        self._token = environ["EMULATOR_TOKEN"]
        self._say = say
        self._judge = judge

    async def hold(self, conversation: Conversation) -> Checked:
        """Place a call, and compare it. Raises NoAnswer, EngineFailed, Unavailable."""
        shape, judge, played = conversation.shape, self._judge, None
        if shape.simulate is not None and judge is not None:
            played = Played(judge, shape.simulate, self._say)
        placed = await self._placed(shape, played)
        if wordless(placed):
            return not_held(conversation, WORDLESS)
        log = await self._log(placed.call_id) if shape.judge and judge else ()
        checked = await decided(conversation, as_heard(placed), judge, log=log)
        return not_to_the_end(checked, played.problem) if played else checked

    async def _placed(self, shape: ConversationShape, played: Played | None) -> Placed:
        lines = tuple(Line(text=turn.say or "", keys=turn.press or "") for turn in shape.turns)
        order = Order(
            to=OUR_NUMBER,
            from_=shape.caller,
            scenario=shape.scenario,
            lines=lines,
            audio=tuple([await self._say(line.text) if line.text else b"" for line in lines]),
        )
        caller = played.call if played else None
        return await place_call(order, self._urls, self._token, None, self._key, caller=caller)

    async def _log(self, call_id: str) -> tuple[LogEntry, ...]:
        """Return what tools answered, beside all else: a record keeps only that they ran."""
        return (await from_host(self._urls["host"], call_id, self._key)).log


async def _stack(
    stack: AsyncExitStack, brain: str | None, out: Console
) -> tuple[Mapping[str, str], Mapping[str, str]]:
    if any(map(os.environ.get, CARRIER)) and not os.environ.get("EMULATOR_TOKEN"):
        raise CannotRun(f"only the simulator takes these calls; unset {' and '.join(CARRIER)}")
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
        return {**made, "ARTVOICE_HOME": folder, "KEEP_TRANSCRIPT": "true"}  # what is checked

    def begin(layout: Layout) -> Stack:
        return Stack(layout, settings(layout), tuple(PORTS), _silent)

    out.print("[dim]no stack is up; starting one for these calls[/]", highlight=False)
    own = Layout(home=Path(folder))
    started = await on_free_ports(own, PORTS, begin, within=stack, say=_silent)
    return {part: started.layout.url(part) for part in PORTS}, settings(started.layout)


def _silent(_: str) -> None:
    """Say nothing: the conversations are what is shown."""
