"""One call in text: the relay's thoughts, tools and handoffs, where everything said is heard."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from adapters.customers import SqliteCustomers
from core.agents import Scenario
from core.conversation import begin
from core.errors import EngineFailed
from core.facts import (
    CallerSaid,
    DigitsWanted,
    Direction,
    EngineStumbled,
    LogEntry,
    Remembered,
)
from core.ports import Chat
from core.record import call_record
from core.session import Leg, Session
from core.turn import Closing
from localdev.talk.plane import MemoryPlane
from media_relay.call_settings import CallSettings
from media_relay.closing import Closings
from media_relay.journal import Journal
from media_relay.registry_catalog import RegistryCatalog
from media_relay.reporting import Reporter
from media_relay.stage import Stage
from media_relay.thinking import Thinker
from media_relay.thought import Thought
from media_relay.turn_record import Marks, TurnRecord

EPOCH = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class TalkOrder:
    """Who calls whom. The bank is a practice bank made for this call alone.

    `known`: what is remembered of the caller; None looks the number up as a real call does.
    """

    scenario: Scenario
    caller: str
    today: date
    call_id: str = "talk"
    known: Mapping[str, Any] | None = None
    settings: CallSettings = field(default_factory=CallSettings)


class Talk:
    """A text call that is going on. `ended` says how an agent closed it.

    `spoken`: the caller's words and the answer, turn by turn from the greeting on. `failures`: by
    turn, why the brain could not answer.
    """

    def __init__(
        self,
        session: Session,
        chat: Chat,
        catalog: RegistryCatalog,
        *,
        reporter: Reporter,
        settings: CallSettings,
        tasks: asyncio.TaskGroup,
    ) -> None:
        self.ended: Closing | None = None
        self.spoken: list[tuple[str, str]] = []
        self.failures: dict[int, str] = {}
        self._loop = asyncio.get_running_loop()
        self._journal = Journal(begin(session.scenario.start_agent), reporter)
        self._stage = Stage(
            session=session,
            catalog=catalog,
            journal=self._journal,
            settings=settings,
            tasks=tasks,
        )
        self._closings = Closings(session.call_id)
        self._thinker = Thinker(chat, self._stage, on_agent=lambda: None, on_owed=lambda: None)

    @property
    def agent(self) -> str:
        """Who has the caller now."""
        return self._journal.conversation.agent

    async def greet(self, known: Mapping[str, Any] | None) -> None:
        """Let the first agent say who it is."""
        if known is None:
            known = await self._stage.catalog.about(self._stage.session.leg)
        if known:
            self._journal.write(Remembered(slots=known))
        words = self._stage.catalog.greeting(self._stage.scene, returning=False)
        record = TurnRecord(turn=0)
        self._heard(record, [(self.agent, words or self._stage.phrases.greeting)])

    async def says(self, words: str) -> None:
        """Let the caller speak, and run the agents until they listen again."""
        await self._turn(words)

    async def presses(self, keys: str) -> None:
        """Let the caller press keys; a tool that collects digits gets them."""
        wanted = self._journal.conversation.collecting
        await self._turn(self._thinker.keys_told(keys, wanted), keys=keys, wanted=wanted)

    async def _turn(
        self, words: str, *, keys: str = "", wanted: DigitsWanted | None = None
    ) -> None:
        record = self._taken(words, keys=bool(keys))
        said: list[tuple[str, str]] = []
        closings: list[Closing] = []
        thought = Thought(
            record=record,
            say=lambda piece, agent: said.append((agent, piece)),
            close=lambda owed: closings.extend(self._closings.wanted(owed)),
            mark=lambda: record.marks.words_known(self._loop.time()),
            waited=record.marks.waited,
        )
        try:
            if wanted is not None:
                await self._thinker.use(thought, wanted, keys)
            await self._thinker.think(thought)
        except EngineFailed as failure:
            said.append((self.agent, self._stumbled(record.turn, failure)))
        self._heard(record, said or [(self.agent, self._stage.phrases.empty)])
        if closings:
            self.ended = closings[-1]
            self._journal.write(self._closings.fact(self.ended), urgent=True)

    def _taken(self, words: str, *, keys: bool) -> TurnRecord:
        """Begin a turn with the caller's words, or keys."""
        now = self._loop.time()
        record = TurnRecord(turn=self._journal.conversation.turn + 1, caller=[words])
        record.marks = Marks(decided=now, text=now)
        said = CallerSaid(turn=record.turn, text=words, keys=keys)
        self._journal.write(said, urgent=True)
        return record

    def _stumbled(self, turn: int, failure: EngineFailed) -> str:
        """Note why there is no answer; return what is said instead."""
        cause = str(failure.error.cause)
        self._journal.write(EngineStumbled(engine="thinking", cause=cause, spoken=True))
        self.failures[turn] = str(failure)
        return self._stage.phrases.apology

    def _heard(self, record: TurnRecord, said: list[tuple[str, str]]) -> None:
        """End a turn: without a telephone, all that was said was heard at once."""
        record.marks.words_known(self._loop.time())
        record.marks.audio = record.marks.sent = record.marks.words
        record.reply = [piece for _, piece in said]
        record.keep(said)
        for fact in record.heard_facts(done=True):
            self._journal.write(fact)
        done = record.done(self.agent, interrupted=False)
        self.spoken.append((done.caller, done.heard))
        self._journal.write(done)


@dataclass(slots=True)
class Talked:
    """A text call: `live` while it goes on, `record` and `log` once it is over."""

    live: Talk
    record: Mapping[str, Any] = field(default_factory=dict)
    log: tuple[LogEntry, ...] = ()


@asynccontextmanager
async def talking(order: TalkOrder, chat: Chat) -> AsyncGenerator[Talked]:
    """Hold a text call on a fresh practice bank; its record is there when the block ends."""
    leg = Leg(connection_id="", direction=Direction.INBOUND, caller=order.caller, called="")
    session = Session(
        call_id=order.call_id, epoch=EPOCH, token="", scenario=order.scenario, leg=leg
    )
    plane = MemoryPlane(session)
    reporter = Reporter(plane, call_id=order.call_id, epoch=EPOCH, token="", wall_clock=time.time)
    with TemporaryDirectory(prefix="artvoice-talk-") as folder:
        customers = SqliteCustomers(Path(folder) / "customers.db", today=order.today)
        catalog = RegistryCatalog(customers, today=lambda: order.today)
        async with asyncio.TaskGroup() as telling:
            telling.create_task(reporter.run())
            try:
                async with asyncio.TaskGroup() as tasks:
                    talk = Talk(
                        session,
                        chat,
                        catalog,
                        reporter=reporter,
                        settings=order.settings,
                        tasks=tasks,
                    )
                    talked = Talked(talk)
                    await talk.greet(order.known)
                    yield talked
            finally:
                reporter.close()
    talked.log = tuple(plane.log)
    talked.record = {
        **call_record(order.call_id, talked.log),
        "scenario": order.scenario.name,
        "agent": talk.agent,
        "ended": talk.ended.kind if talk.ended else "open",
        "failures": talk.failures,
    }
