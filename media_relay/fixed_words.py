"""What is said without asking a model: the agent's own set words, or the relay's phrases."""

from __future__ import annotations

from typing import Literal, assert_never

from core.agents import SilenceSpec
from core.languages import same
from core.phrases import Phrases
from core.speech import sayable
from core.turn import Purpose
from media_relay.stage import Stage


class FixedWords:
    """The set words of one call, in the language that is spoken now."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._catalog = stage.catalog
        self.notice = ""  # what the control plane wants to be said

    def begin(self, purpose: Purpose, asked: int) -> str:
        """Return the words a reply begins with; `asked`: how often silence was answered so far."""
        phrases, scene = self._stage.phrases, self._stage.scene
        match purpose:
            case Purpose.GREETING:
                return _said(self._catalog.greeting(scene, returning=False), phrases.greeting)
            case Purpose.REPROMPT:
                prompts = self._silence.prompts or phrases.reprompts
                return _said(prompts[min(asked, len(prompts)) - 1], phrases.reprompts[0])
            case Purpose.GOODBYE:
                return _said(self._silence.goodbye, phrases.goodbye)
            case Purpose.MESSAGE:
                return _said(self._catalog.voicemail(scene), phrases.voicemail)
            case Purpose.NOTICE:
                return self.notice
            case Purpose.APOLOGY | Purpose.DEAF | Purpose.RESUMED | Purpose.TIME:
                return _phrase(phrases, purpose)
            case Purpose.ANSWER | Purpose.OWED:
                return ""
            case _:
                assert_never(purpose)

    @property
    def _silence(self) -> SilenceSpec:
        """The agent's words for a silent caller, while his language is the one that is spoken."""
        scene = self._stage.scene
        own = same(scene.language, scene.agent.speech.language)
        return scene.agent.silence if own else SilenceSpec()


def _said(own: str, otherwise: str) -> str:
    """Return an agent's own words, unless there is nothing in them that can be said."""
    return own if sayable(own) else otherwise


def _phrase(
    phrases: Phrases,
    purpose: Literal[Purpose.APOLOGY, Purpose.DEAF, Purpose.RESUMED, Purpose.TIME],
) -> str:
    match purpose:
        case Purpose.APOLOGY:
            return phrases.apology
        case Purpose.DEAF:
            return phrases.deaf
        case Purpose.RESUMED:
            return phrases.resumed
        case Purpose.TIME:
            return phrases.time_is_short
        case _:
            assert_never(purpose)
