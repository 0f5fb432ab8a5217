"""When a caller says his lines and presses his keys, on a telephone made of paper."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import pytest

from localdev.caller.lines import Line
from localdev.caller.speaking import Order, Watched, speak
from tests.virtual_time import VIRTUAL

ANSWERS_AFTER_MS, REPLY_MS = 800.0, 1500.0


@pytest.fixture
def anyio_backend() -> Any:
    return VIRTUAL


@dataclass
class PaperTelephone:
    """An agent greets, and answers every line and every row of keys."""

    watched: Watched
    over_at_ms: float = float("inf")
    done: list[tuple[str, float]] = field(default_factory=list)
    began: float = field(default_factory=lambda: asyncio.get_running_loop().time())

    def __post_init__(self) -> None:
        self.watched.entries.append({"kind": "phase", "phase": "connected", "at_ms": 0.0})
        self._heard(0.0)

    @property
    def now_ms(self) -> float:
        return (asyncio.get_running_loop().time() - self.began) * 1000

    async def say(self, pcm: bytes, **how: Any) -> None:
        self.done.append((how["text"], self.now_ms))
        spoken = {"start_ms": self.now_ms, "end_ms": self.now_ms + 1000}
        self.watched.entries.append({"kind": "utterance_ended", **spoken})
        self._heard(self.now_ms + 1000 + ANSWERS_AFTER_MS)

    async def press(self, digit: str, at_ms: float) -> None:
        self.done.append((digit, at_ms))
        if digit == "#":
            self._heard(at_ms + ANSWERS_AFTER_MS)

    async def hang_up(self) -> None:
        self.done.append(("hangs up", self.now_ms))

    async def summary(self) -> dict[str, Any]:
        return {"clock": {"now_ms": self.now_ms}, "over": self.now_ms > self.over_at_ms}

    def _heard(self, start_ms: float) -> None:
        self.watched.entries.append({"kind": "heard_started"})
        ends = {"start_ms": start_ms, "end_ms": start_ms + REPLY_MS}
        self.watched.entries.append({"kind": "heard", **ends})


def order(*lines: Line) -> Order:
    return Order(to="+1", from_="+2", lines=lines, audio=tuple(b"" for _ in lines))


async def test_keys_are_pressed_between_lines_once_the_agent_has_finished() -> None:
    watched = Watched()
    telephone = PaperTelephone(watched)

    script = order(Line(text="hello"), Line(keys="12#"), Line(text="thanks"))
    await speak(telephone, watched, script)

    assert [what for what, _ in telephone.done] == ["hello", "1", "2", "#", "thanks", "hangs up"]
    at = dict(telephone.done)
    assert at["1"] > at["hello"] + 1000 + ANSWERS_AFTER_MS + REPLY_MS
    assert at["thanks"] > at["#"] + ANSWERS_AFTER_MS + REPLY_MS
    assert 0 < at["2"] - at["1"] < 500


async def test_nothing_is_pressed_into_a_call_that_is_over() -> None:
    watched = Watched()
    telephone = PaperTelephone(watched, over_at_ms=2000.0)

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(60):
            await speak(telephone, watched, order(Line(text="bye"), Line(keys="1")))

    assert [what for what, _ in telephone.done] == ["bye"]
