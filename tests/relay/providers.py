"""A provider that a developer might bring along."""

from adapters.scripted import ScriptedChat
from adapters.settings import Settings
from core.errors import Cause, EngineError, EngineFailed


def chat(_: Settings) -> ScriptedChat:
    return ScriptedChat(["Hello."])


class Shut(ScriptedChat):
    """A service that refuses our key."""

    async def warm(self) -> None:
        raise EngineFailed(EngineError(cause=Cause.AUTH))


def shut(_: Settings) -> Shut:
    return Shut([])
