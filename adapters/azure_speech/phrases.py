"""What the service's JSON of a recognised phrase holds, however odd it is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedWord:
    """A word; `offset` in the service's turn and `duration` in ticks of 100 ns."""

    text: str
    offset: int
    duration: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """A partial or a final. `offset` in the service's turn, in ticks of 100 ns."""

    text: str = ""
    confidence: float | None = None
    language: str = ""
    offset: int = 0
    words: tuple[TimedWord, ...] = ()


def phrase_of(text: str) -> Phrase:
    """Return what is in a result's JSON; what cannot be read of it is left out."""
    try:
        body = _mapping(json.loads(text))
    except ValueError:
        return Phrase()
    guesses = body.get("NBest")
    best = _mapping(guesses[0]) if isinstance(guesses, list) and guesses else {}
    confidence = best.get("Confidence")
    return Phrase(
        text=str(body.get("DisplayText") or body.get("Text") or ""),
        confidence=float(confidence) if isinstance(confidence, int | float) else None,
        language=str(_mapping(body.get("PrimaryLanguage")).get("Language") or ""),
        offset=_ticks(body.get("Offset")),
        words=_words(best),
    )


def _words(best: Mapping[str, Any]) -> tuple[TimedWord, ...]:
    try:
        return tuple(
            TimedWord(
                text=str(word["Word"]), offset=int(word["Offset"]), duration=int(word["Duration"])
            )
            for word in best.get("Words") or ()
        )
    except (KeyError, TypeError, ValueError):
        return ()


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _ticks(value: Any) -> int:
    return value if isinstance(value, int) else 0
