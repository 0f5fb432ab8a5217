"""How addresses, telephone numbers, cards, accounts and other identifiers are said: one by one."""

from __future__ import annotations

import re

from core.spoken import digits

_ADDRESS_MARKS = {".": " dot ", "/": " slash ", "-": " dash ", "_": " underscore ", "@": " at "}


def _grouped(text: str, *, size: int = 0) -> str:
    """Say digits (and letters) one by one, with a breath between groups.

    Groups are as written, or of `size` where the text has none.
    """
    groups = [group for group in re.split(r"[^0-9A-Za-z]+", text) if group]
    if len(groups) == 1 and size and len(groups[0]) > size + 1:
        whole = groups[0]
        groups = [whole[at : at + size] for at in range(0, len(whole), size)]
    return ", ".join(_spelled(group) for group in groups)


def _spelled(group: str) -> str:
    return " ".join(digits(char) if char.isdigit() else char.upper() for char in group)


def _address(match: re.Match[str]) -> str:
    text = match["said"]
    bare = re.sub(r"^(?:mailto:|https?://)?(?:www\.)?", "", text).partition("?")[0].rstrip("/")
    said = "".join(_ADDRESS_MARKS.get(char, char) for char in bare)
    return re.sub(r"\s+", " ", re.sub(r"\d+", lambda run: f" {digits(run[0])} ", said)).strip()


def _phone(match: re.Match[str]) -> str:
    text = match["said"]
    return f"plus {_grouped(text, size=3)}" if text.startswith("+") else _grouped(text)


def one_by_one(match: re.Match[str]) -> str:
    """Say an identifier, in groups as it is written; a long one by fours, or by threes."""
    length = len(match["said"])
    size = 3 if length % 4 == 1 else 4  # a last figure alone sounds like an afterthought
    return _grouped(match["said"], size=size if length > 6 else 0)


def _masked(match: re.Match[str]) -> str:
    ending = "" if match["before"] else "ending in "
    return ending + digits(match["last"])


_TOP = r"(?:com|org|net|gov|edu|info|bank|io|co|eu|uk|us|ca|de|fr|es|it|nl|example)"

CODES = (
    # Addresses.
    (re.compile(r"(?P<said>(?:mailto:)?[\w.+-]+@[\w-]+(?:\.[\w-]+)+)"), _address),
    (re.compile(r"(?P<said>(?:https?://|www\.)[^\s<>\"')\]]*[\w/])"), _address),
    (re.compile(rf"\b(?P<said>[A-Za-z][\w-]*(?:\.[\w-]+)*\.{_TOP}\b(?:/[\w./-]*\w)?)"), _address),
    # Telephones, cards, social security numbers, bank accounts.
    (re.compile(r"(?P<said>\+\d(?:[ ().-]{0,2}\d){6,14})(?!\d)"), _phone),
    (re.compile(r"(?<![\w$.])(?P<said>(?:1[ .-])?\(?\d{3}\)?[ .-]{1,2}\d{3}[ .-]\d{4})\b"), _phone),
    (re.compile(r"(?<![\w$.,-])(?P<said>\d{3}-\d{4})(?![\w-])"), _phone),
    (
        re.compile(r"\b(?P<said>[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?)\b"),
        one_by_one,
    ),
    (
        re.compile(r"(?<![\w$.])(?P<said>\d{4}(?:[ -]\d{4}){2,4}|\d{4}[ -]\d{6}[ -]\d{5})\b"),
        one_by_one,
    ),
    (re.compile(r"(?<![\w-])(?P<said>\d{3}-\d{2}-\d{4})(?![\w-])"), one_by_one),
    (
        re.compile(
            r"(?P<before>end(?:s|ing) (?:in|with) )?"
            r"(?P<said>(?:[*xX•#]{2,}[ -]?)+(?P<last>\d{2,4}))\b"
        ),
        _masked,
    ),
    # References: letters and figures, or figures after a word that announces them.
    (re.compile(r"\b(?P<said>(?=[A-Z0-9-]*\d{3})[A-Z][A-Z0-9]*(?:-[A-Z0-9]+)+)\b"), one_by_one),
    (re.compile(r"\b(?P<said>[A-Z]{1,5}\d{3,})\b"), one_by_one),
    (
        re.compile(
            r"\b(?:end(?:s|ing) (?:in|with)|last (?:two|three|four|4)(?: digits?)?"
            r"|account|acct|routing|card|reference|ref|confirmation|order|ticket|case|claim|tracking"
            r"|customer|member|policy|invoice|code|pin|passcode|zip|extension|ext|id)\.?"
            r"(?: (?:number|no\.?|code|id|digits?|is|are|in))*[ :#]+(?P<said>\d{3,})\b(?![,.]\d)",
            re.IGNORECASE,
        ),
        one_by_one,
    ),
)
"""Rules of `core.aloud` for what no voice reads well. Words between the groups are English."""


def _spaced(match: re.Match[str]) -> str:
    return re.sub(r"(?<=\d)(?=\d)", " ", match[0])


DIGIT_RUNS = ((re.compile(r"(?<![\d.,])(?:0\d+|\d{7,})(?!\d|[.,]\d)"), _spaced),)
"""The one rule that holds in every language: figures apart from each other are said one by one."""
