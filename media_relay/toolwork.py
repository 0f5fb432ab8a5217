"""Tools of one call: started on the record, run beside the audio, always finished on the record.

A tool with side effects runs only once the log holds that it was started; when the control plane
cannot take that note in time the tool is refused, for what is not on record could be done twice.
A started tool is never cancelled, whatever the caller or the turn does.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace

from core.conversation import OpenTool
from core.facts import EngineStumbled, Remembered, ToolFinished, ToolRun, ToolStarted
from core.tools import HIDDEN, CallEffect, Remember, ToolCall, ToolResult, ToolSpec
from media_relay.asked import Asked, effect_key, shown
from media_relay.catalog import Scene, ToolUse
from media_relay.kept_keys import KeptKeys
from media_relay.stage import Stage
from media_relay.tool_effects import checked, lasting, permitted
from media_relay.turn_record import TurnRecord

log = logging.getLogger(__name__)


_UNRECORDED = ToolResult(
    ok=False,
    error="unrecorded",
    text="This could not be done right now, and nothing was changed. Offer to try again later.",
)
_INTERRUPTED = ToolResult(
    ok=False, error="interrupted", text="This was interrupted; its result is unknown."
)


class ToolWork:
    """Runs the tools of one call, as tasks that outlive the reply that asked.

    `on_owed` is told when one has asked something of the call, which may be long after its reply.
    """

    def __init__(self, stage: Stage, *, on_owed: Callable[[], None]) -> None:
        self._on_owed = on_owed
        self._limits = stage.settings.thinking.handoffs
        self._catalog = stage.catalog
        self._journal = stage.journal
        self._scenario = stage.session.scenario
        self._epoch = stage.session.epoch
        self._tasks = stage.tasks
        self._clock = asyncio.get_running_loop().time
        self._record_s = stage.settings.tools.record_s
        self._count = 0
        self._running: set[asyncio.Task[ToolResult]] = set()
        self.kept = KeptKeys()

    def ask(
        self,
        scene: Scene,
        record: TurnRecord,
        calls: list[ToolCall],
        *,
        ours: bool = False,
        hidden: str = "",
    ) -> list[Asked]:
        """Put wishes on the record: the model's, for tools it was offered, or `ours`.

        `hidden`: an argument that is a secret, whatever its tool says of it.
        """
        specs = {spec.name: spec for spec in self._catalog.tools(scene)}
        return [
            self._asked(scene, record, wish, specs.get(wish.name), ours=ours, hidden=hidden)
            for wish in calls
        ]

    def _asked(
        self,
        scene: Scene,
        record: TurnRecord,
        wish: ToolCall,
        spec: ToolSpec | None,
        *,
        ours: bool,
        hidden: str,
    ) -> Asked:
        self._count += 1
        id_ = f"{self._epoch}-{self._count}"
        visible = {**shown(wish, spec), **({hidden: HIDDEN} if hidden else {})}
        effect = spec is not None and spec.side_effects
        # Keys that are pressed twice are meant twice.
        wished = {**visible, "": id_} if ours else visible
        key = effect_key(scene.call_id, record.turn, wish.name, wished) if effect else ""
        started = ToolStarted(turn=record.turn, id=id_, name=wish.name, arguments=visible, key=key)
        return Asked(
            call=replace(wish, id=id_, arguments=self.kept.meant(wish.arguments)),
            spec=spec,
            shown=visible,
            agent=scene.agent.name,
            key=key,
            number=self._journal.write(started, urgent=bool(key)),
            ours=ours,
        )

    def run(self, asked: Asked, scene: Scene, record: TurnRecord) -> asyncio.Task[ToolResult]:
        """Run one tool to its end; its result is on record when the task is done."""
        task = self._tasks.create_task(self._run(asked, scene, record))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    @property
    def busy(self) -> bool:
        """Whether a tool is at work, whoever waits for it."""
        return bool(self._running)

    async def let_go(self, within_s: float) -> None:
        """Give started tools some time to be recorded: the call is over."""
        if self._running:
            await asyncio.wait(self._running, timeout=within_s)
        for task in tuple(self._running):
            task.cancel()

    async def finish_open(self, scene: Scene, record: TurnRecord) -> None:
        """Finish what another relay left open: side effects by their key, the rest as unknown.

        So is one whose secrets died with that relay: a guess at them could do something else.
        """
        again: list[asyncio.Task[ToolResult]] = []
        for tool in scene.conversation.open_tools:
            if tool.key and HIDDEN not in tool.call.arguments.values():
                again.append(self.run(_again(tool), scene, record))
            else:
                self._finish(_again(tool), record, _INTERRUPTED, 0)
        if again:
            await asyncio.wait(again)  # a caller who speaks meanwhile cancels this, never a tool

    def settle(self, asked: Asked, record: TurnRecord, result: ToolResult) -> None:
        """Record a result that needed no run, such as a handoff's."""
        self._finish(asked, record, self._permitted(asked, record, result), 0)

    async def _run(self, asked: Asked, scene: Scene, record: TurnRecord) -> ToolResult:
        began = self._clock()
        result = await self._once(asked, scene, record)
        ms = round((self._clock() - began) * 1000)
        record.tools.append(
            ToolRun(
                name=asked.call.name,
                arguments=asked.shown,
                ok=result.ok,
                ms=ms,
                error=result.error,
            )
        )
        self._finish(asked, record, result, ms)
        return result

    async def _once(self, asked: Asked, scene: Scene, record: TurnRecord) -> ToolResult:
        if asked.ours:
            return await self._result(asked, scene, record)
        return await record.repeats.once(
            asked.call, lambda: self._result(asked, scene, record), changes=bool(asked.key)
        )

    async def _result(self, asked: Asked, scene: Scene, record: TurnRecord) -> ToolResult:
        if not asked.offered:
            text = f"There is no tool {asked.call.name!r}."
            return ToolResult(ok=False, error="unknown_tool", text=text)
        if asked.number and asked.key and not await self._stored(asked.number):
            log.warning("tool refused", extra={"call": scene.call_id, "tool": asked.call.name})
            return _UNRECORDED
        use = ToolUse(
            call_id=scene.call_id,
            agent=scene.agent.name,
            turn=record.turn,
            key=asked.key,
            caller=scene.leg.person,
            slots=self._journal.conversation.slots,
        )
        result = await self._catalog.run(asked.call, use)
        result = checked(result, scene, {spec.name for spec in self._catalog.tools(scene)})
        return self._permitted(asked, record, result)

    def _permitted(self, asked: Asked, record: TurnRecord, result: ToolResult) -> ToolResult:
        return permitted(
            result,
            asked,
            self._scenario,
            self._journal.conversation,
            made_in_turn=len(record.handoffs),
            limits=self._limits,
        )

    async def _stored(self, number: int) -> bool:
        return await self._journal.stored(number, within_s=self._record_s)

    def _finish(self, asked: Asked, record: TurnRecord, result: ToolResult, ms: int) -> None:
        call = asked.call
        for effect in result.effects:
            fact = lasting(effect, asked, self._journal.conversation)
            if fact is not None:
                self._journal.write(fact, urgent=True)  # before the result, which tells of it
        self._journal.write(
            ToolFinished(
                turn=record.turn,
                id=call.id,
                name=call.name,
                ok=result.ok,
                text=result.text,
                data=result.data,
                ms=ms,
                error=result.error,
                effects=tuple(e for e in result.effects if isinstance(e, CallEffect)),
            )
        )
        if not result.ok and result.error in ("timeout", "failed"):
            self._journal.write(EngineStumbled(engine="tool", cause=result.error, spoken=True))
        elsewhere = asked.agent != self._journal.conversation.agent
        for effect in result.effects:
            if isinstance(effect, Remember):
                slots, agent = dict(effect.slots), asked.agent if elsewhere else ""
                self._journal.write(Remembered(slots=slots, agent=agent))
        if self._journal.conversation.owed:
            self._on_owed()


def _again(tool: OpenTool) -> Asked:
    call, agent = tool.call, tool.agent
    return Asked(call=call, spec=None, shown=call.arguments, agent=agent, key=tool.key, ours=True)
