"""A stack that loses its supervisor, and set-up that lacks something."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from localdev.stack.layout import PORTS, Layout, local_settings
from localdev.stack.running import claimed, find
from localdev.stack.supervisor import Stack, on_free_ports

ROOT = Path(__file__).resolve().parents[2]
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith("ACS_")}


def until(process: subprocess.Popen[str], words: str) -> None:
    assert process.stdout is not None
    while (line := process.stdout.readline()) and words not in line:
        pass
    assert line, f"ended without saying {words!r}"


def test_no_part_outlives_a_supervisor_that_was_killed(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "localdev.cli",
        "up",
        "--without",
        "host",
        "--without",
        "relay",
    ]
    environ = {**CLEAN, "ARTVOICE_HOME": str(tmp_path)}
    with subprocess.Popen(
        command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, text=True
    ) as supervisor:
        until(supervisor, "stays up")
        url = urlsplit(json.loads((tmp_path / "stack.json").read_text())["urls"]["simulator"])
        assert url.hostname is not None
        with socket.create_connection((url.hostname, url.port or 0), timeout=60) as line:
            supervisor.send_signal(signal.SIGKILL)

            last_words = line.recv(1)  # returns when the simulator has let go, or times out

    assert last_words == b""


async def test_a_stack_whose_port_is_taken_at_the_last_moment_starts_elsewhere(
    tmp_path: Path,
) -> None:
    said: list[str] = []
    tried: list[int] = []
    layout = Layout(home=tmp_path).apart()
    async with AsyncExitStack() as running:

        def begin(free: Layout) -> Stack:
            port = free.ports["simulator"]
            if not tried:  # another program is quicker, after the port was found to be free
                other = running.enter_context(socket.create_server(("127.0.0.1", port)))
                other.listen()
            tried.append(port)
            settings = local_settings(free, CLEAN)
            return Stack(free, {**CLEAN, **settings}, ["simulator"], said.append)

        stack = await on_free_ports(layout, PORTS, begin, within=running, say=said.append)
        found = find(tmp_path)

    assert len(set(tried)) == 2
    assert found is not None
    assert found.urls == {"simulator": f"http://127.0.0.1:{stack.layout.ports['simulator']}"}
    assert said[0] == f"port {tried[0]} of the simulator is taken; starting elsewhere"


async def test_a_part_that_was_stopped_is_found_nowhere(tmp_path: Path) -> None:
    layout = Layout(home=tmp_path).apart().with_free_ports(PORTS)
    settings = local_settings(layout, CLEAN)
    async with Stack(layout, {**CLEAN, **settings}, ["simulator"], lambda _: None) as stack:
        before = find(tmp_path)
        await stack.stop("simulator")
        after = find(tmp_path)

    assert before is not None
    assert after is not None
    assert (list(before.urls), list(after.urls)) == (["simulator"], [])


def test_a_second_stack_in_one_home_is_refused(tmp_path: Path) -> None:
    environ = {**CLEAN, "ARTVOICE_HOME": str(tmp_path)}
    with claimed(tmp_path):
        ended = subprocess.run(
            [sys.executable, "-m", "localdev.cli", "up"],
            cwd=ROOT, env=environ, capture_output=True, text=True, check=False, timeout=180,
        )  # fmt: skip

    assert ended.returncode == 1
    assert ended.stderr == "artvoice up: a stack is up already\n"


def test_a_home_is_free_again_when_its_stack_is_over(tmp_path: Path) -> None:
    with claimed(tmp_path), pytest.raises(BlockingIOError), claimed(tmp_path):
        pass

    with claimed(tmp_path):
        pass


def test_set_up_without_a_package_index_says_in_one_sentence_what_to_do(tmp_path: Path) -> None:
    for name in ("scripts", "pyproject.toml", "requirements-dev.txt", "adapters"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, tmp_path / name)
    closed = "http://127.0.0.1:9/simple"
    environ = {**CLEAN, "PIP_INDEX_URL": closed, "PIP_CONFIG_FILE": os.devnull, "PIP_NO_INDEX": "1"}
    for name in ("PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL"):
        environ.pop(name, None)

    ended = subprocess.run(
        [sys.executable, "scripts/setup.py"],
        cwd=tmp_path,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )

    assert ended.returncode == 1
    assert ended.stderr.startswith("set-up: packages could not be installed: check that")
    assert len(ended.stderr.splitlines()) == 1
    assert "uv" in (tmp_path / ".artvoice" / "set-up.log").read_text()
