"""Tools of one call: started on the record, run beside the audio, always finished on the record.

A tool with side effects runs only once the log holds that it was started; when the control plane
cannot take that note in time the tool is refused, for what is not on record could be done twice.
A started tool is never cancelled, whatever the caller or the turn does.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from collections.abc import Callable, Collection, Coroutine, Mapping
from dataclasses import asdict, dataclass, replace
from string import ascii_uppercase
from typing import Any

from core.conversation import OpenTool
from core.facts import (
    ApprovalRequested,
    CallbackRequested,
    CallbacksDropped,
    DigitsWanted,
    EngineStumbled,
    Remembered,
    ToolFinished,
    ToolRun,
    ToolStarted,
)
from core.tools import (
    HIDDEN,
    AskApproval,
    CallBack,
    CollectDigits,
    DropCallBacks,
    Effect,
    Remember,
    ToolCall,
    ToolResult,
    ToolSpec,
    TransferCall,
)
from media_relay.catalog import Catalog, Scene, ToolUse
from media_relay.journal import Journal
from media_relay.turn_record import TurnRecord

log = logging.getLogger(__name__)

Spawn = Callable[[Coroutine[Any, Any, ToolResult]], asyncio.Task[ToolResult]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolSettings:
    """Seconds. `record_s`: how long the note of a side effect may take to be stored.

    `filler_s`, `again_s`: of silence until the caller is told that one is at work, and still is.
    """

    record_s: float = 3.0
    filler_s: float = 1.2  # longer silence sounds like a dead line
    again_s: float = 5.0
    grace_s: float = 0.5  # a tool keeps its own time limit; this is for one that does not


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A tool call with the id it has in this call's log. `shown`: without secrets.

    `ours`: no model asked for it.
    """

    call: ToolCall
    spec: ToolSpec | None
    shown: Mapping[str, Any]
    agent: str = ""
    key: str = ""
    number: int = 0
    ours: bool = False

    @property
    def offered(self) -> bool:
        """Whether whoever asked may."""
        return self.ours or self.spec is not None


_UNRECORDED = ToolResult(
    ok=False,
    error="unrecorded",
    text="This could not be done right now, and nothing was changed. Offer to try again later.",
)
_INTERRUPTED = ToolResult(
    ok=False, error="interrupted", text="This was interrupted; its result is unknown."
)


