"""The report of a run, beside an earlier one, and as a page."""

import copy
import json
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from adapters.scripted import ScriptedChat
from adapters.scripted_brain import ScriptedBrain
from localdev.cli.evaluate import EVALS
from localdev.evaluate.checked import not_held
from localdev.evaluate.errors import CannotRun
from localdev.evaluate.files import read_conversations
from localdev.evaluate.page import page
from localdev.evaluate.report import compare, read_baseline, report_of
from localdev.evaluate.simulating import playable
from localdev.evaluate.texting import Minds, evaluate_text
from tests.bank import TODAY
from tests.virtual_time import VIRTUAL


@pytest.fixture
def anyio_backend() -> Any:
    return VIRTUAL


async def report(chat: Any, *files: Path) -> dict[str, Any]:
    conversations = playable(read_conversations(files or [EVALS]), None)
    minds = Minds(agents=chat)
    checked = [each async for each in evaluate_text(conversations, minds, TODAY)]
    return report_of(checked, brain="scripted", mode="text")


@pytest.fixture
def goodbye() -> Path:
    return EVALS / "goodbye.yaml"


async def test_every_shipped_conversation_goes_as_expected() -> None:
    found = await report(ScriptedBrain())

    wrong = [each["name"] for each in found["conversations"] if not each["ok"]]
    assert wrong == []
    assert found["passed"] >= 8
    assert found["checks_failed"] == 0


async def test_a_brain_that_does_otherwise_fails(goodbye: Path) -> None:
    found = await report(ScriptedChat(["<b>Who are you?</b>"]), goodbye)

    (conversation,) = found["conversations"]
    assert (found["passed"], found["failed"]) == (0, 1)
    reasons = {c["name"]: c["reason"] for c in conversation["turns"][1]["checks"] if not c["ok"]}
    assert reasons["uses end_call"] == "used none"
    assert conversation["checks"][0]["reason"] == "it was left open"


async def test_the_same_run_has_no_regressions(goodbye: Path) -> None:
    found = await report(ScriptedBrain(), goodbye)

    assert compare(found, found).regressions == ()


async def test_what_was_met_before_and_is_not_now_is_named(goodbye: Path) -> None:
    good = await report(ScriptedBrain(), goodbye)
    bad = await report(ScriptedChat(["Who are you?"]), goodbye)

    worse, better = compare(bad, good), compare(good, bad)

    assert "goodbye, turn 1, uses end_call: used none" in worse.regressions
    assert len(worse.regressions) == len(better.fixed) == 3
    assert better.regressions == ()


async def test_a_brain_that_fails_now_and_answered_before_is_a_regression(goodbye: Path) -> None:
    good = await report(ScriptedBrain(), goodbye)

    worse = compare(await report(ScriptedChat([]), goodbye), good)

    assert any("the caller is answered" in text for text in worse.regressions)


async def test_slower_answers_are_a_regression_of_the_same_brain_only(goodbye: Path) -> None:
    before = await report(ScriptedBrain(), goodbye)
    slow, other = copy.deepcopy(before), copy.deepcopy(before)
    before["wait_ms"]["p50"] = 100.0
    slow["wait_ms"]["p50"] = 300.0
    other |= {"brain": "openai", "wait_ms": {"p50": 300.0}}

    assert compare(slow, before).regressions == (
        "answers take 300 ms where they took 100 ms (half of them take less)",
    )
    assert compare(other, before).regressions == ()


async def test_what_nobody_waited_for_makes_no_answer_fast(goodbye: Path) -> None:
    (conversation,) = read_conversations([goodbye])
    (checked,) = [
        each async for each in evaluate_text([conversation], Minds(agents=ScriptedBrain()), TODAY)
    ]
    greeting, answer = checked.turns
    turns = (greeting, replace(answer, wait_ms=900.0), replace(answer, wait_ms=None))

    found = report_of([replace(checked, turns=turns)], brain="scripted", mode="audio")

    assert found["wait_ms"] == {"p50": 900.0, "p95": 900.0, "max": 900.0}


async def test_an_apology_is_no_answer_to_wait_for(goodbye: Path) -> None:
    assert (await report(ScriptedChat([]), goodbye))["wait_ms"] == {}


async def test_a_conversation_that_cannot_be_held_any_more_is_a_regression(goodbye: Path) -> None:
    before = await report(ScriptedBrain(), goodbye)
    (conversation,) = read_conversations([goodbye])
    gone = [not_held(conversation, "the simulator does not answer")]
    now = report_of(gone, brain="scripted", mode="text")

    found = compare(now, before)

    assert (now["held"], now["failed"]) == (0, 1)
    assert found.regressions == (
        "goodbye, call, the conversation can be held: the simulator does not answer",
    )
    assert "the simulator does not answer" in page(now, found)


async def test_a_score_that_fell_and_is_still_enough_is_noted(goodbye: Path) -> None:
    before = await report(ScriptedBrain(), goodbye)
    now = copy.deepcopy(before)
    for found, score in ((before, 5), (now, 4)):
        check = {"name": "judged: x", "ok": True, "reason": "", "remark": "", "score": score}
        found["conversations"][0]["checks"].append(check)

    compared = compare(now, before)

    assert compared.regressions == ()
    assert compared.notes == ("goodbye, call, judged: x: 4, was 5",)


async def test_conversations_that_came_or_went_are_noted(goodbye: Path) -> None:
    one = await report(ScriptedBrain(), goodbye)
    two = await report(ScriptedBrain(), EVALS / "person.yaml")

    found = compare(one, two)

    assert found.regressions == ()
    assert found.notes == (
        "new: goodbye",
        "in the baseline, but not in this run: person",
    )


async def test_what_the_baseline_never_asked_for_must_be_met(goodbye: Path) -> None:
    before = await report(ScriptedBrain(), EVALS / "person.yaml")
    bad = await report(ScriptedChat(["Who are you?"]), goodbye)

    found = compare(bad, before)

    assert found.regressions == ()
    assert "goodbye, turn 1, uses end_call: used none" in found.unmet
    assert "new, and not met: goodbye, turn 1, uses end_call" in page(bad, found)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"conversations": 3}'])
def test_a_baseline_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "base.json"
    path.write_text(text)

    with pytest.raises(CannotRun):
        read_baseline(path)


async def test_a_saved_report_is_read_again(tmp_path: Path, goodbye: Path) -> None:
    found = await report(ScriptedBrain(), goodbye)
    path = tmp_path / "base.json"
    path.write_text(json.dumps(found))

    assert read_baseline(path) == found


class Outside(HTMLParser):
    """Collects what a page would load from elsewhere, and its tags."""

    def __init__(self) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.loaded += [str(value) for name, value in attrs if name in ("src", "href")]


async def test_the_page_needs_nothing_else_and_shows_words_as_words(goodbye: Path) -> None:
    good = await report(ScriptedBrain(), goodbye)
    bad = await report(ScriptedChat(["Is one < two & three?<script>"]), goodbye)

    html = page(bad, compare(bad, good))

    outside = Outside()
    outside.feed(html)
    assert outside.loaded == []
    assert "script" not in outside.tags
    assert "Is one &lt; two &amp; three?" in html
    assert "worse: goodbye, turn 1, uses end_call" in html
