"""The language of the caller, as it is recognised; no reply changes it before its end."""

from __future__ import annotations

from core.facts import LanguageRecognised
from core.languages import spoken_after
from core.speech import FinalHeard
from core.turn import AGENT_HAS_FLOOR, TurnState
from media_relay.journal import Journal


class CallersLanguage:
    """Keeps the language of one call up to date."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._later: FinalHeard | None = None  # heard over a reply

    def heard(self, final: FinalHeard, turns: TurnState) -> bool:
        """Take what these words tell of it; return whether it is another one now."""
        if not final.language:
            return False
        if turns.floor in AGENT_HAS_FLOOR and turns.sounding is not None:
            self._later = final
            return False
        self._later = None
        return self._recognise(final)

    def reply_begins(self) -> None:
        """From now on another reply is spoken: take what was heard over the one before."""
        later, self._later = self._later, None
        if later is not None:
            self._recognise(later)

    def _recognise(self, heard: FinalHeard) -> bool:
        known = self._journal.conversation.language
        spoken = spoken_after(known, heard.language, heard.text)
        if spoken == known:
            return False
        self._journal.write(LanguageRecognised(language=spoken), urgent=True)
        return True
