"""What words mean for a recording: a yes, a no, a change of mind, and a question for a secret."""

from __future__ import annotations

import re
from collections.abc import Iterable

from core.facts import ConsentDecision
from core.heard import words, yes_or_no
from core.tools import ToolSpec

_WITHDRAWS = re.compile(
    r"\b(?:stop|do not|don't|dont|not want|no longer|cancel|end|without|turn off|switch off)\b"
    r"(?:\W+\w+){0,5}?\W+(?:record\w*|taping|taped?)\b|\bno recording\b",
    re.IGNORECASE,
)
_COMMON = frozenset(
    "your that this with from they have what will whom when where which please caller give said "
    "tell about could would should there their number instead prefers first".split()
)
MIN_LETTERS = 4
MIN_SHARED = 2


# Other languages than English: roughly, since a doubt is no consent and "stop" is cheap.
_YES = frozenset("ja jawohl gerne klar si sí claro oui bien".split())
_NO = frozenset("nein nicht kein keine stopp no non pas arrêtez arretez".split())
_RECORDS = ("aufzeich", "aufgezeich", "aufnahme", "aufnehm", "grab", "enregistr")


def answered(text: str) -> ConsentDecision:
    """Return what an answer to "may I record" decides. Anything but a plain yes is none."""
    if withdraws(text):
        return "refused"
    agreed = yes_or_no(text)
    said = set(words(text))
    if agreed is None and said & (_YES | _NO):
        agreed = not said & _NO
    return "unclear" if agreed is None else "given" if agreed else "refused"


def withdraws(text: str) -> bool:
    """Whether somebody does not want to be recorded (any more)."""
    said = words(text)
    elsewhere = any(word.startswith(_RECORDS) for word in said) and not _NO.isdisjoint(said)
    return elsewhere or bool(_WITHDRAWS.search(text.replace("\u2019", "'")))


def asks_for_secret(text: str, tools: Iterable[ToolSpec]) -> bool:
    """Whether an agent's words ask for a secret parameter of one of these tools.

    By the words that describe it, so what merely sounds like it counts too.
    """
    said = _telling(text)
    return any(len(said & told) >= MIN_SHARED for tool in tools for told in _secrets(tool))


def said_in(phrase: str, heard: str) -> bool:
    """Whether the whole phrase is part of what was heard, however it was spaced."""
    return " ".join(words(phrase)) in " ".join(words(heard))


def _secrets(tool: ToolSpec) -> Iterable[frozenset[str]]:
    for name, schema in tool.parameters.get("properties", {}).items():
        if schema.get("writeOnly"):
            told = f"{name.replace('_', ' ')} {schema.get('description', '')}"
            yield _telling(f"{told} {tool.ask.get(name, '')}")


def _telling(text: str) -> frozenset[str]:
    long = {word for word in words(text) if len(word) >= MIN_LETTERS}
    return frozenset(long - _COMMON)
