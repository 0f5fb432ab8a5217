"""What a conversation was expected to come to, beside what it came to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from localdev.evaluate.checked import (
    ANSWERED,
    GREETED,
    HEARD,
    ONE_EACH,
    UNFAILING,
    Check,
    Checked,
    CheckedTurn,
)
from localdev.evaluate.files import (
    Conversation,
    EndShape,
    ExpectShape,
    ToolShape,
    TurnShape,
)
from localdev.evaluate.words import is_meant, is_said

Turn = Mapping[str, Any]
RELAY_PARTS = ("stt", "llm_first_token", "tool", "tts_first_audio", "sent")
ENGINES = ("hearing", "thinking", "speaking")
_NOTHING: Turn = {"agent": "", "heard": "", "tools": [], "handoffs": [], "latency_ms": {}}
UNTIMED = "greeting: how soon it comes is measured on a telephone only (--audio)"


def check(conversation: Conversation, record: Mapping[str, Any]) -> Checked:
    """Compare a record with what was expected.

    Beside a call's turns the record says `ended` (hang_up, transfer, open), the last `agent`, and
    `failures` by turn; of a telephone call `greeted_ms`, how long the caller waited for the first
    words. A turn that is missing was never heard: the call was over, or no words were recognised.
    """
    shape = conversation.shape
    answers = [turn for turn in record["turns"] if turn["caller"]]
    failures: Mapping[int, str] = record.get("failures", {})
    on_telephone = "greeted_ms" in record
    welcome = shape.greeting if on_telephone else _untimed(shape.greeting)
    turns = [_turn(0, TurnShape(expect=welcome), _greeting(record), {})]
    written = shape.turns or tuple(
        TurnShape.model_construct(say=turn["caller"]) for turn in answers
    )
    for n, wanted in enumerate(written, start=1):
        turn = answers[n - 1] if n <= len(answers) else _missing(record)
        turns.append(_turn(n, wanted, turn, failures))
    end = [*_end(shape.end, record), *_checks(shape.overall, _together(record, answers))]
    if shape.simulate is not None and not answers:
        end.append(Check(name=HEARD, reason="not a word of his came to the agents"))
    if on_telephone and (failed := _failed(record)):
        end.append(Check(name=UNFAILING, reason=failed))
    if len(answers) > len(written):
        found = f"the caller's {len(written)} lines were heard as {len(answers)} turns"
        end.append(Check(name=ONE_EACH, reason=found))
    return Checked(
        name=shape.name,
        file=conversation.file,
        description=shape.description,
        ended=_ended(record),
        turns=tuple(turns),
        checks=tuple(end),
        notes=(UNTIMED,) if welcome != shape.greeting else (),
    )


def wait_of(latency: Mapping[str, Any]) -> float | None:
    """Return the caller's wait in ms: as he measured it, else the relay's own part of it.

    None if neither is known: nobody heard an answer begin.
    """
    if "total" in latency:
        return float(latency["total"])
    parts = [float(latency[part]) for part in RELAY_PARTS if part in latency]
    return round(sum(parts), 1) if parts else None


def _untimed(greeting: ExpectShape) -> ExpectShape:
    """Return what can be expected of a greeting in text: its words are there at once."""
    return greeting.model_copy(update={"max_ms": None})


def _greeting(record: Mapping[str, Any]) -> Turn:
    """Return the first turn with what the caller waited for it; in it only the agent speaks."""
    first = next(iter(record["turns"]), None)
    if first is None or first["caller"]:
        first = _NOTHING
    waited = record.get("greeted_ms")
    return {**first, "latency_ms": {} if waited is None else {"total": waited}}


def _together(record: Mapping[str, Any], answers: Sequence[Turn]) -> Turn:
    """Return all turns as one; its wait is the longest for an answer, known if all are."""
    turns = record["turns"]
    waits = [wait_of(turn["latency_ms"]) for turn in answers]
    known = [wait for wait in waits if wait is not None]
    return {
        "agent": record["agent"],
        "heard": " ".join(turn["heard"] for turn in turns),
        "tools": [run for turn in turns for run in turn["tools"]],
        "handoffs": [each for turn in turns for each in turn["handoffs"]],
        "latency_ms": {"total": max(known)} if known and len(known) == len(waits) else {},
    }


def _missing(record: Mapping[str, Any]) -> Turn:
    why = "the call was over before this was said" if record["ended"] != "open" else "not heard"
    return {**_NOTHING, "missing": why}


def _turn(n: int, wanted: TurnShape, turn: Turn, failures: Mapping[int, str]) -> CheckedTurn:
    checks = list(_checks(wanted.expect, turn))
    wrong = turn.get("missing") or failures.get(n, "") or _unheard(turn)
    if wrong:
        checks.insert(0, Check(name=ANSWERED if n else GREETED, reason=wrong))
    return CheckedTurn(
        n=n,
        line=wanted.line,
        understood=_understood(wanted, turn),
        agent=turn["agent"],
        said=turn["heard"],
        tools=tuple(turn["tools"]),
        handoffs=tuple(each["to"] for each in turn["handoffs"]),
        wait_ms=wait_of(turn["latency_ms"]),
        checks=tuple(checks),
    )


def _unheard(turn: Turn) -> str:
    """Return why a turn is none for the caller, whatever was thought and done in it."""
    if turn["heard"] or turn.get("interrupted"):  # he cut in at its first sound
        return ""
    meant = turn.get("reply", "")
    return f"nothing was heard of {_quoted(meant)}" if meant else "nothing was heard"


def _failed(record: Mapping[str, Any]) -> str:
    """Return which engines failed so that he noticed; a call does not tell in which turn."""
    return ", ".join(
        f"{stumble['engine']} failed ({stumble['cause']})"
        for stumble in record.get("stumbles", ())
        if stumble["spoken"] and stumble["engine"] in ENGINES and stumble["cause"] != "length"
    )


def _understood(wanted: TurnShape, turn: Turn) -> str:
    if wanted.say is None:  # keys are what they are
        return ""
    words = str(turn.get("caller", ""))
    return "" if _letters(words) == _letters(wanted.say) else words


def _letters(text: str) -> str:
    return "".join(letter for letter in text.casefold() if letter.isalnum())


def _checks(expect: ExpectShape, turn: Turn) -> Iterator[Check]:
    yield from _tool_checks(expect, turn["tools"])
    said, agents = turn["heard"], [each["to"] for each in turn["handoffs"]]
    if expect.handoff is not None:
        found = "" if expect.handoff in agents else f"handed to {_listed(agents)}"
        yield Check(name=f"hands off to {expect.handoff}", reason=found)
    if expect.agent is not None:
        found = "" if expect.agent == turn["agent"] else f"{turn['agent'] or 'nobody'} did"
        yield Check(name=f"{expect.agent} answers", reason=found)
    if expect.say_any:
        found = "" if any(is_said(words, said) for words in expect.say_any) else _said(said)
        yield Check(name=f"says {' or '.join(map(_quoted, expect.say_any))}", reason=found)
    for words in expect.must_say:
        found = "" if is_said(words, said) else _said(said)
        yield Check(name=f"says {_quoted(words)}", reason=found)
    for words in expect.must_not_say:
        found = _said(said) if is_said(words, said) else ""
        yield Check(name=f"does not say {_quoted(words)}", reason=found)
    if expect.max_ms is not None:
        late = _late(wait_of(turn["latency_ms"]), expect.max_ms)
        yield Check(name=f"answers within {expect.max_ms:g} ms", reason=late)


def _late(wait: float | None, limit: float) -> str:
    if wait is None:
        return "nobody heard when an answer began"
    return f"it took {wait:.0f} ms" if wait > limit else ""


def _tool_checks(expect: ExpectShape, runs: Sequence[Mapping[str, Any]]) -> Iterator[Check]:
    used = [run["name"] for run in runs]
    if expect.tools == ():
        yield Check(name="uses no tool", reason=f"used {_listed(used)}" if used else "")
    after = 0
    for wanted in expect.tools or ():
        at = next((n for n in range(after, len(runs)) if _is(wanted, runs[n])), None)
        after = after if at is None else at + 1
        yield Check(name=_wish(wanted), reason=_instead(wanted, runs) if at is None else "")
    for name in expect.must_not_use:
        yield Check(name=f"does not use {name}", reason="it was used" if name in used else "")


def _is(wanted: ToolShape, run: Mapping[str, Any]) -> bool:
    return (
        run["name"] == wanted.name
        and wanted.ok in (None, run["ok"])
        and is_meant(wanted.arguments, dict(run["arguments"]))
    )


def _wish(wanted: ToolShape) -> str:
    given = ", ".join(f"{name}={value!r}" for name, value in wanted.arguments.items())
    outcome = {None: "", True: ", which succeeds", False: ", which is refused"}[wanted.ok]
    return f"uses {wanted.name}{f'({given})' if given else ''}{outcome}"


def _instead(wanted: ToolShape, runs: Sequence[Mapping[str, Any]]) -> str:
    same = [run for run in runs if run["name"] == wanted.name]
    if not same:
        return f"used {_listed([run['name'] for run in runs])}"
    run = same[-1]
    given = ", ".join(f"{name}={value!r}" for name, value in run["arguments"].items())
    outcome = "which succeeded" if run["ok"] else f"which failed ({run['error']})"
    order = ", in another order" if _is(wanted, run) else ""
    return f"used {wanted.name}({given}), {outcome}{order}"


def _end(wanted: EndShape, record: Mapping[str, Any]) -> Iterator[Check]:
    if wanted.ended is not None:
        found = "" if wanted.ended == record["ended"] else f"it was left {_ended(record)}"
        yield Check(name=f"is left {_in_words(wanted.ended, '')}", reason=found)
    if wanted.target is not None:
        target = _target(record)
        found = "" if wanted.target == target else f"to {target or 'nobody'}"
        yield Check(name=f"is transferred to {wanted.target}", reason=found)
    if wanted.agent is not None:
        found = "" if wanted.agent == record["agent"] else f"with {record['agent']}"
        yield Check(name=f"is left with {wanted.agent}", reason=found)


def _target(record: Mapping[str, Any]) -> str:
    asked = [each for each in record["timeline"] if each["kind"] == "transfer_requested"]
    return str(asked[-1]["target"]) if asked else ""


def _ended(record: Mapping[str, Any]) -> str:
    return _in_words(record["ended"], _target(record))


def _in_words(ended: str, target: str) -> str:
    match ended:
        case "hang_up":
            return "by the agent's goodbye"
        case "transfer":
            return f"by a transfer to {target}" if target else "by a transfer"
        case _:
            return "open"


def _said(text: str) -> str:
    return f"said {_quoted(text)}" if text else "said nothing"


def _quoted(words: str) -> str:
    return words if words.startswith("/") else f"\u201c{words}\u201d"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) or "none"
