"""What kind of answer the agent's last words ask for."""

from __future__ import annotations

import re
from dataclasses import dataclass

from core.endpointing.languages import words_in
from core.endpointing.words import Asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """The answer that is awaited. `count`: of digits, 0 if any number will do."""

    asked: Asked = Asked.ANYTHING
    count: int = 0


def expected_of(agent_text: str, language: str = "en") -> Expected:
    """Return what an agent's words ask for: those of the last question, else the last sentence."""
    known = words_in(language)
    sentences = [part.strip() for part in re.findall(r"[^.!?]+[.!?]?", agent_text) if part.strip()]
    asking = next((part for part in reversed(sentences) if part.endswith("?")), "")
    last = asking or (sentences[-1] if sentences else "")
    last = " ".join(last.lower().replace("\u2019", "'").strip(".!?\u00bf\u00a1 ").split())
    if not asking and not known.requests.search(last):
        return Expected()
    for asked, pattern in known.asks:
        if pattern.search(last):
            count = known.count.search(last) if asked is Asked.DIGITS else None
            counted = 0 if count is None else known.counts.get(count[1]) or int(count[1])
            return Expected(asked=asked, count=counted)
    return Expected()
