"""A person who was rung for the caller: told what it is about, and asked whether he takes him.

The caller is on hold meanwhile: all that is heard is the person's, and nothing of it belongs to
the conversation with the caller.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable

from core.agents import AgentSpec
from core.errors import EngineFailed
from core.heard import yes_or_no
from core.speech import FinalHeard, HearingEvent
from core.transfers import HOW_TO_ANSWER
from media_relay.playout import Playout
from media_relay.speaking import Mouth, Utterance

GENERATION = -1  # of no reply to the caller
TAKES = re.compile(
    r"\b(?:ready|(?:put|send|patch) (?:him|her|them|it) (?:through|over)|take (?:him|her|them))\b",
    re.IGNORECASE,
)
LEAVES = re.compile(r"\b(?:can't|cannot|busy|later)\b", re.IGNORECASE)
MAX_QUESTIONS = 3


class Consultation:
    """One person, one question. `on_answer` is told once whether he takes the caller."""

    def __init__(
        self,
        mouth: Mouth,
        playout: Playout,
        *,
        agent: AgentSpec,
        tasks: asyncio.TaskGroup,
        on_answer: Callable[[bool], None],
    ) -> None:
        self._mouth = mouth
        self._playout = playout
        self._agent = agent
        self._tasks = tasks
        self._on_answer = on_answer
        self._pieces: asyncio.Queue[Utterance | None] = asyncio.Queue()
        self._speaking: asyncio.Task[None] | None = None
        self._asked = 0
        self._answered = False

    def begin(self, text: str) -> None:
        """Tell the person what it is about."""
        self._playout.begin(GENERATION)
        self._speaking = self._tasks.create_task(self._speak())
        self._say(text)

    def heard(self, event: HearingEvent) -> None:
        """Take what the person says; what is no answer is answered with the question, again."""
        if not isinstance(event, FinalHeard) or event.again or not event.text.strip():
            return
        agreed = yes_or_no(event.text)
        yes = agreed or TAKES.search(event.text)
        no = agreed is False or LEAVES.search(event.text)
        if bool(yes) != bool(no):
            self._answer(taken=bool(yes))
        elif not self._answered and self._asked < MAX_QUESTIONS:
            self._asked += 1
            self._say(HOW_TO_ANSWER)

    def pressed(self, key: str) -> None:
        """Take a key of the person's telephone."""
        if key in "12":
            self._answer(taken=key == "1")

    def end(self) -> None:
        """Be silent: the person is gone, or the caller is back."""
        self._answered = True
        if self._speaking is not None:
            self._speaking.cancel()
            self._playout.stop()

    def _answer(self, *, taken: bool) -> None:
        if not self._answered:
            self.end()
            self._on_answer(taken)

    def _say(self, text: str) -> None:
        agent = self._agent
        self._pieces.put_nowait(Utterance(text=text, agent=agent.name, voice=agent.voice))

    async def _speak(self) -> None:
        try:
            await self._mouth.speak_all(self._pieces, GENERATION)
        except EngineFailed:
            self._answer(taken=False)  # nobody can tell him what it is about