class ToolWork:
    """Runs the tools of one call. `spawn` starts a task that outlives the reply that asked."""

    def __init__(
        self,
        catalog: Catalog,
        journal: Journal,
        *,
        epoch: int,
        spawn: Spawn,
        clock: Callable[[], float],
        settings: ToolSettings,
    ) -> None:
        self._catalog = catalog
        self._journal = journal
        self._epoch = epoch
        self._spawn = spawn
        self._clock = clock
        self._settings = settings
        self._count = 0
        self._kept: dict[str, str] = {}

    def keep(self, secret: str) -> str:
        """Keep something the caller keyed in; return what stands for it in a tool's arguments.

        It is in no record, so another relay does not know it.
        """
        name = f"[keys-{ascii_uppercase[len(self._kept) % len(ascii_uppercase)]}]"
        self._kept[name] = secret
        return name

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
        asked = []
        for wish in calls:
            self._count += 1
            call = replace(
                wish,
                id=f"{self._epoch}-{self._count}",
                arguments={k: self._meant(value) for k, value in wish.arguments.items()},
            )
            spec = specs.get(call.name)
            visible = {**_shown(wish, spec), **({hidden: HIDDEN} if hidden else {})}
            effect = spec is not None and spec.side_effects
            # Keys that are pressed twice are meant twice.
            wished = {**visible, "": call.id} if ours else visible
            key = _key(scene.call_id, record.turn, call.name, wished) if effect else ""
            started = ToolStarted(
                turn=record.turn,
                id=call.id,
                name=call.name,
                arguments=visible,
                key=key,
            )
            number = self._journal.write(started, urgent=bool(key))
            asked.append(
                Asked(
                    call=call,
                    spec=spec,
                    shown=visible,
                    agent=scene.agent.name,
                    key=key,
                    number=number,
                    ours=ours,
                )
            )
        return asked

    def _meant(self, value: Any) -> Any:
        """Put what was kept in the place of what stands for it."""
        if isinstance(value, str):
            for name, secret in self._kept.items():
                value = value.replace(name, secret)
        return value

    def run(self, asked: Asked, scene: Scene, record: TurnRecord) -> asyncio.Task[ToolResult]:
        """Run one tool to its end; its result is on record when the task is done."""
        return self._spawn(self._run(asked, scene, record))

    async def finish_open(self, scene: Scene, record: TurnRecord) -> None:
        """Finish what another relay left open: side effects by their key, the rest as unknown.

        So is one whose secrets died with that relay: a guess at them could do something else.
        """
        for tool in scene.conversation.open_tools:
            if tool.key and HIDDEN not in tool.call.arguments.values():
                await self.run(_again(tool), scene, record)
            else:
                self._finish(_again(tool), record, _INTERRUPTED, 0)

    def settle(self, asked: Asked, record: TurnRecord, result: ToolResult) -> None:
        """Record a result that needed no run, such as a handoff's."""
        self._finish(asked, record, result, 0)

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
        return _checked(result, scene, {spec.name for spec in self._catalog.tools(scene)})

    async def _stored(self, number: int) -> bool:
        return await self._journal.stored(number, within_s=self._settings.record_s)

    def _finish(self, asked: Asked, record: TurnRecord, result: ToolResult, ms: int) -> None:
        call = asked.call
        for effect in result.effects:
            self._promise(asked, effect)  # before the result, which tells of it
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
            )
        )
        if not result.ok and result.error in ("timeout", "failed"):
            self._journal.write(EngineStumbled(engine="tool", cause=result.error, spoken=True))
        for effect in result.effects:
            if isinstance(effect, Remember):
                self._journal.write(Remembered(slots=dict(effect.slots)))

    def _promise(self, asked: Asked, effect: Effect) -> None:
        """Put on the record what outlives this relay, or the call."""
        conversation = self._journal.conversation
        agent = conversation.agent
        name = hashlib.sha256((asked.key or asked.call.id).encode()).hexdigest()[:24]
        fact: ApprovalRequested | CallbackRequested | CallbacksDropped | DigitsWanted
        match effect:
            case AskApproval(subject=subject) if subject in conversation.pending.values():
                return
            case AskApproval(subject=subject, details=details):
                fact = ApprovalRequested(
                    request_id=name,
                    tool=asked.call.name,
                    agent=agent,
                    subject=subject,
                    details=details,
                )
            case CallBack(at=at, topic=topic):
                fact = CallbackRequested(request_id=name, agent=agent, at=at, topic=topic)
            case DropCallBacks():
                fact = CallbacksDropped()
            case CollectDigits():
                fields = {name: value for name, value in asdict(effect).items() if name != "kind"}
                fact = DigitsWanted(agent=asked.agent, **fields)
            case _:
                return
        self._journal.write(fact, urgent=True)


def _shown(call: ToolCall, spec: ToolSpec | None) -> Mapping[str, Any]:
    """Return what the record may show; of a tool nobody knows, any argument may be a secret."""
    return spec.shown(call.arguments) if spec else dict.fromkeys(call.arguments, HIDDEN)


def _key(call_id: str, turn: int, name: str, shown: Mapping[str, Any]) -> str:
    """Name an effect by what it does: asked for twice in one turn, it is still done once.

    Made of what is shown only: a hash of four secret digits tells them.
    """
    wish = json.dumps([name, shown], sort_keys=True, default=str)
    return f"{call_id}/{turn}/{hashlib.sha256(wish.encode()).hexdigest()[:24]}"


def _again(tool: OpenTool) -> Asked:
    return Asked(call=tool.call, spec=None, shown=tool.call.arguments, key=tool.key, ours=True)


def _checked(result: ToolResult, scene: Scene, tools: Collection[str]) -> ToolResult:
    """Refuse a transfer to a desk, or keys for a tool, that nobody knows; the model hears of it."""
    known = {target.name for target in scene.scenario.transfer_targets}
    for effect in result.effects:
        if isinstance(effect, TransferCall) and known and effect.target not in known:
            names = ", ".join(sorted(known))
            return ToolResult(
                ok=False, error="unknown_target", text=f"There is no such desk. Known: {names}."
            )
        if isinstance(effect, CollectDigits) and effect.then not in tools:
            log.error("keys for an unknown tool", extra={"tool": effect.then})
            text = "Keys can not be taken here. Ask the caller to say it instead."
            return ToolResult(ok=False, error="unknown_tool", text=text)
    return result
