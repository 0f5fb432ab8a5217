"""A played caller on the telephone: he listens until the agent is silent, thinks, and speaks."""

from __future__ import annotations

from core.errors import EngineFailed
from core.ports import Chat
from localdev.caller.place import RecordNow
from localdev.caller.sound import Say
from localdev.caller.speaking import Receiver, Watched, until_quiet
from localdev.evaluate.files import SimulatedShape
from localdev.evaluate.simulating import next_words


class Played:
    """One call of a caller whom a model plays. `problem`: why he could not be played to the end."""

    def __init__(self, chat: Chat, shape: SimulatedShape, say: Say) -> None:
        self.problem = ""
        self._chat = chat
        self._shape = shape
        self._say = say
        self._spoken: list[tuple[str, str]] = []
        self._heard = 0  # turns

    async def call(self, line: Receiver, watched: Watched, record: RecordNow) -> None:
        """Talk until one of both hangs up, or it has taken long enough."""
        while watched.connected_ms() is None:
            await watched.grown.wait()
        try:
            await self._talk(line, watched, record)
        except EngineFailed as failure:
            self.problem = str(failure)
        await line.hang_up()

    async def _talk(self, line: Receiver, watched: Watched, record: RecordNow) -> None:
        said, lines = "", 0
        for _ in range(self._shape.max_turns):
            await until_quiet(line, watched, lines)
            self._spoken.append((said, await self._answer(record)))
            words = await next_words(self._chat, self._shape, self._spoken)
            said = words.text
            if said:
                await line.say(await self._say(said), text=said)
                lines += 1
            if words.last:
                break
        await until_quiet(line, watched, lines)

    async def _answer(self, record: RecordNow) -> str:
        """Return what the agents have said since the caller spoke, as far as he heard it."""
        turns = (await record() or {}).get("turns", ())
        new, self._heard = turns[self._heard :], len(turns)
        return " ".join(turn["heard"] for turn in new if turn["heard"])
