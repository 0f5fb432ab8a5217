"""The command as a developer types it: one process per test."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from localdev.stack.running import Running, publish
from localdev.stack.supervisor import PORT_TAKEN

ROOT = Path(__file__).resolve().parents[2]
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith("ACS_")}


def artvoice(*argv: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "localdev.cli", *argv],
        cwd=ROOT,
        env={**CLEAN, **settings},
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )


def found(ended: subprocess.CompletedProcess[str]) -> Any:
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def test_agents_can_be_read_by_a_program() -> None:
    agents = found(artvoice("agents", "--json"))

    assert {agent["name"] for agent in agents} >= {
        "BankingConcierge",
        "CardRecommendation",
        "InvestmentAdvisor",
    }


def test_one_tool_is_shown_with_its_schema() -> None:
    tool = found(artvoice("tools", "refund_fee", "--json"))

    assert tool["side_effects"] is True
    assert tool["parameters"]["type"] == "object"


def test_an_unknown_scenario_is_named_with_those_that_exist() -> None:
    ended = artvoice("scenarios", "nowhere")

    assert ended.returncode == 1
    assert "banking" in ended.stderr


def test_output_that_is_no_terminal_has_no_colours() -> None:
    ended = artvoice("scenarios")

    assert "banking" in ended.stdout
    assert "\x1b" not in ended.stdout


def test_the_doctor_tells_every_wrong_setting_at_once(tmp_path: Path) -> None:
    ended = artvoice(
        "doctor",
        "--json",
        ARTVOICE_HOME=str(tmp_path),
        CHAT="openai",
        CALL_SIGNING_KEY="short",
        RETENTION_DAYS="never",
    )

    bad = {each["name"] for each in json.loads(ended.stdout)["local"] if each["health"] == "bad"}
    assert ended.returncode == 1
    assert bad >= {"thinking", "CALL_SIGNING_KEY", "RETENTION_DAYS"}
    assert "short" not in ended.stdout.replace("shorter", "")


def test_the_doctor_tells_which_engines_a_relay_leaves_alone(tmp_path: Path) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as relay,
        socket.create_server(("127.0.0.1", 0)) as gone,
    ):
        urls = {
            part: f"http://127.0.0.1:{server.getsockname()[1]}"
            for part, server in (("relay-1", relay), ("relay-2", gone), ("host", gone))
        }
        gone.close()
        publish(tmp_path, Running(pid=os.getpid(), urls=urls, pids={}))
        answering = Thread(target=_answer_once, args=(relay, "ok\nthinking: openai is left alone"))
        answering.start()
        ended = artvoice("doctor", "--json", ARTVOICE_HOME=str(tmp_path))
        answering.join()

    found = {each["name"]: each for each in json.loads(ended.stdout)["local"]}
    assert found["relay-1"]["what"] == "thinking: openai is left alone"
    assert (found["relay-2"]["health"], ended.returncode) == ("bad", 1)
    assert "host" not in found


def _answer_once(server: socket.socket, text: str) -> None:
    line, _ = server.accept()
    with line:
        line.recv(4096)
        head = f"HTTP/1.1 200 OK\r\ncontent-length: {len(text)}\r\nconnection: close\r\n\r\n"
        line.sendall(f"{head}{text}".encode())


def test_an_unknown_fault_is_refused_before_anything_starts(tmp_path: Path) -> None:
    ended = artvoice("call", "--fault", "gremlins", ARTVOICE_HOME=str(tmp_path))

    assert ended.returncode == 2
    assert "drop_event" in ended.stderr
    assert list(tmp_path.iterdir()) == []


def test_every_command_has_help() -> None:
    for command in "up host relay simulator call replay eval agents doctor".split():
        assert f"artvoice {command}" in artvoice(command, "--help").stdout


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--to", "nobody"), "'nobody' is not a number like +15550199"),
        (("--at", "soon"), "'soon' is not a number of seconds"),
        (("--scenario", "nowhere"), "there is no scenario 'nowhere'; known: banking"),
    ],
)
def test_a_mistake_in_an_order_is_told_before_anything_starts(
    words: tuple[str, ...], told: str, tmp_path: Path
) -> None:
    ended = artvoice("call", *words, ARTVOICE_HOME=str(tmp_path))

    assert ended.returncode == 2
    assert told in ended.stderr
    assert not (tmp_path / "logs").exists()


def test_a_part_whose_port_is_taken_says_so_in_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])

        ended = artvoice("relay", "--port", port, ARTVOICE_HOME=str(tmp_path))

    assert ended.returncode == PORT_TAKEN
    told = [line for line in ended.stderr.splitlines() if "taken" in line]
    assert told == [f"artvoice relay: port {port} is taken; choose another with --port"]
    assert "Traceback" not in ended.stderr


def test_artvoice_alone_shows_what_there_is() -> None:
    ended = artvoice()

    assert ended.returncode == 2
    assert "place a call on real audio" in ended.stdout


def test_a_reader_who_has_read_enough_is_no_mistake() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as pipe:
        told = subprocess.run(
            [sys.executable, "-m", "localdev.cli", "tools", "--json"],
            cwd=ROOT,
            stdout=pipe,
            stderr=subprocess.PIPE,
            check=False,
        )

    assert (told.stderr, told.returncode) == (b"", 141)
