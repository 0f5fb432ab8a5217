"""Recognizers whose connection is open before their caller is there."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace

from adapters.azure_speech.recognition import Recognition
from core.errors import EngineFailed
from core.speech import HearingConfig

# Azure's networks forget a silent connection after four minutes, and may tell neither end.
KEEP_S = 100.0
# Ways of being heard, each with a spare of its own: three threads, 1 MB and an idle socket.
MOST = 2


class Spares:
    """One spare for each of the ways in which calls began last.

    `make` returns a recognizer whose connection is open, `release` lets go of one.
    """

    def __init__(
        self,
        make: Callable[[HearingConfig], Awaitable[Recognition]],
        release: Callable[[Recognition], None],
        *,
        keep_s: float = KEEP_S,
    ) -> None:
        self._make = make
        self._release = release
        self._keep_s = keep_s
        self._places: dict[HearingConfig, _Place] = {}  # the one prepared last is the last

    def prepare(self, config: HearingConfig) -> None:
        """Have a spare for callers who are heard like this, from now on."""
        way = _way_of(config)
        place = self._places.pop(way) if way in self._places else _Place()
        self._places[way] = place
        if place.spare is None:
            self._fill(way, place)
        while len(self._places) > MOST:
            self._clear(self._places.pop(next(iter(self._places))))

    def take(self, config: HearingConfig) -> Recognition | None:
        """Return a spare if there is one, and prepare the next."""
        way = _way_of(config)
        place = self._places.get(way)
        if place is None:
            return None
        spare, place.spare = place.spare, None
        self._fill(way, place)
        if spare is not None and spare.broken:
            self._release(spare)
            return None
        return spare

    async def aclose(self) -> None:
        """Let go of all, also of what is being made."""
        places = tuple(self._places.values())
        self._places.clear()
        for place in places:
            self._clear(place)
        making = [place.making for place in places if place.making is not None]
        if making:
            await asyncio.wait(making)

    def _fill(self, way: HearingConfig, place: _Place) -> None:
        if place.timer is not None:
            place.timer.cancel()
        if place.making is None or place.making.done():
            filling = self._filled(way, place)
            place.making = asyncio.create_task(filling, name="azure-speech-spare")

    async def _filled(self, way: HearingConfig, place: _Place) -> None:
        with suppress(EngineFailed):  # it is said when somebody is to be heard
            place.spare = await self._make(way)
        place.timer = asyncio.get_running_loop().call_later(self._keep_s, self._renew, way, place)

    def _renew(self, way: HearingConfig, place: _Place) -> None:
        old, place.spare = place.spare, None
        if old is not None:
            self._release(old)
        self._fill(way, place)

    def _clear(self, place: _Place) -> None:
        if place.timer is not None:
            place.timer.cancel()
        if place.making is not None:
            place.making.cancel()
        if place.spare is not None:
            self._release(place.spare)


@dataclass(slots=True)
class _Place:
    spare: Recognition | None = None
    making: asyncio.Task[None] | None = None
    timer: asyncio.TimerHandle | None = None


def _way_of(config: HearingConfig) -> HearingConfig:
    """Leave of a config what the service is told."""
    blank = HearingConfig()
    return replace(config, dropped=blank.dropped, patient=blank.patient, threshold=blank.threshold)
