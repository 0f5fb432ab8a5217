"""How a reply is thought: the model streams, tools run, agents hand over, pieces come out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from contextlib import aclosing, suppress
from dataclasses import dataclass, field, replace
from typing import cast

from core.chat import (
    AgentSaid,
    ChatEvent,
    ChatRequest,
    Finished,
    Message,
    Note,
    TextDelta,
    ToolCalled,
    ToolsCalled,
)
from core.conversation import Conversation
from core.errors import Cause, EngineError, EngineFailed
from core.facts import DigitsWanted, Filtered, HandedOff, HandoffMade, Remembered
from core.handoff import Accepted, HandoffLimits, Refused, resolve, wanted
from core.languages import same
from core.phrases import Phrases, phrases_in
from core.ports import Chat
from core.sentences import Splitter
from core.served import ServedBy
from core.tools import Effect, HandOff, ToolCall, ToolResult
from media_relay.catalog import Catalog, Scene
from media_relay.journal import Journal
from media_relay.served import note_served
from media_relay.toolwork import Asked, ToolSettings, ToolWork
from media_relay.turn_record import TurnRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class ThinkingSettings:
    """`token_s`: the longest wait for the next event of a model that is thinking."""

    token_s: float = 8.0
    max_rounds: int = 5
    handoffs: HandoffLimits = field(default_factory=HandoffLimits)


@dataclass(slots=True)
class Thought:
    """One reply in the making. `say` takes each piece and who says it; `mark` the first words."""

    record: TurnRecord
    say: Callable[[str, str], None]
    effects: Callable[[tuple[Effect, ...]], None]
    mark: Callable[[], None]
    waited: Callable[[float], None]
    said: list[str] = field(default_factory=list)
    handoffs: int = 0
    greeted: str = ""
    note: str = ""


class Thinker:
    """Thinks for one call."""

    def __init__(
        self,
        chat: Chat,
        catalog: Catalog,
        journal: Journal,
        tools: ToolWork,
        *,
        scene: Callable[[], Scene],
        on_agent: Callable[[], None],
        phrases: Mapping[str, Phrases],
        settings: ThinkingSettings,
        tool_settings: ToolSettings,
    ) -> None:
        self._chat = chat
        self._catalog = catalog
        self._journal = journal
        self._tools = tools
        self._scene = scene
        self._on_agent = on_agent
        self._book = phrases
        self._settings = settings
        self._tool_settings = tool_settings

    @property
    def _phrases(self) -> Phrases:
        return phrases_in(self._scene().language, self._book)

    async def think(self, thought: Thought) -> None:
        """Make one reply, however many tools it takes. Raises EngineFailed."""
        for _ in range(self._settings.max_rounds):
            calls = await self._round(thought)
            if not calls:
                return
            await self._work(thought, calls)
        self._say(thought, self._phrases.too_many_steps)

    async def use(self, thought: Thought, wanted: DigitsWanted, keys: str) -> None:
        """Give the caller's keys to the tool that wanted them, though no model asks for it."""
        scene = self._scene()
        scene = replace(scene, agent=scene.scenario.agent(wanted.agent))
        arguments = {**wanted.given, wanted.into: keys}
        call = ToolCall(id="keys", name=wanted.then, arguments=arguments)
        hidden = wanted.into if wanted.secret else ""
        (asked,) = self._tools.ask(scene, thought.record, [call], ours=True, hidden=hidden)
        running = {self._tools.run(asked, scene, thought.record): asked}
        await self._wait(thought, running)
        self._do_effects(thought, running)

    # --- one round -------------------------------------------------------------------------------

    async def _round(self, thought: Thought) -> list[ToolCall]:
        """Stream one answer of the model, out as pieces; return the tools it wants."""
        request, retried = self._request(thought), False
        while True:
            before = len(thought.said)
            try:
                return await self._stream(thought, request)
            except EngineFailed as failure:
                fresh = len(thought.said) == before and not retried
                if not fresh or failure.error.cause not in (Cause.LOST, Cause.UNAVAILABLE):
                    raise
                retried = True

    async def _stream(self, thought: Thought, request: ChatRequest) -> list[ToolCall]:
        splitter, calls, end = Splitter(), list[ToolCall](), Finished()
        events = cast("AsyncGenerator[ChatEvent]", self._chat.stream(request))
        async with aclosing(events):
            while (event := await self._next(events)) is not None:
                match event:
                    case TextDelta(text=text):
                        thought.mark()
                        for piece in splitter.feed(text):
                            self._say(thought, piece)
                    case ToolCalled(call=call):
                        calls.append(call)
                    case ServedBy():
                        note_served(event, "thinking", thought.record, self._journal)
                    case Finished():
                        thought.record.spend(event)
                        end = event
                        break
        for piece in splitter.flush():
            self._say(thought, piece)
        if end.filtered:
            self._journal.write(Filtered(turn=thought.record.turn, what=end.filtered))
            self._say(thought, self._phrases.filtered)
        return calls

    async def prepare(self) -> None:
        """Let the model read beforehand what the present agent's requests begin with."""
        with suppress(EngineFailed):  # a prompt that cannot be rendered is told when it matters
            await self._chat.prepare(self._request(None))

    async def _next(self, events: AsyncGenerator[ChatEvent]) -> ChatEvent | None:
        try:
            async with asyncio.timeout(self._settings.token_s):
                return await anext(events, None)
        except TimeoutError as error:
            raise EngineFailed(EngineError(cause=Cause.TIMEOUT, detail="no token")) from error

    def _request(self, thought: Thought | None) -> ChatRequest:
        scene = self._scene()
        messages = _with_unheard(scene.conversation, thought) if thought is not None else ()
        return ChatRequest(
            agent=scene.agent,
            system=self._catalog.system(scene),
            messages=messages,
            tools=self._catalog.tools(scene),
            slots=scene.conversation.slots,
        )

    def _say(self, thought: Thought, piece: str) -> None:
        thought.said.append(piece)
        thought.say(piece, self._journal.conversation.agent)

    # --- tools -----------------------------------------------------------------------------------

    async def _work(self, thought: Thought, calls: list[ToolCall]) -> None:
        """Run the tools of one round side by side, then do what they ask for."""
        scene = self._scene()
        handoffs: list[tuple[Asked, HandOff]] = []
        running: dict[asyncio.Task[ToolResult], Asked] = {}
        for asked in self._tools.ask(scene, thought.record, calls):
            request = wanted(scene.scenario, scene.agent.name, asked.call)
            if request is not None:
                handoffs.append((asked, request))
            else:
                running[self._tools.run(asked, scene, thought.record)] = asked
        await self._wait(thought, running)
        for asked, request in handoffs:
            self._hand_over(thought, request, asked)
        self._do_effects(thought, running)

    def _do_effects(self, thought: Thought, ran: Iterable[asyncio.Task[ToolResult]]) -> None:
        effects = tuple(effect for task in ran if task.done() for effect in task.result().effects)
        for effect in effects:
            if isinstance(effect, HandOff):
                self._hand_over(thought, effect, None)
        thought.effects(effects)

    async def _wait(self, thought: Thought, running: dict[asyncio.Task[ToolResult], Asked]) -> None:
        if not running:
            return
        specs = [asked.spec for asked in running.values() if asked.spec is not None]
        longest = max((spec.timeout_s for spec in specs), default=8.0)
        # A tool's own is in the language of its agent.
        own = same(self._scene().language, self._scene().agent.speech.language)
        filler = next((s.filler for s in specs if s.filler and own), self._phrases.filler)
        settings = self._tool_settings
        began = asyncio.get_running_loop().time()
        _, pending = await asyncio.wait(running, timeout=settings.filler_s)
        thought.waited(asyncio.get_running_loop().time() - began)
        if not pending:
            return
        if not thought.said:
            thought.mark()
            self._say(thought, filler)
        began = asyncio.get_running_loop().time()
        await asyncio.wait(pending, timeout=longest + settings.record_s + settings.grace_s)
        thought.waited(asyncio.get_running_loop().time() - began)

    def _hand_over(self, thought: Thought, request: HandOff, asked: Asked | None) -> None:
        """Let the next agent take over at once, or tell the model why not."""
        conversation, scenario = self._journal.conversation, self._scene().scenario
        answer = resolve(
            scenario,
            conversation.agent,
            request,
            visited=conversation.visited,
            made_in_turn=thought.handoffs,
            made_in_call=conversation.handoffs,
            limits=self._settings.handoffs,
        )
        match answer:
            case Refused(reason=reason):
                result = ToolResult(ok=False, error="refused", text=reason)
            case Accepted():
                result = ToolResult(text=f"{answer.to_agent} has the caller now.")
        if asked is not None:
            self._tools.settle(asked, thought.record, result)
        if isinstance(answer, Accepted):
            self._switch(thought, conversation.agent, answer)

    def _switch(self, thought: Thought, from_agent: str, accepted: Accepted) -> None:
        if accepted.farewell and not thought.said:
            self._say(thought, accepted.farewell)
        self._journal.write(
            HandedOff(
                from_agent=from_agent,
                to_agent=accepted.to_agent,
                turn=thought.record.turn,
                reason=accepted.reason,
                share_context=accepted.share_context,
            ),
            urgent=True,
        )
        if accepted.context:
            self._journal.write(Remembered(slots={"handoff_context": dict(accepted.context)}))
        thought.handoffs += 1
        thought.record.handoffs.append(
            HandoffMade(from_agent=from_agent, to_agent=accepted.to_agent, reason=accepted.reason)
        )
        self._on_agent()
        thought.said, thought.greeted = [], ""
        if accepted.greeting != "none":
            returning = accepted.greeting == "return"
            thought.greeted = self._catalog.greeting(self._scene(), returning=returning)
        for piece in pieces_of(thought.greeted):
            thought.mark()
            thought.say(piece, accepted.to_agent)


