"""What CONTRIBUTING.md shows works as it stands there."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("adapters", "core", "localdev", "media_relay", "registries")


@pytest.fixture
def checkout(tmp_path):
    """Return a copy of the code in which CONTRIBUTING.md was followed to the letter."""
    for package in PACKAGES:
        no_caches = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / package, tmp_path / package, ignore=no_caches)
    text = (ROOT / "CONTRIBUTING.md").read_text()
    agent, prompt, tool, scenario, conversation, parrot = re.findall(
        r"^```(?:yaml|jinja|python)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE
    )
    for path, content in {
        "registries/agentstore/travel_desk/agent.yaml": agent.replace(
            "tools: [", "tools: [add_travel_notice, "
        ),
        "registries/agentstore/travel_desk/prompt.jinja": prompt,
        "registries/toolstore/travel.py": tool,
        "registries/scenariostore/travel.yaml": scenario,
        "travel.yaml": conversation,
        "parrot.py": parrot,
        "parroted.yaml": "turns: [{say: Good day., expect: {must_say: ['You said: Good day.']}}]",
    }.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(content)
    return tmp_path


@pytest.mark.parametrize("command", ["travel.yaml", "--brain parrot:Parrot parroted.yaml"])
def test_what_is_added_as_contributing_tells_holds_its_conversation(checkout, command):
    held = subprocess.run(
        [sys.executable, "-m", "localdev.cli", "eval", *command.split()],
        cwd=checkout,
        capture_output=True,
        text=True,
        check=False,
    )

    assert held.returncode == 0, held.stdout + held.stderr
    assert "1 of 1 conversations as expected" in held.stdout
