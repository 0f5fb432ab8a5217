"""A provider that a developer might bring along."""

from adapters.scripted import ScriptedChat
from adapters.settings import Settings


def chat(_: Settings) -> ScriptedChat:
    return ScriptedChat(["Hello."])
