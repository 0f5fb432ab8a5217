"""Files that the app asks the service to play: fetched, checked, made to fit the line."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import aiohttp

from localdev.acs_simulator.audio import NotAudio, read_audio
from localdev.acs_simulator.happenings import Result
from localdev.acs_simulator.settings import MAX_BODY_BYTES

FETCH_TIMEOUT_S = 10.0
BAD_FILE = Result(code=400, sub_code=8535, message="Action failed, file format is invalid.")
NO_FILE = Result(code=400, sub_code=8536, message="Action failed, file could not be downloaded.")


class PlayFailed(Exception):
    """A source could not be played: which one, and why."""

    def __init__(self, index: int, result: Result) -> None:
        super().__init__(result.message)
        self.index = index
        self.result = result


async def fetch_prompt(http: aiohttp.ClientSession, files: Sequence[str], rate: int) -> bytes:
    """Return the files' sound one after another, at `rate`. Raises `PlayFailed`."""
    sound = bytearray()
    for index, url in enumerate(files):
        try:
            sound += read_audio(await _fetch(http, url), rate)
        except NotAudio as error:
            raise PlayFailed(index, BAD_FILE) from error
        except (aiohttp.ClientError, OSError) as error:
            raise PlayFailed(index, NO_FILE) from error
    return bytes(sound)


async def _fetch(http: aiohttp.ClientSession, url: str) -> bytes:
    async with (
        asyncio.timeout(FETCH_TIMEOUT_S),
        http.get(url, allow_redirects=False) as response,
    ):
        body = bytearray()
        async for chunk in response.content.iter_chunked(64 * 1024):
            body += chunk
            if len(body) > MAX_BODY_BYTES:
                raise NotAudio("the file is too big")
    if response.status != 200 or body[:4] != b"RIFF":
        raise (NotAudio("no WAV file") if response.status == 200 else aiohttp.ClientError())
    return bytes(body)
