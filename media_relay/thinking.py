"""How a reply is thought: the model streams, tools run, agents hand over, pieces come out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, suppress
from dataclasses import replace

from core.chat import ChatEvent, ChatRequest, Finished, Message, TextDelta, ToolCalled, UserSaid
from core.conversation import Owed
from core.errors import Cause, EngineError, EngineFailed
from core.facts import DigitsWanted, EngineStumbled, Filtered
from core.handoff import wanted
from core.keyed import words_of
from core.languages import same
from core.ports import Chat
from core.sentences import Splitter
from core.served import ServedBy, Working
from core.tools import HandOff, ToolCall, ToolResult
from media_relay.asked import Asked
from media_relay.catalog import Scene
from media_relay.foresight import Foresight
from media_relay.handing_over import Handovers
from media_relay.served import note_served
from media_relay.stage import Stage
from media_relay.thought import Thought, with_unheard
from media_relay.tool_wait import wait_for
from media_relay.toolwork import ToolWork
from media_relay.turn_record import TurnRecord

_MAY_BE_SECRET = 3  # keys; fewer are a choice
_MEANWHILE = (
    "A tool that you had asked before has answered meanwhile; what it asks for is done after your"
    " next words. Tell the caller."
)


class Thinker:
    """Thinks for one call. `on_agent` is told that another agent has the caller.

    `on_owed` is told when that may have changed which `owes` tells.
    """

    def __init__(
        self,
        chat: Chat,
        stage: Stage,
        *,
        on_agent: Callable[[], None],
        on_owed: Callable[[], None],
    ) -> None:
        self._stage = stage
        self._chat = Foresight(chat, stage.tasks.create_task)
        self._catalog = stage.catalog
        self._journal = stage.journal
        self._tools = ToolWork(stage, on_owed=on_owed)
        self._handovers = Handovers(stage, on_agent=on_agent)
        self._on_owed = on_owed
        self._taken_up: set[str] = set()  # calls of tools whose effects are being done
        self._preparing: asyncio.Task[None] | None = None
        self._open = False  # an answer was begun, and may have had more to ask
        self._settings = stage.settings.thinking

    @property
    def owes(self) -> bool:
        """Whether a tool asks something of the call that only another reply can do."""
        return bool(self._fresh())

    def remind(self) -> None:
        """Say again that something is owed, if so."""
        if self.owes:
            self._on_owed()

    def prepare(self) -> None:
        """Let the model read beforehand what the present agent's requests begin with."""
        self._preparing = self._stage.tasks.create_task(self._prepare())

    async def _prepare(self) -> None:
        with suppress(EngineFailed):  # a prompt that cannot be rendered is told when it matters
            await self._chat.prepare(self._request(None))

    async def think(self, thought: Thought) -> None:
        """Make one reply, however many tools it takes. Raises EngineFailed."""
        self._open = True
        try:
            await self._think(thought)
            self._open = False
        finally:
            thought.record.wasted += self._chat.take_wasted()

    async def _think(self, thought: Thought) -> None:
        agent = self._journal.conversation.agent
        if self._take_up(thought) and self._journal.conversation.agent == agent:
            thought.note = thought.note or _MEANWHILE
        for _ in range(self._settings.max_rounds):
            agent = self._journal.conversation.agent
            calls = await self._round(thought)
            if calls:
                await self._work(thought, calls)
                continue
            self._take_up(thought)
            if self._journal.conversation.agent == agent:
                return
        self._say(thought, self._stage.phrases.too_many_steps)

    def keys_told(self, keys: str, wanted: DigitsWanted | None, *, secret: bool = False) -> str:
        """Return what record and model are told of the caller's keys.

        `secret`: they were pressed for one who wanted a secret, or behind it.
        """
        if secret or (wanted is not None and wanted.secret):
            return "entered the digits"
        if wanted is not None or len(keys) < _MAY_BE_SECRET or not self._may_be_asked:
            return words_of(keys)
        return f"keyed in digits, kept secret: {self._tools.kept.keep(keys)}"

    @property
    def _may_be_asked(self) -> bool:
        """Whether keys that nobody asked for (yet) may be a secret: a tool of this agent takes
        one, the agent before asked for one, or what is under way, or was cut by the keys, would
        have asked for one."""
        guarded = self._journal.conversation.guarded or self._open or self._tools.busy
        tools = self._catalog.tools(self._stage.scene)
        return guarded or any(tool.secrets for tool in tools)

    def think_ahead(self, text: str) -> None:
        """Begin to answer what the caller seems to have said; `think` uses it if he did."""
        scene = self._stage.scene
        messages = (*scene.conversation.messages(), UserSaid(text=text))
        with suppress(EngineFailed):  # `think` tells of a prompt that cannot be rendered
            self._chat.foresee(self._asking(scene, messages))

    def think_again(self) -> None:
        """Drop what was begun ahead: it answers nothing."""
        self._chat.withdraw()

    async def finish_open(self, record: TurnRecord) -> None:
        """Finish the tools that another relay left open."""
        await self._tools.finish_open(self._stage.scene, record)

    async def let_go(self, within_s: float) -> None:
        """Think no more, and give started tools some time to be recorded: the call is over."""
        self._chat.withdraw()
        if self._preparing is not None:
            self._preparing.cancel()
        await self._tools.let_go(within_s)

    async def use(self, thought: Thought, wanted: DigitsWanted, keys: str) -> None:
        """Give the caller's keys to the tool that wanted them, though no model asks for it."""
        scene = self._stage.scene
        scene = replace(scene, agent=scene.scenario.agent(wanted.agent))
        arguments = {**wanted.given, wanted.into: keys}
        call = ToolCall(id="keys", name=wanted.then, arguments=arguments)
        hidden = wanted.into if wanted.secret else ""
        (asked,) = self._tools.ask(scene, thought.record, [call], ours=True, hidden=hidden)
        running = {self._tools.run(asked, scene, thought.record): asked}
        await self._wait(thought, running)
        self._take_up(thought)

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
        before = len(thought.said)
        events = self._chat.stream(request)
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
                    case Working():
                        pass  # that it came is all there is to it
                    case Finished():
                        thought.record.spend(event)
                        end = event
                        break
        self._finish(thought, splitter.flush(), end, spoken=len(thought.said) > before)
        return calls

    def _finish(self, thought: Thought, rest: list[str], end: Finished, *, spoken: bool) -> None:
        """Say the rest of an answer, and why it ends where it should not. `spoken`: it began."""
        cut_short = end.reason == "length"  # the limit of tokens
        if cut_short and spoken:
            rest = []  # nobody wants to hear half a clause
        for piece in rest:
            self._say(thought, piece)
        phrases = self._stage.phrases
        if end.filtered:
            self._journal.write(Filtered(turn=thought.record.turn, what=end.filtered))
            self._say(thought, phrases.filtered)
        elif cut_short:
            self._journal.write(EngineStumbled(engine="thinking", cause="length", spoken=True))
            self._say(thought, phrases.too_long if spoken or rest else phrases.too_many_steps)

    async def _next(self, events: AsyncGenerator[ChatEvent]) -> ChatEvent | None:
        try:
            async with asyncio.timeout(self._settings.token_s):
                return await anext(events, None)
        except TimeoutError as error:
            raise EngineFailed(EngineError(cause=Cause.TIMEOUT, detail="no token")) from error

    def _request(self, thought: Thought | None) -> ChatRequest:
        scene = self._stage.scene
        messages = with_unheard(scene.conversation, thought) if thought is not None else ()
        return self._asking(scene, messages)

    def _asking(self, scene: Scene, messages: tuple[Message, ...]) -> ChatRequest:
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
        """Run the tools of one round side by side, then do what they ask for.

        A handoff is answered at once, and done with the rest, by whichever reply is the next.
        """
        scene = self._stage.scene
        running: dict[asyncio.Task[ToolResult], Asked] = {}
        for wish, asked in zip(calls, self._tools.ask(scene, thought.record, calls), strict=True):
            # Keys that are kept secret are for tools: the next agent gets what stands for them.
            request = wanted(scene.scenario, scene.agent.name, wish)
            if request is not None:
                self._tools.settle(asked, thought.record, ToolResult(text="", effects=(request,)))
            else:
                running[self._tools.run(asked, scene, thought.record)] = asked
        await self._wait(thought, running)
        self._take_up(thought)

    def _take_up(self, thought: Thought) -> bool:
        """Do what tools ask of the call, also those of an earlier reply, or of another relay."""
        fresh = self._fresh()
        self._taken_up |= {each.tool for each in fresh}
        for each in fresh:
            if isinstance(each.effect, HandOff):
                self._handovers.follow(thought, each.effect)
        thought.close(tuple(each for each in fresh if not isinstance(each.effect, HandOff)))
        if fresh:
            self._on_owed()
        return bool(fresh)

    def _fresh(self) -> tuple[Owed, ...]:
        owed = self._journal.conversation.owed
        return tuple(each for each in owed if each.tool not in self._taken_up)

    async def _wait(self, thought: Thought, running: dict[asyncio.Task[ToolResult], Asked]) -> None:
        """Wait for tools as long as they may take; say something whenever it is quiet for long."""
        specs = [asked.spec for asked in running.values() if asked.spec is not None]
        # A tool's own words are in the language of its agent.
        own = same(self._stage.scene.language, self._stage.scene.agent.speech.language)
        words = next((s.filler for s in specs if s.filler and own), self._stage.phrases.filler)
        await wait_for(
            running,
            thought,
            longest_s=max((spec.timeout_s for spec in specs), default=8.0),
            fillers=(words, self._stage.phrases.still_working),
            say=lambda piece: self._say(thought, piece),
            settings=self._stage.settings.tools,
        )
