"""What is made of a call when it is over, one step at a time; each may be done again.

Everything that a step finds out is a fact of the call's log, and record and transcript are written
from the log: a step that fails takes nothing from what others did.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, cast

from adapters.archive import analysis as analysis_file
from adapters.archive import archive, whole_log
from adapters.plane import Plane
from adapters.providers import models_in
from core import facts as f
from core.agents import AgentSpec
from core.bank import PROVED, CallNote
from core.call_store import NewFact, StoredCall
from core.chat import ChatRequest, TextDelta
from core.errors import EngineFailed, unquoted
from core.extraction import ExtractField
from core.record import call_record
from core.served import ServedBy
from core.session import SCENARIO
from core.transcript import markdown, redacted_call
from core.wordless import wordless
from core.wrap_up import (
    MAX_ANSWER,
    REPAIRS,
    count_up,
    instructions,
    messages,
    names_in,
    read_analysis,
    without_personal_data,
)

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from core.chat import ChatEvent
    from core.ports import Chat

log = logging.getLogger("artvoice.wrap_up")

SOURCE = "wrap_up"
ANSWER_S = 60.0
READER = AgentSpec(name="wrap_up", prompt="")

Outcome = Literal["ok", "skipped", "failed"]
Log = Sequence[f.LogEntry]


class Unreadable(Exception):
    """A model that gave no sound answer, however often it was asked. Holds no words."""


async def step(call_id: str, name: str, round_: int, plane: Plane, *, last: bool) -> Outcome:
    """Do one step; its failure is raised, but `last` time it is put on record instead."""
    call = await plane.store.call(call_id)
    if call is None:
        return "skipped"  # its time was over, and everything of it was forgotten
    try:
        outcome, code = await STEPS[name](call, round_, plane)
    except Exception as error:  # of a model, a store or the blobs: no step may lose the others
        facts = {"call_id": call_id, "step": name}
        log.warning("a step of the wrap-up failed", extra=facts, exc_info=unquoted(error))
        if not last:
            raise
        outcome, code = "failed", _code(error)
        if name == "analysis":
            await _keep(call, _by_facts, round_, plane)
    if name not in ("transcript", "publish") or outcome == "failed":
        done = f.WrapUpStep(round=round_, step=name, outcome=outcome, code=code)
        await _append(call_id, f"{name}_done:{round_}", done, plane)
    return outcome


def _code(error: Exception) -> str:
    return str(error.error.cause) if isinstance(error, EngineFailed) else type(error).__name__


async def _append(call_id: str, source_id: str, fact: f.Fact, plane: Plane) -> None:
    await plane.store.append(call_id, [NewFact(source=SOURCE, source_id=source_id, fact=fact)])


# --- steps ----------------------------------------------------------------------------------------


async def _transcript(call: StoredCall, _: int, plane: Plane) -> tuple[Outcome, str]:
    await archive(call.call_id, plane)
    return "ok", ""


async def _analysis(call: StoredCall, round_: int, plane: Plane) -> tuple[Outcome, str]:
    """Have the call analysed, unless that was done: a model is not asked twice for the same."""
    if await plane.store.find(call.call_id, SOURCE, f"analysis:{round_}") is None:
        by_model = plane.analyst is not None and plane.settings.keep_transcript
        await _keep(call, _by_model if by_model else _by_facts, round_, plane)
    return "ok", ""


async def _customer(call: StoredCall, round_: int, plane: Plane) -> tuple[Outcome, str]:
    """Put a note of the call on the file of a customer who proved who he is."""
    entries = await whole_log(call.call_id, plane.store)
    client_id = _client(entries)
    if not client_id:
        return "skipped", "nobody was identified"
    analysis = await _sayable(call, entries, round_, plane)
    if analysis is None:
        return "skipped", "no analysis"
    record = call_record(call.call_id, entries)
    note = CallNote(
        call_id=call.call_id,
        at=record["ended_at"] or plane.clock(),
        summary=analysis.summary,
        outcome=analysis.outcome,
        next_action=analysis.next_action,
    )
    await asyncio.to_thread(plane.customers.note_call, client_id, note)
    return "ok", ""


async def _sayable(
    call: StoredCall, entries: Log, round_: int, plane: Plane
) -> f.CallAnalysed | None:
    """Return what a note may say of the call: where no words may stay, what was done in it."""
    if not plane.settings.keep_transcript:
        return count_up([replace(each, fact=wordless(each.fact)) for each in entries], ())
    found = await plane.store.find(call.call_id, SOURCE, f"analysis:{round_}")
    return found.fact if found and isinstance(found.fact, f.CallAnalysed) else None


async def _publish(call: StoredCall, _: int, plane: Plane) -> tuple[Outcome, str]:
    """Write record and transcript with all that was found out, and a copy without the person."""
    record = await archive(call.call_id, plane)
    if plane.settings.keep_transcript:
        entries = await whole_log(call.call_id, plane.store)
        shown = redacted_call(record, await _names(call, entries, plane))
        content = json.dumps(shown, indent=2).encode()
        await plane.blobs.put(analysis_file(call.call_id), content, "application/json")
    return "ok", ""


STEPS = {
    "transcript": _transcript,
    "analysis": _analysis,
    "customer": _customer,
    "publish": _publish,
}


# --- the analysis ---------------------------------------------------------------------------------


async def _keep(call: StoredCall, analyse: Any, round_: int, plane: Plane) -> None:
    entries = await whole_log(call.call_id, plane.store)
    names = await _names(call, entries, plane)
    made: f.CallAnalysed = await analyse(call, entries, names, plane)
    made = replace(without_personal_data(made, names), round=round_)
    await _append(call.call_id, f"analysis:{round_}", made, plane)


async def _by_facts(
    call: StoredCall, entries: Log, names: Sequence[str], plane: Plane
) -> f.CallAnalysed:
    return count_up(entries, await _wanted(call, plane))


async def _by_model(
    call: StoredCall, entries: Log, names: Sequence[str], plane: Plane
) -> f.CallAnalysed:
    """Ask the model, and tell it what was wrong, a few times. Raises EngineFailed, Unreadable."""
    record = call_record(call.call_id, entries)
    if plane.analyst is None or not any(turn["caller"] for turn in record["turns"]):
        return await _by_facts(call, entries, names, plane)  # nobody spoke: nothing to understand
    fields = await _wanted(call, plane)
    shown = markdown(redacted_call({**record, "wrap_up": None}, names))
    failed: list[tuple[str, Sequence[str]]] = []
    while len(failed) <= REPAIRS:
        request = ChatRequest(
            agent=READER,
            system=instructions(fields),
            messages=tuple(messages(shown, failed)),
        )
        with plane.asking(call.call_id, plane.analyst) as analyst:
            answer, served_by = await _answer(analyst, request)
        made, wrong = read_analysis(answer, fields)
        if made is not None:
            return replace(made, by=served_by or models_in(plane.settings)[0])
        failed.append((answer, wrong))
    raise Unreadable(f"{len(failed)} answers were not of the schema")


async def _answer(chat: Chat, request: ChatRequest) -> tuple[str, str]:
    """Return a model's words, and who it was where that is not the first of its chain."""
    parts: list[str] = []
    served_by = ""
    events = cast("AsyncGenerator[ChatEvent]", chat.stream(request))
    async with asyncio.timeout(ANSWER_S), aclosing(events):
        async for event in events:
            if isinstance(event, ServedBy):
                served_by = event.engine
            elif isinstance(event, TextDelta):
                parts.append(event.text)
                if sum(map(len, parts)) > MAX_ANSWER:
                    break
    return "".join(parts)[:MAX_ANSWER], served_by


async def _wanted(call: StoredCall, plane: Plane) -> tuple[ExtractField, ...]:
    """Return what the scenario wanted to know that the call ran on, whatever is deployed now."""
    text = await plane.store.snapshot(call.scenario_sha)
    return SCENARIO.validate_json(text).extract if text else ()


# --- who it was -----------------------------------------------------------------------------------


def _client(entries: Log) -> str:
    """Return whose customer's file a call is about: who proved it, not who seemed to call."""
    proved = ""
    for entry in entries:
        if isinstance(entry.fact, f.Remembered) and isinstance(entry.fact.slots.get(PROVED), str):
            proved = entry.fact.slots[PROVED]
    return proved


async def _names(call: StoredCall, entries: Log, plane: Plane) -> list[str]:
    """Return every name that the call's words may hold, as far as anybody here knows it."""
    names = names_in(entry.fact for entry in entries)
    person = call.called if call.direction is f.Direction.OUTBOUND else call.caller
    for customer in (
        await asyncio.to_thread(plane.customers.by_phone, person),
        await asyncio.to_thread(plane.customers.customer, _client(entries)),
    ):
        if customer is not None:
            names.add(customer.full_name)
    return sorted(names)
