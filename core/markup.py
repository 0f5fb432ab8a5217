"""What of a model's text is meant for the eye only, and how the rest reads without it."""

from __future__ import annotations

import re
from collections.abc import Sequence

_LINK = re.compile(r"!?\[([^\]\n]*)\](?:\([^)\n]*\)|\[[^\]\n]*\])")
_FOOTNOTE = re.compile(r"\[\^[^\]\n]*\]")
_AUTOLINK = re.compile(r"<((?:https?://|mailto:)[^>\s]+)>")
_TAG = re.compile(r"</?[A-Za-z][^<>\n]*>")
_LINE_START = re.compile(
    r"^[ \t]*(?:#{1,6}[ \t]+|>[ \t]?|[-*+•][ \t]+(?:\[[ xX]\][ \t]+)?|```\w*)", re.MULTILINE
)
_RULE = re.compile(r"^[ \t]*(?:-{3,}|\*{3,}|_{3,}|={3,})[ \t]*$", re.MULTILINE)
_MARKS = re.compile(r"\*+|`+|~~|(?<!\w)_+|_+(?!\w)|\|")
_ESCAPED = re.compile(r"\\([\\`*_{}\[\]()#+.!|>~-])")
_EMOJI = re.compile(
    "[\U0001f000-\U0001faff\u2600-\u27bf\u2b00-\u2bff\U000e0020-\U000e007f\ufe0e\ufe0f\u200d\u20e3]"
)
_SPACES = re.compile(r"\s+")
_TABLE_RULE = re.compile(r"[ \t]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*")


def plain(text: str) -> str:
    """Return the text without Markdown, tags and emoji and with single spaces."""
    text = _AUTOLINK.sub(r"\1", _LINK.sub(r"\1", _FOOTNOTE.sub("", text)))
    text = _LINE_START.sub("", _RULE.sub("", _TAG.sub("", text)))
    text = _ESCAPED.sub(r"\1", _MARKS.sub("", text))
    return _SPACES.sub(" ", _EMOJI.sub("", text)).strip()


def cells_of(line: str) -> list[str]:
    """Return the cells of one line of a table."""
    return [plain(cell) for cell in line.strip().strip("|").split("|")]


def is_table_rule(line: str) -> bool:
    """Whether this is the line of dashes between a table's headings and its rows."""
    return bool(_TABLE_RULE.fullmatch(line.rstrip("\n")))


def row_read(headings: Sequence[str], cells: Sequence[str]) -> str:
    """Return a row as one reads it to somebody: `Gold: Fee $95, Points 2x.`"""
    first, *rest = cells
    named = [
        " ".join(filter(None, (headings[n] if n < len(headings) else "", cell)))
        for n, cell in enumerate(rest, 1)
        if cell
    ]
    return f"{first}: {', '.join(named)}." if named else f"{first}." if first else ""
