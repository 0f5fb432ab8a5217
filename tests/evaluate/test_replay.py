"""A call shown again from its log, and its caller with other agents."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from adapters.scripted_brain import ScriptedBrain
from adapters.sqlite_calls import SqliteCalls
from core import facts as f
from core.call_store import NewFact, StoredCall
from core.phrases import PHRASES
from core.record import call_record
from core.wordless import without_words, wordless
from localdev.replay.again import changed_scenario, lines_of, pairs, say_again
from localdev.replay.folding import verdict
from localdev.replay.source import Recorded, Unavailable, from_host, from_store
from localdev.replay.timeline import moments
from registries import CatalogError
from tests.control.stack import CALLED, CALLER, stack

AGENT = "BankingConcierge"
KEY = "function-key-of-the-tests"


def turn(n: int, caller: str, heard: str) -> tuple[f.Fact, ...]:
    return (
        *((f.CallerSaid(turn=n, text=caller),) if caller else ()),
        f.AgentHeard(turn=n, agent=AGENT, text=heard[:5]),
        f.AgentHeard(turn=n, agent=AGENT, text=heard, done=True),
        f.TurnDone(turn=n, agent=AGENT, caller=caller, reply=heard, heard=heard),
    )


TALK = (
    f.Offered(direction=f.Direction.INBOUND),
    f.Answered(connection_id="leg"),
    f.Connected(connection_id="leg"),
    f.SessionOpened(epoch=1, relay_id="r"),
    f.Remembered(slots={"caller_name": "Maria"}),
    *turn(0, "", "Hello Maria."),
    *turn(1, "What's my balance?", "Who are you?"),
    *turn(2, "Goodbye.", "Bye."),
    f.Disconnected(),
)


def recorded(
    facts: Sequence[f.Fact] = TALK, *, archived: int | None = None, **record: Any
) -> Recorded:
    """Return a call whose record was written after so many of its entries."""
    log = tuple(
        f.LogEntry(n=n, at=1000.0 + n, source="test", source_id=str(n), fact=fact)
        for n, fact in enumerate(facts, start=1)
    )
    kept = {**call_record("c", log[:archived]), "scenario": "banking", **record}
    return Recorded(call_id="c", record=kept, log=log, origin="here")


def test_a_log_that_gives_the_record_agrees() -> None:
    assert verdict(recorded()).differences == ()


def test_what_came_after_the_record_was_written_is_no_difference() -> None:
    late = recorded((*TALK, *turn(3, "", "One more word.")), archived=len(TALK))

    found = verdict(late)

    assert (found.differences, found.later) == ((), 3)


def test_a_record_that_says_something_else_is_told_field_by_field() -> None:
    turns = [{**each} for each in recorded().record["turns"]]
    turns[1]["heard"] = "I am you."

    found = verdict(recorded(outcome="failed", turns=turns))

    assert found.differences == (
        "outcome: the log says 'completed', the record says 'failed'",
        "turn 1, heard: the log says 'Who are you?', the record says 'I am you.'",
    )


def test_a_call_whose_words_were_not_kept_agrees_too() -> None:
    whole = recorded()
    log = tuple(replace(entry, fact=wordless(entry.fact)) for entry in whole.log)

    found = verdict(replace(whole, record=without_words(whole.record), log=log))

    assert found.differences == ()


def test_the_timeline_shows_life_and_talk_once_and_in_order() -> None:
    told = moments(recorded().log)

    assert told[0].at_s == 0.0
    assert [moment.n for moment in told] == sorted(moment.n for moment in told)
    assert [moment.what for moment in told if moment.who == "caller"] == [
        "\u201cWhat's my balance?\u201d",
        "\u201cGoodbye.\u201d",
    ]
    assert [moment.what for moment in told if moment.who == AGENT] == [
        "\u201cHello Maria.\u201d",
        "\u201cWho are you?\u201d",
        "\u201cBye.\u201d",
    ]
    assert told[-1].what == "disconnected"


async def test_a_store_is_read_while_its_host_is_down_and_stays_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "calls.db"
    store = SqliteCalls(file)
    call = StoredCall(
        call_id="c", created_at=1.0, direction=f.Direction.INBOUND, caller="+1", called="+2",
        scenario="banking", scenario_sha="s",
    )  # fmt: skip
    await store.claim(call)
    facts = [NewFact(source="t", source_id=str(n), fact=fact) for n, fact in enumerate(TALK[1:])]
    await store.append("c", facts)
    while_open = from_store(file, "c")
    await store.aclose()
    before = contents(tmp_path)

    last = from_store(file, "last")

    assert while_open.log == last.log
    assert [entry.fact for entry in last.log] == list(TALK)
    assert verdict(last).differences == ()
    assert contents(tmp_path) == before


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_call_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="there is no store"):
        from_store(tmp_path / "calls.db", "c")


async def test_a_running_host_gives_record_and_log_page_by_page(tmp_path: Path) -> None:
    async with stack(tmp_path, function_key=KEY) as it:
        call = await it.simulator.ring(from_=CALLER, to=CALLED)
        session = await it.relay.session()
        await call.until("connected")
        said = [f.Remembered(slots={f"slot{n}": n}) for n in range(150)]
        await it.relay.report(session, *said, *turn(1, "Hello.", "Hello to you."))
        call.hang_up()
        await it.over(session.call_id)

        found = await from_host(it.host.url, "last", KEY)

        with pytest.raises(Unavailable, match="401"):
            await from_host(it.host.url, session.call_id)
        with pytest.raises(Unavailable, match="404"):
            await from_host(it.host.url, "nobody", KEY)
    assert found.call_id == session.call_id
    assert [entry.n for entry in found.log] == list(range(1, len(found.log) + 1))
    assert len(found.log) > 150
    assert verdict(found).differences == ()


async def test_a_page_of_a_log_begins_where_it_is_told_to(tmp_path: Path) -> None:
    async with stack(tmp_path) as it:
        call = await it.simulator.ring(from_=CALLER, to=CALLED)
        session = await it.relay.session()
        await call.until("connected")
        path = f"api/v1/calls/{session.call_id}/log"

        _, page = await it.get(f"{path}?after=1&limit=1")
        bad = [(await it.get(f"{path}?{query}"))[0] for query in ("after=-1", "limit=0")]

    assert ([entry["n"] for entry in page["entries"]], page["more"]) == ([2], True)
    assert bad == [400, 400]


# --- with other agents ----------------------------------------------------------------------------


def polite(folder: Path) -> Path:
    """Write agents of which one greets otherwise; all else is as it ships."""
    changed = folder / "changed"
    (changed / "banking_concierge").mkdir(parents=True)
    (changed / "banking_concierge" / "agent.yaml").write_text(
        "name: BankingConcierge\ngreeting: Good day.\ntools: [get_account_summary]\n"
        "handoff: {trigger: handoff_concierge}\nfallback: Pardon?\n"
    )
    return changed


async def test_the_callers_lines_are_said_to_changed_agents(tmp_path: Path) -> None:
    call = recorded()

    scenario = changed_scenario("banking", polite(tmp_path))
    now = await say_again(call, scenario, ScriptedBrain())

    greeting, *others = pairs(call.record, now)
    assert lines_of(now) == lines_of(call.record)
    assert (greeting.now or {})["heard"] == "Good day."
    assert greeting.words
    assert [pair.line for pair in others] == ["What's my balance?", "Goodbye."]
    assert [run["name"] for run in now["turns"][1]["tools"]] == ["get_account_summary"]
    assert others[0].deeds


async def test_unchanged_agents_do_the_same_again(tmp_path: Path) -> None:
    scenario = changed_scenario("banking", tmp_path)
    first = await say_again(recorded(), scenario, ScriptedBrain())
    call = recorded(turns=first["turns"])

    now = await say_again(call, scenario, ScriptedBrain())

    assert [(pair.deeds, pair.words) for pair in pairs(call.record, now)] == [(False, False)] * 3


async def test_what_was_said_about_the_recording_is_said_to_no_agent(tmp_path: Path) -> None:
    words = PHRASES["en"]
    greeting = f"Hello Maria. {words.may_record}"
    call = recorded(
        (
            *TALK[:4],
            *turn(0, "", greeting),
            *turn(1, "Yes.", words.recorded),
            *turn(2, "What's my balance?", "Who are you?"),
        )
    )
    again = {"turns": [{**call.record["turns"][0], "heard": "Hello Maria."}]}

    first, *rest = pairs(call.record, again)

    assert lines_of(call.record) == ["What's my balance?"]
    assert not first.words
    assert [pair.line for pair in rest] == ["What's my balance?"]


async def test_lines_after_the_end_have_no_answer(tmp_path: Path) -> None:
    call = recorded((*TALK, *turn(3, "Are you there?", "Yes.")))

    now = await say_again(call, changed_scenario("banking", tmp_path), ScriptedBrain())

    *_, goodbye, after = pairs(call.record, now)
    assert (goodbye.now or {})["tools"][0]["name"] == "end_call"
    assert after.now is None
    assert after.deeds


def test_changed_agents_with_mistakes_are_told_by_file(tmp_path: Path) -> None:
    changed = polite(tmp_path)
    (changed / "banking_concierge" / "agent.yaml").write_text("nam: x\n")

    with pytest.raises(CatalogError, match=r"changed/banking_concierge/agent\.yaml: nam"):
        changed_scenario("banking", changed)
