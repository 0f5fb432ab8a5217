"""Model files are found where they may be, and only when they are the pinned ones."""

from hashlib import sha256
from pathlib import Path

import pytest

from adapters.embedded.models import (
    HEARING_FILES,
    PIPER_FOLDER,
    SPEAKING_FILES,
    ModelFile,
    find_model,
    piper_path,
)
from core.errors import Cause, EngineFailed

CONTENT = b"weights"
MODEL = ModelFile(
    package="some-model",
    version="1.0",
    path="no_such_package/data/model.onnx",
    sha256=sha256(CONTENT).hexdigest(),
)


def test_a_model_is_found_in_the_folder_that_is_named(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(CONTENT)

    assert find_model(MODEL, tmp_path) == tmp_path / "model.onnx"


def test_a_file_that_is_not_the_pinned_one_is_refused_also_when_it_changes_later(
    tmp_path: Path,
) -> None:
    file = tmp_path / "model.onnx"
    file.write_bytes(CONTENT)
    find_model(MODEL, tmp_path)
    file.write_bytes(b"something else")

    with pytest.raises(EngineFailed, match=r"is not some-model 1.0's; run `make setup`"):
        find_model(MODEL, tmp_path)


def test_a_missing_model_names_the_command_that_fetches_it(tmp_path: Path) -> None:
    with pytest.raises(EngineFailed, match="make setup") as failed:
        find_model(MODEL, tmp_path)

    assert failed.value.error.cause is Cause.UNAVAILABLE


def test_piper_in_the_models_folder_goes_before_an_installed_one(tmp_path: Path) -> None:
    package = tmp_path / PIPER_FOLDER / "piper"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()

    assert piper_path(tmp_path) == tmp_path / PIPER_FOLDER


def test_no_two_model_files_share_a_name() -> None:
    names = [file.name for file in (*HEARING_FILES, *SPEAKING_FILES)]

    assert len(set(names)) == len(names)
