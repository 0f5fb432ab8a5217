"""`artvoice eval` and `artvoice replay` as a developer types them: one process per test."""

import json
import os
from pathlib import Path

from adapters.sqlite_calls import SqliteCalls
from core import facts as f
from core.call_store import NewFact, StoredCall
from localdev.stack.running import Running, publish
from tests.local.test_commands import artvoice, found

GOODBYE = "evals/goodbye.yaml"
IMPOSSIBLE = "turns: [{say: Hello., expect: {must_say: [marmalade]}}]"


def test_a_run_is_read_by_a_program_and_kept_as_page_and_baseline(tmp_path: Path) -> None:
    page, base = tmp_path / "page.html", tmp_path / "base.json"

    report = found(
        artvoice("eval", GOODBYE, "--json", "--html", str(page), "--save-baseline", str(base))
    )

    assert (report["passed"], report["failed"], report["brain"]) == (1, 0, "scripted")
    assert json.loads(base.read_text())["conversations"] == report["conversations"]
    assert page.read_text().startswith("<!doctype html>")


def test_what_fails_fails_the_command_unless_it_always_did(tmp_path: Path) -> None:
    file, base = tmp_path / "impossible.yaml", tmp_path / "base.json"
    file.write_text(IMPOSSIBLE)

    alone = artvoice("eval", str(file), "--save-baseline", str(base))
    again = artvoice("eval", str(file), "--baseline", str(base))
    file.rename(other := tmp_path / "another.yaml")
    new = artvoice("eval", str(other), "--baseline", str(base))

    assert (alone.returncode, again.returncode, new.returncode) == (1, 0, 1)
    assert "new, and not met" in new.stdout
    assert "marmalade" in alone.stdout
    assert "no regressions" in again.stdout


def test_bad_files_and_unknown_brains_run_nothing(tmp_path: Path) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text("turnz: []")

    bad, brainless = artvoice("eval", str(file)), artvoice("eval", GOODBYE, "--brain", "gremlin")

    assert (bad.returncode, brainless.returncode) == (2, 2)
    assert "turnz: unknown field, did you mean 'turns'?" in bad.stderr
    assert "CHAT" in brainless.stderr


def test_a_run_in_which_nothing_could_be_held_is_none(tmp_path: Path) -> None:
    base = tmp_path / "base.json"

    played = artvoice("eval", "evals/impatient_traveller.yaml", "--save-baseline", str(base))

    assert played.returncode == 2
    assert "--judge" in played.stderr
    assert not base.exists()


def test_no_telephone_call_is_placed_at_a_real_carrier() -> None:
    real = artvoice("eval", GOODBYE, "--audio", ACS_ENDPOINT="https://x.communication.azure.com")

    assert real.returncode == 2
    assert "unset ACS_ENDPOINT" in real.stderr


def test_calls_that_cannot_be_placed_fail_by_name_and_are_reported(tmp_path: Path) -> None:
    nobody = dict.fromkeys(("host", "relay", "simulator"), "http://127.0.0.1:9")
    publish(tmp_path, Running(pid=os.getpid(), urls=nobody, pids={}))
    for name in ("one", "two"):
        (tmp_path / f"{name}.yaml").write_text("turns: [{press: '1'}]")
    page = tmp_path / "page.html"

    calls = artvoice(
        "eval", str(tmp_path), "--audio", "--json", "--html", str(page), ARTVOICE_HOME=str(tmp_path)
    )

    report = json.loads(calls.stdout)
    assert (calls.returncode, report["held"], report["failed"]) == (2, 0, 2)
    for conversation in report["conversations"]:
        assert "the simulator does not answer" in conversation["checks"][0]["reason"]
    assert "the simulator does not answer" in page.read_text()


async def test_a_call_of_a_stack_that_is_down_is_shown_and_said_again(tmp_path: Path) -> None:
    agents = tmp_path / "agents"
    agents.mkdir()
    store = SqliteCalls(tmp_path / "store" / "calls.db")
    call = StoredCall(
        call_id="c", created_at=1e9, direction=f.Direction.INBOUND, caller="+1", called="+2",
        scenario="banking", scenario_sha="s",
    )  # fmt: skip
    await store.claim(call)
    said = f.CallerSaid(turn=1, text="Goodbye.")
    await store.append("c", [NewFact(source="t", source_id="1", fact=said)])
    await store.aclose()

    shown = found(
        artvoice(
            "replay",
            "last",
            "--json",
            "--agents",
            str(agents),
            ARTVOICE_HOME=str(tmp_path),
        )
    )
    lost = artvoice("replay", "nobody", ARTVOICE_HOME=str(tmp_path))

    assert (shown["call_id"], shown["agrees"]) == ("c", True)
    assert [moment["who"] for moment in shown["timeline"]] == ["call", "caller"]
    assert shown["again"]["turns"][1]["now"]["heard"] == "Thank you for calling. Goodbye."
    assert (lost.returncode, "no such call" in lost.stderr) == (2, True)
