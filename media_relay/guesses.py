"""Utterances whose words were guessed, and what the recognizer tells of them when it is too late.

It tells in its own order, which says nothing about when: what begins before the end of an utterance
is told of that one, whatever was said since.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace

from core.speech import FinalHeard, PartialHeard

_MOST = 4  # that a recognizer can be behind
_BEYOND_MS = 500  # how far its end of an utterance is from the detector's


@dataclass(slots=True)
class Guess:
    """An utterance that was `taken` as a guess. `before`: what was final of it by then."""

    end_ms: int
    before: str
    taken: FinalHeard
    final: list[FinalHeard] = field(default_factory=list)  # since then
    outdated: bool = False  # other words were taken since

    def told_by(self, event: PartialHeard | FinalHeard) -> bool:
        """Whether this is told of it. Once its words are final, no more than those are."""
        known = bool(self.final) and event.end_ms > self.end_ms + _BEYOND_MS
        return event.start_ms < self.end_ms and not known

    def corrected(self, final: FinalHeard) -> FinalHeard | None:
        """Return what is to be told of one more final of it, if anything."""
        # One told twice, or by other ears, takes the place of the first.
        earlier = [each for each in self.final if each.end_ms <= final.start_ms]
        self.final = [*earlier, final]
        text = " ".join(filter(None, (self.before, *(each.text for each in self.final))))
        again = text == self.taken.text
        known = again and final.language in ("", self.taken.language)
        if not final.text or known or (self.outdated and self.taken.text):
            return None
        corrects = bool(self.taken.text)
        self.taken = replace(final, text=text, corrects=corrects, again=again)
        return self.taken


class Guesses:
    """Those of one stream that a recognizer may still tell something of."""

    def __init__(self) -> None:
        self._kept: deque[Guess] = deque(maxlen=_MOST)

    def add(self, guess: Guess) -> None:
        """Note what was guessed."""
        self._kept.append(guess)

    def outdate(self) -> None:
        """Note that words are taken: no others can be corrected after that."""
        for guess in self._kept:
            guess.outdated = True

    def told_by(self, event: PartialHeard | FinalHeard) -> Guess | None:
        """Return the utterance that this is told of, if its words were guessed."""
        return next((each for each in self._kept if each.told_by(event)), None)


def last_language(*heard: FinalHeard | PartialHeard | None) -> str:
    """Return the language of what was understood last, empty where none was recognised."""
    tags = [each.language for each in heard if each is not None and each.language]
    return tags[-1] if tags else ""
