"""Blobs as files in a folder: transcripts and recordings on a laptop."""

from __future__ import annotations

import asyncio
import os
import tempfile
from pathlib import Path

from core.control_ports import BlobRefused, Piece


class FolderBlobs:
    """Files under one folder, replaced whole: a reader never sees half of one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.absolute()

    async def put(self, name: str, content: bytes, content_type: str) -> None:
        """Write a blob. Raises ValueError for a name that leaves the folder."""
        await asyncio.to_thread(self._write, self._path(name), content)

    async def get(self, name: str) -> bytes | None:
        """Read a blob, or nothing. Raises ValueError for a name that leaves the folder."""
        return await asyncio.to_thread(_read, self._path(name))

    async def piece(self, name: str, first: int, most: int) -> Piece | None:
        """Read a stretch of a blob. Raises ValueError for a name that leaves the folder."""
        return await asyncio.to_thread(_piece, self._path(name), first, most)

    async def delete(self, name: str) -> None:
        """Delete a blob, if it is there.

        Raises ValueError for a name that leaves the folder, BlobRefused.
        """
        try:
            await asyncio.to_thread(self._path(name).unlink, missing_ok=True)
        except PermissionError as error:
            raise BlobRefused("no right") from error

    async def aclose(self) -> None:
        """Nothing is held open."""

    def _path(self, name: str) -> Path:
        path = Path(os.path.normpath(self._folder / name))
        if not path.is_relative_to(self._folder) or path == self._folder:
            raise ValueError("a blob's name must stay in its folder")
        return path

    def _write(self, path: Path, content: bytes) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            file.write(content)
        Path(file.name).replace(path)


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _piece(path: Path, first: int, most: int) -> Piece | None:
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(min(first, size))
            return Piece(content=file.read(most), size=size)
    except FileNotFoundError:
        return None
