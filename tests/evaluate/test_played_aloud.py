"""A played caller on a telephone made of paper: he listens, thinks, and is heard."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import pytest

from adapters.scripted import ScriptedChat
from core.errors import Cause, EngineError
from localdev.caller.speaking import Watched
from localdev.evaluate.files import SimulatedShape
from localdev.evaluate.playing import Played
from tests.local.test_speaking import PaperTelephone
from tests.virtual_time import VIRTUAL

SHAPE = SimulatedShape(goal="Hear your balance.", knows=("Your name is Maria Lopez.",))


@pytest.fixture
def anyio_backend() -> Any:
    return VIRTUAL


class Call:
    """A call whose agent answers each line with the next of these words."""

    def __init__(self, chat: ScriptedChat, *answers: str, shape: SimulatedShape = SHAPE) -> None:
        self.watched = Watched()
        self.telephone = PaperTelephone(self.watched)
        self.voiced: list[str] = []
        self.played = Played(chat, shape, self._voice)
        self._answers = answers

    async def _voice(self, text: str) -> bytes:
        self.voiced.append(text)
        return b""

    async def _record(self) -> Mapping[str, Any]:
        answered = len(self.watched.of("utterance_ended")) + 1
        return {"turns": [{"heard": words} for words in self._answers[:answered]]}

    async def held(self) -> list[str]:
        """Hold it; return what the caller did."""
        await self.played.call(self.telephone, self.watched, self._record)
        return [what for what, _ in self.telephone.done]


async def test_he_speaks_when_the_agent_has_finished_and_hangs_up_when_he_is_done() -> None:
    chat = ScriptedChat(["What's my balance?", "Maria Lopez.", "Thanks. [hang up]"])
    call = Call(chat, "Hello.", "Who are you?", "Ten dollars.", "Goodbye.")

    did = await call.held()

    assert did == ["What's my balance?", "Maria Lopez.", "Thanks.", "hangs up"]
    assert call.voiced == did[:-1]
    times = [at for _, at in call.telephone.done]
    assert all(later - sooner > 2_500 for sooner, later in pairwise(times))


async def test_he_knows_what_he_said_and_what_he_heard() -> None:
    chat = ScriptedChat(["What's my balance?", "[hang up]"])
    call = Call(chat, "Hello.", "Ten dollars.")

    await call.held()

    told = [(message.role, message.text) for message in chat.requests[1].messages]
    assert told == [
        ("user", "Hello."),
        ("assistant", "What's my balance?"),
        ("user", "Ten dollars."),
    ]


async def test_a_caller_whose_model_fails_says_why_and_hangs_up() -> None:
    call = Call(ScriptedChat([[EngineError(cause=Cause.AUTH, detail="no key")]]), "Hello.")

    did = await call.held()

    assert did == ["hangs up"]
    assert call.played.problem == "auth: no key"


async def test_he_does_not_talk_for_ever() -> None:
    shape = SimulatedShape(goal="Talk.", max_turns=3)
    call = Call(ScriptedChat(lambda request: "And then?"), *["Well."] * 9, shape=shape)

    assert await call.held() == ["And then?"] * 3 + ["hangs up"]