def keys_shown(keys: str, wanted: DigitsWanted | None) -> str:
    """Return what record and model are told of the caller's keys."""
    secret = wanted is not None and wanted.secret
    return "entered the digits" if secret else f"pressed {' '.join(keys)}"


def pieces_of(text: str) -> list[str]:
    """Return a whole text as speakable pieces."""
    splitter = Splitter()
    return [*splitter.feed(text), *splitter.flush()]


def _with_unheard(conversation: Conversation, thought: Thought) -> tuple[Message, ...]:
    """Return the history with what this very reply has said so far, heard or not."""
    agent = conversation.agent
    unheard = " ".join(thought.said)
    messages = list(conversation.messages())
    if thought.note:
        messages.append(Note(text=thought.note))
    if not unheard and not thought.greeted:
        return tuple(messages)
    live = {
        id(entry.message)
        for entry in conversation.said
        if entry.turn == thought.record.turn
        and isinstance(entry.message, AgentSaid)
        and entry.message.agent == agent
    }
    messages = [message for message in messages if id(message) not in live]
    kind = Note if thought.greeted and not unheard else ToolsCalled
    at = max((n for n, message in enumerate(messages) if isinstance(message, kind)), default=None)
    said = AgentSaid(text=" ".join(filter(None, (thought.greeted, unheard))), agent=agent)
    messages.insert(len(messages) if at is None else at, said)
    return tuple(messages)
