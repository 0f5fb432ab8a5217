"""An ended call is wrapped up once, step by step, whatever fails and whoever dies meanwhile."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import aiohttp
import pytest
from azure.durable_functions.models import DurableOrchestrationContext
from azure.durable_functions.orchestrator import Orchestrator

from activities import wrap_up
from adapters import orders
from adapters.archive import archive
from adapters.customers import SqliteCustomers
from adapters.plane import Plane
from core import facts as f
from core.call_store import NewFact, StoredCall
from core.chat import Finished, TextDelta
from core.errors import Cause, EngineError, EngineFailed
from core.extraction import ExtractField
from core.served import ServedBy
from core.session import SCENARIO as SCENARIOS
from localdev.functions_host.durable.clock import VirtualClock
from localdev.functions_host.durable.engine import Engine
from localdev.functions_host.durable.functions import Kind, Raised, Returned
from orchestrators.wrap_up import PAUSES, STEPS, run_wrap_up
from tests.control.fakes import SCENARIO, FakeDurable, plane_of
from tests.control.stack import CALLED, CALLER, stack

CALL = "call-1"
ID = f"{CALL}:wrap_up"
SAID = "My name is Maria Lopez and I want my overdraft fee back."
CARD = "4111 1111 1111 1111"
SOUND = {
    "summary": "The caller, Maria Lopez, wanted a fee back and got it.",
    "reason": "a fee",
    "outcome": "resolved",
    "satisfaction": "satisfied",
    "next_action": "",
    "data": {"topic": "fee"},
}
TOPIC = ExtractField(name="topic", choices=("fee", "card"))


@dataclass
class Reader:
    """A model that gives these answers, one after the other; an error is raised."""

    answers: list[object]
    served_by: str = ""
    asked: list[str] = field(default_factory=list)

    async def stream(self, request):
        self.asked.append("\n".join(getattr(m, "text", "") for m in request.messages))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        text = answer if isinstance(answer, str) else json.dumps(answer)
        if self.served_by:
            yield ServedBy(engine=self.served_by)
        for at in range(0, len(text), 30):
            yield TextDelta(text=text[at : at + 30])
        yield Finished()

    async def warm(self): ...

    async def aclose(self): ...


AWAY = EngineFailed(EngineError(cause=Cause.UNAVAILABLE))


@dataclass
class App:
    """The functions of a wrap-up. `dies`: how many runs end before or after their work."""

    plane: Plane
    dies: dict[tuple[str, str], int] = field(default_factory=dict)
    runs: list[str] = field(default_factory=list)

    def names(self, kind: Kind) -> list[str]:
        known = {Kind.ORCHESTRATOR: ["wrap_up"], Kind.ACTIVITY: ["wrap_up_step"]}
        return known.get(kind, [])

    async def run(self, kind: Kind, name: str, payload: str) -> Returned | Raised:
        if kind is Kind.ORCHESTRATOR:
            context = DurableOrchestrationContext.from_json(payload)
            return Returned(value=Orchestrator(run_wrap_up).handle(context))
        order = json.loads(payload)
        self.runs.append(order["step"])
        if self._dies(order["step"], "before"):
            return Raised(message="the process died")
        try:
            done = await wrap_up.step(
                order["call_id"], order["step"], order["round"], self.plane, last=order["last"]
            )
        except Exception as error:  # noqa: BLE001 as the worker does
            return Raised(message=repr(error))
        if self._dies(order["step"], "after"):
            return Raised(message="the process died")
        return Returned(value=json.dumps({"outcome": done}))

    def _dies(self, step: str, when: str) -> bool:
        left = self.dies.get((step, when), 0)
        self.dies[step, when] = left - 1
        return left > 0


@dataclass
class Over:
    """A call that is over, and what the engine does about it."""

    app: App
    engine: Engine

    @property
    def plane(self) -> Plane:
        return self.app.plane

    async def wrapped(self) -> dict:
        """Let the wrap-up come to its end; return the record."""
        self.engine.start("wrap_up", ID, json.dumps(json.dumps({"call_id": CALL, "round": 0})))
        await self.engine.settled()
        while self.engine.status(ID).status not in ("Completed", "Failed"):
            await self.engine.advance(PAUSES[-1].total_seconds())
        return await self.record()

    async def record(self) -> dict:
        call = await self.plane.store.call(CALL)
        assert call is not None
        assert call.record is not None
        return call.record

    async def file(self, name: str) -> str:
        content = await self.plane.blobs.get(name)
        return content.decode() if content is not None else ""

    def notes(self) -> list[tuple[str, str]]:
        today = datetime.fromtimestamp(self.plane.clock(), UTC).date()
        customers = SqliteCustomers(self.plane.settings.customers_path, today=today)
        return [(note.call_id, note.summary) for note in customers.call_notes("maria_lopez")]


TALK = (
    f.CallerSaid(turn=1, text=SAID),
    f.Remembered(slots={"client_id": "maria_lopez", "caller_name": "Maria"}),
    f.ToolFinished(turn=1, id="t1", name="refund_fee", ok=True),
    f.TurnDone(
        turn=1, agent="A", caller=SAID, reply="Done, Maria. Anything else for you today?",
        heard="Done, Maria.", interrupted=True,
        tools=(f.ToolRun(name="refund_fee", arguments={}, ok=True),),
    ),
    f.CallerSaid(turn=2, text=f"My card is {CARD}."),
    f.TurnDone(turn=2, agent="A", caller=f"My card is {CARD}.", reply="Bye.", heard="Bye."),
)  # fmt: skip


@asynccontextmanager
async def over(tmp_path, *talk, reader=None, telemetry=None, **settings):
    clock = VirtualClock()
    settings = {"STORE_PATH": str(tmp_path), "CHAT": "openai", **settings}
    plane = replace(plane_of(clock, **settings), analyst=reader, telemetry=telemetry)
    scenario = SCENARIOS.dump_json(replace(SCENARIO, extract=(TOPIC,))).decode()
    await plane.store.keep_snapshot("sha", scenario)
    await plane.store.claim(
        StoredCall(
            call_id=CALL, created_at=clock(), direction=f.Direction.INBOUND, caller=CALLER,
            called=CALLED, scenario="banking", scenario_sha="sha",
        )
    )  # fmt: skip
    life = (f.Answered(connection_id="leg"), f.Connected(connection_id="leg"))
    facts = (*life, *(talk or TALK), f.Disconnected())
    await plane.store.append(CALL, [said(n, fact) for n, fact in enumerate(facts)])
    await archive(CALL, plane)
    app = App(plane)
    engine = Engine(":memory:", app, clock=clock)
    engine.open()
    try:
        yield Over(app=app, engine=engine)
    finally:
        await engine.drain(1)
        engine.close()
        await plane.aclose()


def said(n, fact):
    return NewFact(source="test", source_id=str(n), fact=fact)


# --- what comes of a call -------------------------------------------------------------------------


async def test_a_model_says_what_the_call_was_about_and_nobody_is_named(tmp_path):
    reader = Reader([SOUND])
    async with over(tmp_path, reader=reader) as it:
        record = await it.wrapped()

        wrapped = record["wrap_up"]
        assert wrapped["summary"] == "The caller, [name], wanted a fee back and got it."
        assert (wrapped["by"], wrapped["outcome"]) == ("openai", "resolved")
        assert wrapped["data"] == {"topic": "fee"}
        assert wrapped["steps"] == {
            "analysis": {"outcome": "ok", "code": ""}, "customer": {"outcome": "ok", "code": ""},
        }  # fmt: skip
        assert len(reader.asked) == 1
        assert [each for each in ("Maria", "Lopez", CARD) if each in reader.asked[0]] == []
        assert it.notes() == [(CALL, "The caller, [name], wanted a fee back and got it.")]


class Told:
    """Telemetry that remembers."""

    def __init__(self):
        self.spans, self.figures = [], []

    def add(self, call_id, span, figures=()):
        self.spans.append((call_id, span))
        self.figures += figures


async def test_each_request_to_the_model_that_reads_a_call_is_measured(tmp_path):
    told = Told()
    async with over(tmp_path, reader=Reader(["no JSON", SOUND]), telemetry=told) as it:
        await it.wrapped()

    asked = [span for call_id, span in told.spans if call_id == CALL and span.kind == "client"]
    assert [(span.name, span.error) for span in asked] == [("chat", ""), ("chat", "")]
    assert {span.attributes["gen_ai.agent.name"] for span in asked} == {"wrap_up"}
    assert "gen_ai.client.operation.duration" in {figure.name for figure in told.figures}


@pytest.mark.parametrize(
    ("chat", "served_by", "by"),
    [("scripted, openai", "", "openai"), ("openai,azure_openai", "azure_openai", "azure_openai")],
)
async def test_the_record_names_the_model_that_read_the_call(tmp_path, chat, served_by, by):
    async with over(tmp_path, reader=Reader([SOUND], served_by), CHAT=chat) as it:
        assert (await it.wrapped())["wrap_up"]["by"] == by


async def test_the_transcript_tells_what_was_heard_and_what_was_cut(tmp_path):
    async with over(tmp_path, reader=Reader([SOUND])) as it:
        await it.wrapped()
        text = await it.file(f"transcripts/{CALL}.md")

        assert f"**Caller:** {SAID}" in text
        assert (
            "**A:** Done, Maria. *(interrupted; not heard: ~~Anything else for you today?~~)*"
            in text
        )
        assert "*refund_fee: ok*" in text
        assert "> - Outcome: resolved" in text
        assert json.loads(await it.file(f"transcripts/{CALL}.json"))["wrap_up"]["by"] == "openai"


async def test_what_is_kept_for_analysis_names_nobody(tmp_path):
    async with over(tmp_path, reader=Reader([SOUND])) as it:
        await it.wrapped()
        kept = await it.file(f"analysis/{CALL}.json")

        assert [each for each in ("Maria", "Lopez", CARD, CALLER) if each in kept] == []
        assert "overdraft fee back" in kept
        assert "[card]" in kept


async def test_without_a_model_the_facts_are_counted_up_and_the_record_says_so(tmp_path):
    async with over(tmp_path) as it:
        wrapped = (await it.wrapped())["wrap_up"]

        assert wrapped["by"] == "facts"
        assert wrapped["reason"] == "My name is [name] and I want my overdraft fee back."
        assert "Done: refund_fee." in wrapped["summary"]
        assert (wrapped["outcome"], wrapped["satisfaction"]) == ("unknown", "unknown")
        assert wrapped["data"] == {"topic": None}


async def test_what_a_caller_says_of_being_recorded_is_not_why_he_calls(tmp_path):
    words = ("No, please do not record.", "I lost my card.")
    talk = [f.CallerSaid(turn=n, text=text) for n, text in enumerate(words, start=1)]
    async with over(tmp_path, *talk) as it:
        assert (await it.wrapped())["wrap_up"]["reason"] == "I lost my card."


async def test_words_that_may_not_stay_are_shown_to_no_model_and_kept_nowhere(tmp_path):
    reader = Reader([SOUND])
    async with over(tmp_path, reader=reader, KEEP_TRANSCRIPT="false") as it:
        wrapped = (await it.wrapped())["wrap_up"]

        assert reader.asked == []
        assert (wrapped["by"], wrapped["summary"], wrapped["data"]) == ("facts", "", {})
        assert it.plane.blobs.files == {}


async def test_a_call_whose_words_may_not_stay_is_noted_by_what_was_done_in_it(tmp_path):
    async with over(tmp_path, reader=Reader([SOUND]), KEEP_TRANSCRIPT="false") as it:
        await it.wrapped()
        log = (await it.plane.store.log(CALL)).entries

        assert it.notes() == [(CALL, "Done: refund_fee. The call: completed, ended by caller.")]
        remembered = [entry.fact for entry in log if isinstance(entry.fact, f.Remembered)]
        assert remembered == [f.Remembered(slots={"client_id": "maria_lopez"})]


async def test_a_caller_who_proved_nothing_gets_no_note(tmp_path):
    async with over(tmp_path, f.CallerSaid(turn=1, text=SAID)) as it:
        steps = (await it.wrapped())["wrap_up"]["steps"]

        assert steps["customer"] == {"outcome": "skipped", "code": "nobody was identified"}
        assert it.notes() == []


# --- what goes wrong ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [
        "I would say it went well.",
        "{",
        "[1]",
        {**SOUND, "outcome": "great"},
        {**SOUND, "summary": None},
        {**SOUND, "data": {"topic": "weather"}},
        {**SOUND, "data": {"topic": "fee", "more": 1}},
        {**SOUND, "data": []},
    ],
)
async def test_a_model_is_told_what_is_wrong_with_its_answer(tmp_path, wrong):
    reader = Reader([wrong, SOUND])
    async with over(tmp_path, reader=reader) as it:
        wrapped = (await it.wrapped())["wrap_up"]

        assert wrapped["by"] == "openai"
        assert len(reader.asked) == 2
        assert "That will not do" in reader.asked[1]


async def test_an_answer_in_a_fence_is_taken(tmp_path):
    reader = Reader([f"Here you are:\n```json\n{json.dumps(SOUND)}\n```"])
    async with over(tmp_path, reader=reader) as it:
        assert (await it.wrapped())["wrap_up"]["outcome"] == "resolved"
        assert len(reader.asked) == 1


async def test_a_model_that_never_learns_is_given_up_and_the_facts_speak(tmp_path):
    reader = Reader(["no"])
    async with over(tmp_path, reader=reader) as it:
        record = await it.wrapped()

        assert record["wrap_up"]["by"] == "facts"
        assert record["wrap_up"]["steps"]["analysis"] == {"outcome": "failed", "code": "Unreadable"}
        assert len(reader.asked) == 3 * (1 + len(PAUSES))
        assert SAID in await it.file(f"transcripts/{CALL}.md")
        assert it.notes()[0][0] == CALL


async def test_a_model_that_comes_back_is_asked_again_and_only_its_step_is_repeated(tmp_path):
    async with over(tmp_path, reader=Reader([AWAY, AWAY, SOUND])) as it:
        record = await it.wrapped()

        assert record["wrap_up"]["by"] == "openai"
        assert it.app.runs == ["transcript", *["analysis"] * 3, "customer", "publish"]


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("step", STEPS)
async def test_a_crash_at_any_step_changes_nothing(tmp_path, step, when):
    reader = Reader([SOUND])
    async with over(tmp_path, reader=reader) as it:
        it.app.dies[step, when] = 2
        record = await it.wrapped()

        assert it.engine.status(ID).status == "Completed"
        assert record["wrap_up"]["by"] == "openai"
        assert len(reader.asked) == 1
        assert len(it.notes()) == 1
        log = await it.plane.store.log(CALL)
        assert [isinstance(each.fact, f.CallAnalysed) for each in log.entries].count(True) == 1


async def test_a_step_that_never_works_keeps_no_other_from_its_work(tmp_path):
    async with over(tmp_path, reader=Reader([SOUND])) as it:
        it.app.dies["customer", "before"] = 99
        record = await it.wrapped()

        assert json.loads(it.engine.status(ID).output)["steps"]["customer"] == "failed"
        assert record["wrap_up"]["by"] == "openai"
        assert it.notes() == []


async def test_words_that_come_late_are_analysed_too_and_count_more(tmp_path):
    late = {**SOUND, "summary": "More was said."}
    async with over(tmp_path, reader=Reader([SOUND, late])) as it:
        await it.wrapped()
        entry = (
            await it.plane.store.append(CALL, [said("late", f.CallerSaid(turn=3, text="Bye."))])
        )[0]
        durable = FakeDurable()
        await orders.wrap_up(CALL, durable, round_=entry.n)
        for step in STEPS:
            await wrap_up.step(CALL, step, entry.n, it.plane, last=False)

        assert durable.begun == [("wrap_up", f"{ID}:{entry.n}")]
        assert (await it.record())["wrap_up"]["summary"] == "More was said."
        assert it.notes() == [(CALL, "More was said.")]
        assert "Bye." in await it.file(f"transcripts/{CALL}.md")


# --- through the doors ----------------------------------------------------------------------------


async def talked(it, *facts, faults=()):
    """Let a call be talked in and hung up, and wait until all is done; return its id."""
    call = await it.simulator.ring(from_=CALLER, to=CALLED, faults=list(faults))
    session = await it.relay.session()
    await call.until("connected")
    await it.relay.report(session, *facts)
    call.hang_up()
    await it.over(session.call_id)
    await it.over(f"{session.call_id}:wrap_up")
    return session


async def test_a_call_is_wrapped_up_and_read_over_rest(tmp_path):
    async with stack(tmp_path) as it:
        session = await talked(it, *TALK)
        where = f"api/v1/calls/{session.call_id}"
        _, record = await it.get(where)
        _, as_json = await it.get(f"{where}/transcript")
        status, _ = await it.get("api/v1/calls/nobody/transcript")
        async with (
            aiohttp.ClientSession() as http,
            http.get(
                f"{it.host.url}/{where}/transcript", headers={"Accept": "text/markdown"}
            ) as answer,
        ):
            as_text, kind = await answer.text(), answer.content_type

        assert record["wrap_up"]["by"] == "facts"
        assert record["wrap_up"]["data"]["topic"] is None
        assert as_json["turns"][0]["caller"] == SAID
        assert (kind, status) == ("text/markdown", 404)
        assert f"**Caller:** {SAID}" in as_text


async def test_a_call_whose_end_was_lost_and_doubled_is_wrapped_up_once(tmp_path):
    async with stack(tmp_path) as it:
        faults = ["drop_event:CallDisconnected", "dup_events"]
        session = await talked(it, *TALK, faults=faults)
        log = (await it.plane.store.log(session.call_id)).entries

        assert sum(isinstance(entry.fact, f.CallAnalysed) for entry in log) == 1


async def test_histories_of_wrap_ups_hold_no_words_and_nobodys_number(tmp_path):
    async with stack(tmp_path) as it:
        session = await talked(it, *TALK)
        engine = it.host.engine.history(f"{session.call_id}:wrap_up")
    files = "".join(
        path.read_bytes().decode("latin-1") for path in tmp_path.glob("hub.db*") if path.is_file()
    )

    assert "wrap_up_step" in json.dumps(engine)
    planted = (SAID, CARD, CALLER, CALLED, "overdraft", "Lopez", "maria_lopez")
    assert [each for each in planted if each in files] == []
