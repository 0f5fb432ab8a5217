"""One telephone call on real audio through every part; its host is killed in the middle of it."""

import json
import os
import re
import signal
import subprocess
import sys
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from adapters.embedded.hearing import MoonshineHearing
from adapters.tokens import Purpose, call_secret, session_token
from core.speech import FinalHeard, HearingConfig
from localdev.caller.report import CONTRIBUTIONS
from localdev.stack.layout import CALLER_NUMBER, OUR_NUMBER

ROOT = Path(__file__).resolve().parents[2]
LINES = (
    "I am interested in a new credit card.",
    "I would like one for travel.",
    "No, that is all. Thank you, goodbye.",
)
PURPOSES: tuple[Purpose, ...] = ("callback", "media")
DEATH_AFTER = "I am interested"

pytestmark = pytest.mark.audio


@pytest.fixture(scope="module")
def environ(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ACS_")}
    return {**clean, "ARTVOICE_HOME": str(tmp_path_factory.mktemp("home"))}


def started(environ: dict[str, str], *argv: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "localdev.cli", *argv]
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(command, cwd=ROOT, env=environ, text=True, **pipes)


@pytest.fixture(scope="module")
def stack(environ: dict[str, str]) -> Iterator[Path]:
    """A stack that is up; where its process ids are published."""
    up = started(environ, "up")
    try:
        assert up.stdout is not None
        while (line := up.stdout.readline()) and "stays up" not in line:
            pass
        yield Path(environ["ARTVOICE_HOME"]) / "stack.json"
    finally:
        up.send_signal(signal.SIGINT)
        up.communicate(timeout=120)


@pytest.fixture(scope="module")
def report(environ: dict[str, str], stack: Path) -> dict[str, Any]:
    """What `artvoice call --json` prints last of that call."""
    lines = [part for line in LINES for part in ("--say", line)]
    call = started(environ, "call", "--json", *lines)
    assert call.stderr is not None
    while (line := call.stderr.readline()) and DEATH_AFTER not in line:
        pass
    os.kill(json.loads(stack.read_text())["pids"]["host"], signal.SIGKILL)
    out, err = call.communicate(timeout=400)
    assert call.returncode == 0, err
    found: dict[str, Any] = json.loads(out.splitlines()[-1])
    return found


def test_a_host_killed_in_mid_call_loses_no_turn(report: dict[str, Any]) -> None:
    assert [turn["n"] for turn in report["turns"]] == list(range(len(LINES) + 1))
    assert report["outcome"] == "completed"
    assert report["ended_by"] == "agent"


def test_every_line_is_recognised_from_audio_and_answered(report: dict[str, Any]) -> None:
    turns = report["turns"][1:]

    assert all(turn["caller"] for turn in turns)
    assert all(turn["heard"] == turn["reply"] != "" for turn in report["turns"])
    assert {run["name"] for turn in turns for run in turn["tools"] if run["ok"]} >= {
        "search_card_products",
        "end_call",
    }
    assert ("BankingConcierge", "CardRecommendation") in {
        (each["from"], each["to"]) for turn in turns for each in turn["handoffs"]
    }


def test_where_the_caller_waited_adds_up(report: dict[str, Any]) -> None:
    for turn in report["turns"][1:]:
        parts = turn["latency_ms"]

        assert sum(parts[name] for name in CONTRIBUTIONS) == pytest.approx(parts["total"], abs=0.5)


def test_what_the_parts_log_holds_no_secret_and_nobody(
    report: dict[str, Any], environ: dict[str, str]
) -> None:
    home = Path(environ["ARTVOICE_HOME"])
    keys = dict(line.split("=", 1) for line in (home / "keys.env").read_text().split())
    call_id = report["call_id"]
    signing_key = keys["CALL_SIGNING_KEY"]
    secrets = [*keys.values(), CALLER_NUMBER, OUR_NUMBER]
    secrets += [call_secret(signing_key, purpose, call_id) for purpose in PURPOSES]
    secrets += [session_token(signing_key, call_id, epoch) for epoch in range(1, 5)]
    words = [turn[who].lower() for turn in report["turns"] for who in ("caller", "heard")]
    planted = [*secrets, "Bearer ", *filter(None, words)]

    logs = {file.name: file.read_text() for file in (home / "logs").iterdir()}
    hub = "".join(f.read_bytes().decode("latin-1") for f in home.glob("durable.sqlite*"))

    assert {"host.log", "relay.log", "simulator.log"} <= logs.keys()
    written = {**logs, "hub": hub}
    found = [(n, s) for n, text in written.items() for s in planted if s.lower() in text.lower()]
    assert found == []


async def test_the_recording_holds_what_the_agents_said(report: dict[str, Any]) -> None:
    heard = await words_in(Path(report["files"]["heard_wav"]), until="goodbye")

    assert "how can i help you" in heard
    # A small recognizer listens: it may mishear a word, but not most of what was said.
    said = re.findall(r"[a-z]+", " ".join(turn["reply"] for turn in report["turns"]).lower())
    assert sum(word in heard for word in said) > 0.7 * len(said)


async def words_in(wav: Path, until: str) -> str:
    """What our own ears make of a recording, as far as a word that ends it."""
    with wave.open(str(wav)) as recording:
        pcm = recording.readframes(recording.getnframes())
    hearing = MoonshineHearing()
    stream = await hearing.open(HearingConfig())
    heard = ""
    try:
        for start in range(0, len(pcm), 640):
            stream.push(pcm[start : start + 640])
        stream.push(bytes(32_000))
        async for event in stream.events():
            if isinstance(event, FinalHeard):
                heard += f" {event.text.lower()}"
                if until in heard.replace("-", ""):
                    break
    finally:
        await stream.aclose()
        await hearing.aclose()
    return heard
