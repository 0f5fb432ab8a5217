"""Make this checkout ready to run: Python 3.13, the environment, the packages, the speech models.

Runs on any Python 3 with its standard library alone. A second run notices that nothing has changed
and ends at once.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOCAL = ROOT / ".artvoice"
STAMP = VENV / ".ready"
LOG = LOCAL / "set-up.log"
INPUTS = (
    "pyproject.toml",
    "requirements-dev.txt",
    "scripts/setup.py",
    "scripts/models.py",
    "adapters/embedded/models.py",
)
WANTED = (3, 13)


def main() -> int:
    """Set everything up; return 0, or 1 after one sentence that says what to do."""
    fingerprint = _fingerprint()
    if PYTHON.exists() and STAMP.exists() and STAMP.read_text() == fingerprint:
        return 0
    try:
        _say("1/4", "looking for Python 3.13")
        _make_environment()
        _say("2/4", "installing packages (500 MB on disk)")
        _install()
        _say("3/4", "fetching the speech models (150 MB)")
        _fetch_models()
        _say("4/4", "making local keys")
        _make_keys()
    except SetupError as error:
        print(f"set-up: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("set-up: stopped; the next run goes on from here", file=sys.stderr)
        return 130
    STAMP.write_text(fingerprint)
    _say("done", "ready")
    return 0


class SetupError(Exception):
    """One sentence that says what is missing and what to do."""


def _fingerprint() -> str:
    digest = hashlib.sha256()
    for name in INPUTS:
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def _say(step: str, what: str) -> None:
    print(f"[{step}] {what}", flush=True)


def _run(command: list[str], advice: str, env: dict[str, str] | None = None) -> None:
    """Run a step whose words matter only when it fails; then they are kept in a file."""
    try:
        ended = subprocess.run(
            command,
            cwd=ROOT,
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        said, failed = ended.stdout, ended.returncode != 0
    except OSError as error:
        said, failed = str(error), True
    if failed:
        LOG.parent.mkdir(exist_ok=True)
        LOG.write_text(f"{' '.join(command)}\n{said}")
        raise SetupError(f"{advice} (details: {LOG.relative_to(ROOT)}).")


def _run_aloud(command: list[str], advice: str) -> None:
    """Run a step that shows its own progress and tells its own failures."""
    if subprocess.run(command, cwd=ROOT, check=False).returncode:
        raise SetupError(f"{advice}.")


def _version_of(python: str) -> tuple[int, ...]:
    """Return the version a Python really starts as; a version manager's shim may be a decoy."""
    command = [python, "-c", "import sys; print(*sys.version_info[:2])"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, check=True, timeout=20)
    except (OSError, subprocess.SubprocessError):
        return ()
    return tuple(int(part) for part in answer.stdout.split())


def _candidates() -> list[str]:
    found = [sys.executable, shutil.which("python3.13"), shutil.which("python3")]
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    found += [
        str(path) for path in sorted(pyenv.glob("versions/3.13*/bin/python3.13"), reverse=True)
    ]
    return [python for python in found if python]


def _make_environment() -> None:
    if PYTHON.exists() and _version_of(str(PYTHON)) == WANTED:
        return
    shutil.rmtree(VENV, ignore_errors=True)
    for python in _candidates():
        if _version_of(python) == WANTED:
            _run(
                [python, "-m", "venv", str(VENV)],
                f"{python} makes no environments: install its venv module "
                "(on Debian and Ubuntu: apt install python3.13-venv)",
            )
            return
    _download_python()


def _download_python() -> None:
    """Let uv bring a Python 3.13, where the network allows it."""
    tools = LOCAL / "uv"
    advice = (
        "Python 3.13 was not found: put python3.13 on PATH, or run `pyenv install 3.13`, "
        "and try again"
    )
    _say("1/4", "not on this machine; asking uv for one")
    _run([*_pip(sys.executable), "--target", str(tools), "uv"], advice)
    env = {**os.environ, "PYTHONPATH": str(tools)}
    uv = [sys.executable, "-m", "uv", "venv", "--seed", "--python", "3.13", str(VENV)]
    _run(uv, advice, env)


def _pip(python: str) -> list[str]:
    quiet = ["--quiet", "--disable-pip-version-check", "--retries", "2"]
    return [python, "-m", "pip", "install", *quiet]


def _install() -> None:
    advice = (
        "packages could not be installed: check that `pip download uv` works here, "
        "or set PIP_INDEX_URL to an index that this machine reaches, and try again"
    )
    _run([*_pip(str(PYTHON)), "uv"], advice)
    uv = [str(PYTHON), "-m", "uv", "pip", "install", "--python", str(PYTHON)]
    # Compiled now, all at once, or every process of a user who writes no bytecode compiles again.
    _run_aloud([*uv, "--compile-bytecode", "-r", "requirements-dev.txt"], advice)
    _run([*uv, "--quiet", "--no-deps", "-e", "."], advice)


def _fetch_models() -> None:
    advice = "the speech models could not be fetched: see above, and try again"
    _run_aloud([str(PYTHON), "scripts/models.py"], advice)


def _make_keys() -> None:
    """Have the local stack's secrets made once; the stack itself knows where they live."""
    make = "from localdev.stack.layout import home, keys; keys(home())"
    _run([str(PYTHON), "-c", make], "the local keys could not be written")


if __name__ == "__main__":
    sys.exit(main())
