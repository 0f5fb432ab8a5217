"""What stays of a call: its record."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, assert_never

from core import facts as f
from core.call import CallState, Phase, Recording, fold, step
from core.measured import total_ms

SCHEMA = 1
# What a turn is made of; other facts only say in which turn they came.
TURNED = f.CallerSaid | f.AgentHeard | f.ToolStarted | f.ToolFinished | f.HandedOff | f.TurnDone


@dataclass(slots=True, kw_only=True)
class _Turn:
    """One turn while its facts are gathered."""

    caller: list[str] = field(default_factory=list)
    keys: bool = False
    heard: dict[str, f.AgentHeard] = field(default_factory=dict)
    tools: list[dict[str, Any]] = field(default_factory=list)
    handoffs: list[dict[str, Any]] = field(default_factory=list)
    done: f.TurnDone | None = None
    later: bool = False  # more was heard after it was done: words nobody had asked for


def call_record(call_id: str, entries: Sequence[f.LogEntry]) -> dict[str, Any]:
    """Return a call as JSON: outcome, turns and a timeline of its life facts."""
    state = fold(CallState(call_id=call_id), entries)
    on_time = [entry for entry in entries if not entry.late]
    turns = _turns(on_time)
    return {
        "schema": SCHEMA,
        "call_id": call_id,
        "direction": state.direction.value,
        "phase": state.phase.value,
        "outcome": state.outcome.value if state.outcome else None,
        "ended_by": state.ended_by,
        "cause": state.cause.value if state.cause else None,
        "answered_by": _answered_by(entry.fact for entry in on_time),
        "agent": state.agent or _last_agent(turns),
        "language": _language(on_time),
        "epoch": state.epoch,
        "reconciled": state.reconciled,
        "unknown_events": state.unknown_events,
        "started_at": on_time[0].at if on_time else None,
        "ended_at": _ended_at(on_time),
        "turns": turns,
        "handoffs": [each for turn in turns for each in turn["handoffs"]],
        "timeline": [_moment(entry) for entry in entries if f.is_life(entry.fact)],
        "stumbles": list(_stumbles(on_time)),
        "decisions": list(_decisions(entries)),
        "recording": _recording(entries, state),
        "wrap_up": _wrap_up([entry.fact for entry in entries]),
    }


def _last_agent(turns: Sequence[Mapping[str, Any]]) -> str:
    """Return who spoke last in a call in which nobody handed the caller over."""
    return next((turn["agent"] for turn in reversed(turns) if turn["agent"]), "")


def _answered_by(facts: Iterable[f.Fact]) -> str | None:
    """Return who answered a call of ours; a machine may show itself after a greeting."""
    found = [fact.who for fact in facts if isinstance(fact, f.AnsweredBy)]
    return found[-1] if found else None


def _stumbles(entries: Iterable[f.LogEntry]) -> Iterator[dict[str, Any]]:
    """Yield what failed of the engines and tools, and what a content filter refused."""
    for entry in entries:
        match entry.fact:
            case f.EngineStumbled(engine=engine, cause=cause, name=name, spoken=spoken):
                told = {"engine": engine, "cause": cause, "name": name, "spoken": spoken}
            case f.Filtered(what=what):
                told = {"engine": "filter", "cause": what, "name": "", "spoken": True}
            case _:
                continue
        yield {"at": entry.at, **told}


def _decisions(entries: Iterable[f.LogEntry]) -> Iterator[dict[str, Any]]:
    """Yield what people decided about what was asked for, also when the call was over by then."""
    for fact in (entry.fact for entry in entries):
        if isinstance(fact, f.ApprovalDecided):
            told = {"subject": fact.subject, "decision": fact.decision, "ok": fact.ok}
            yield {**told, "reason": fact.reason, "text": fact.text}


def _recording(entries: Sequence[f.LogEntry], state: CallState) -> dict[str, Any] | None:
    """Return what is known of the recording; nothing if nobody was asked and none was made."""
    told: dict[str, Any] = {"consent": [], "paused": 0, "files": [], "trouble": ""}
    for entry in entries:
        match entry.fact:
            case f.ConsentDecided(decision=decision) if not entry.late:
                told["consent"].append({"decision": decision, "at": entry.at})
            case f.CommandDone(command=command, outcome="failed", code=code) if command.endswith(
                "_recording"
            ):
                told["trouble"] = f"{command}: {code}"
            case f.CommandDone(command="stop_recording" as command, outcome="ok") if told[
                "trouble"
            ].startswith(command):
                told["trouble"] = ""  # it was stopped in the end
            case f.RecordingChanged(state="failed"):
                told["trouble"] = "the carrier could not record"
            case f.CommandDone(command="pause_recording", outcome="ok"):
                told["paused"] += 1
            case f.RecordingKept(name=name, ms=ms):
                told["files"].append({"name": name, "ms": ms})
            case _:
                pass
    if not told["consent"] and state.recording is Recording.OFF:
        return None
    return {"state": state.recording.value, **told}


def _wrap_up(facts: Iterable[f.Fact]) -> dict[str, Any] | None:
    """Return what was made of a call that is over; nothing as long as nothing was."""
    analyses: list[f.CallAnalysed] = []
    steps: dict[str, f.WrapUpStep] = {}
    for fact in facts:
        match fact:
            case f.CallAnalysed():
                analyses.append(fact)
            case f.WrapUpStep(step=step, round=n) if step not in steps or n >= steps[step].round:
                steps[step] = fact
            case _:
                pass
    if not analyses and not steps:
        return None
    analysis = max(analyses, key=lambda each: each.round, default=None)
    told = _plain(analysis) if analysis else {}
    shown = {name: told[name] for name in told if name not in ("kind", "round")}
    done = {name: {"outcome": step.outcome, "code": step.code} for name, step in steps.items()}
    return {**shown, "steps": done}


def _language(entries: Sequence[f.LogEntry]) -> str | None:
    """Return the language the caller was last recognised to speak."""
    facts = (entry.fact for entry in reversed(entries))
    return next((each.language for each in facts if isinstance(each, f.LanguageRecognised)), None)


def _ended_at(entries: Iterable[f.LogEntry]) -> float | None:
    state = CallState(call_id="")
    for entry in entries:
        state, _ = step(state, entry)
        if state.phase is Phase.ENDED:
            return entry.at
    return None


def _moment(entry: f.LogEntry) -> dict[str, Any]:
    entry = f.lean(entry)
    if isinstance(entry.fact, f.Offered):  # what bounds a call is in its log
        entry = replace(entry, fact=f.Offered(direction=entry.fact.direction))
    return {"n": entry.n, "at": entry.at, "late": entry.late, **_plain(entry.fact)}


def _plain(fact: f.Fact) -> dict[str, Any]:
    plain: dict[str, Any] = f.FACT.dump_python(fact, mode="json")
    return plain


def _turns(entries: Iterable[f.LogEntry]) -> list[dict[str, Any]]:
    turns: dict[int, _Turn] = {}
    for entry in entries:
        if isinstance(entry.fact, TURNED):
            _gather(turns.setdefault(entry.fact.turn, _Turn()), entry.fact)
    return [_turn_record(n, turn) for n, turn in sorted(turns.items())]


def _gather(turn: _Turn, fact: TURNED) -> None:
    match fact:
        case f.CallerSaid(text=text, corrects=corrects, keys=keys):
            turn.keys = keys
            turn.caller[len(turn.caller) - corrects :] = [text]
        case f.AgentHeard(agent=agent):
            turn.heard[agent] = fact
            turn.later = turn.done is not None
        case f.ToolFinished(name=name, ok=ok, ms=ms, error=error, id=call):
            begun = next((run for run in turn.tools if run["id"] == call), None)
            if begun is None:
                begun = {"id": call, "arguments": {}}
                turn.tools.append(begun)
            begun.update(name=name, ok=ok, ms=ms, error=error)
        case f.ToolStarted(name=name, arguments=arguments, id=call):
            started = {"id": call, "name": name, "arguments": dict(arguments)}
            turn.tools.append({**started, "ok": False, "ms": 0, "error": "unfinished"})
        case f.HandedOff(from_agent=before, to_agent=after, reason=reason):
            turn.handoffs.append({"from": before, "to": after, "reason": reason})
        case f.TurnDone():
            turn.done, turn.later = _gone_on(turn.done, fact) if turn.done else fact, False
        case _:
            assert_never(fact)


def _gone_on(before: f.TurnDone, after: f.TurnDone) -> f.TurnDone:
    """Return a turn that one relay left and another ended; he waited for its first words."""
    spent = {
        each.name: getattr(before.usage, each.name) + getattr(after.usage, each.name)
        for each in fields(f.Usage)
        if each.name != "model"
    }
    return replace(
        after,
        reply=f"{before.heard} {after.reply}".strip(),  # the other one said the unheard rest anew
        tools=(*before.tools, *after.tools),
        handoffs=(*before.handoffs, *after.handoffs),
        latency=before.latency if total_ms(before.latency) else after.latency,
        partials_ms=before.partials_ms or after.partials_ms,
        engines={**before.engines, **after.engines},
        usage=f.Usage(**spent, model=after.usage.model or before.usage.model),
        wasted=before.wasted + after.wasted,
    )


def _turn_record(n: int, turn: _Turn) -> dict[str, Any]:
    if turn.done is None:  # the relay died in it: what it had reported is what we know
        last = list(turn.heard.values())
        text = " ".join(each.text for each in last)
        return {
            "n": n,
            "caller": " ".join(turn.caller),
            "keys": turn.keys,
            "agent": last[-1].agent if last else "",
            "reply": text,
            "heard": text,
            "interrupted": any(each.cut or each.cuts for each in last),
            "tools": [{k: v for k, v in run.items() if k != "id"} for run in turn.tools],
            "handoffs": turn.handoffs,
            "latency_ms": {},
            "partials_ms": [],
            "wasted_answers": 0,
            "engines": {},
            "usage": asdict(f.Usage()),
        }
    done = turn.done
    heard = " ".join(each.text for each in turn.heard.values()) if turn.later else done.heard
    return {
        "n": n,
        "caller": done.caller,
        "keys": turn.keys,
        "agent": done.agent,
        "reply": f"{done.reply}{heard.removeprefix(done.heard)}" if turn.later else done.reply,
        "heard": heard,
        "interrupted": done.interrupted,
        "tools": [asdict(run) for run in done.tools],
        "handoffs": [
            {"from": each.from_agent, "to": each.to_agent, "reason": each.reason}
            for each in done.handoffs
        ],
        "latency_ms": asdict(done.latency),
        "partials_ms": list(done.partials_ms),
        "wasted_answers": done.wasted,
        "engines": dict(done.engines),
        "usage": asdict(done.usage),
    }


def masked(address: str) -> str:
    """Return a phone number or user id of which only the end can be read."""
    return "*" * max(len(address) - 2, 0) + address[-2:]
