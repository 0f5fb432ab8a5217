"""Where a stream of model tokens may be cut so that each piece can be spoken on its own.

Our own and not a sentence library: those want the whole text, and the first piece of a reply must
leave as early as a clause, before its sentence is complete: what a synthesizer needs for it is
heard as silence. Pieces depend on the text alone,
never on how it was split into tokens.
"""

from __future__ import annotations

import re

_ENDS = ".!?…"
_WIDE_ENDS = "。！？"  # noqa: RUF001 (these end sentences without a space)
_CLOSERS = "\"'”’)]*_`"  # noqa: RUF001
_CLAUSE_ENDS = ",;:—–"  # noqa: RUF001
# Never the end of a sentence / the end only before a capital letter.
_TITLES = frozenset({"mr", "mrs", "ms", "dr", "prof", "st", "jr", "sr", "vs", "no", "nr", "fig"})
_MAYBE = frozenset({"e.g", "i.e", "etc", "a.m", "p.m", "inc", "ltd", "co", "corp", "approx", "u.s"})
_FIRST_PIECE = 10  # a shorter clause ("Well,") sounds chopped off
_LONGEST = 240  # a synthesizer starts late on longer texts
# A first piece without a mark ends before a word that begins a clause, or else between two words.
_FIRST_CLAUSE = 24
_CLAUSE_BEGINS = frozenset(
    "and but or so because that which who when where while if until unless then since "
    "although before after".split()
)
_FIRST_LONGEST = 48
_MARKS_AHEAD = _ENDS + _CLAUSE_ENDS + _WIDE_ENDS + "\n"
_NOT_ALONE = 16  # characters: fewer of the sentence are not left for a piece of their own

_LINK = re.compile(r"!?\[([^\]\n]*)\]\([^)\n]*\)")
_LINE_START = re.compile(r"^[ \t]*(?:#{1,6}[ \t]+|>[ \t]?|[-*+•][ \t]+|```\w*)", re.MULTILINE)
_MARKS = re.compile(r"\*+|`+|~~|(?<!\w)_+|_+(?!\w)|\|")
_SPACES = re.compile(r"\s+")


def plain(text: str) -> str:
    """Return the text without Markdown and with single spaces, as it is to be spoken."""
    text = _LINK.sub(r"\1", text)
    text = _LINE_START.sub("", text)
    text = _MARKS.sub("", text)
    return _SPACES.sub(" ", text).strip()


class Splitter:
    """Cuts one reply into pieces as its tokens come."""

    def __init__(self) -> None:
        self._text = ""
        self._first = True

    def feed(self, token: str) -> list[str]:
        """Take more text and return the pieces that are now certain."""
        self._text += token
        return self._pieces(final=False)

    def flush(self) -> list[str]:
        """Return what is left; the reply is over."""
        pieces = self._pieces(final=True)
        rest, self._text = plain(self._text), ""
        return [*pieces, rest] if rest else pieces

    def _pieces(self, *, final: bool) -> list[str]:
        pieces: list[str] = []
        while (cut := _cut(self._text, first=self._first, final=final)) is not None:
            piece, self._text = plain(self._text[:cut]), self._text[cut:]
            if piece:
                pieces.append(piece)
                self._first = False
        return pieces


def _cut(text: str, *, first: bool, final: bool) -> int | None:
    """Return where the first piece of `text` ends; None when more text must be seen."""
    index = 0
    while index < len(text):
        if text[index] == "[":
            closed = _link_end(text, index)
            if closed is None and not final and len(text) - index < _LONGEST:
                return None
            index = closed if closed is not None else index + 1
            continue
        end = _end_at(text, index, first=first, final=final)
        if end != 0:
            return end
        index += 1
    return None


def _end_at(text: str, index: int, *, first: bool, final: bool) -> int | None:
    """Return the end of a piece at this character, 0 if it is none, None if unknown yet."""
    char = text[index]
    if char in _WIDE_ENDS or (char == "\n" and text[:index].strip()):
        return index + 1
    if char in _ENDS:
        return _boundary(text, index, final=final)
    if first and char in _CLAUSE_ENDS:
        end = _boundary(text, index, final=final)
        return end if end is None or end >= _FIRST_PIECE else 0
    if not char.isspace():
        return 0
    if index >= _LONGEST:
        return index + 1
    return _space(text, index, final=final) if first else 0


def _space(text: str, index: int, *, final: bool) -> int | None:
    """Return the end of a first piece at this space, 0 if it is none, None if unknown yet."""
    if len(text[:index].lstrip()) < _FIRST_CLAUSE:
        return 0
    word, space, _ = text[index + 1 :].partition(" ")
    unknown = 0 if final else None
    if not space:
        return unknown
    if word.casefold() in _CLAUSE_BEGINS:
        return index + 1
    ahead = text[index : index + _NOT_ALONE]
    if index < _FIRST_LONGEST or any(char in _MARKS_AHEAD for char in ahead):
        return 0
    return index + 1 if len(ahead) == _NOT_ALONE else unknown


def _link_end(text: str, start: int) -> int | None:
    """Return the index after a `[text](url)`, or after the bracket if it is no link."""
    close = text.find("]", start)
    if close < 0 or close + 1 >= len(text):
        return None
    if text[close + 1] != "(":
        return start + 1
    end = text.find(")", close)
    return None if end < 0 else end + 1


def _boundary(text: str, index: int, *, final: bool) -> int | None:
    """Return the end of a piece at this mark, 0 if it is none, None if unknown yet."""
    end = index + 1
    while end < len(text) and text[end] in _CLOSERS + _ENDS:
        end += 1
    if end >= len(text):
        return 0 if final else None
    if not text[end].isspace():
        return 0
    if text[index] != ".":
        return end
    return _after_dot(text, index, end, final=final)


def _after_dot(text: str, index: int, end: int, *, final: bool) -> int | None:
    word = re.split(r"[\s(\"“]", text[:index])[-1].lstrip("*_`").casefold()
    line = text[:index].rsplit("\n", 1)[-1]
    if word in _TITLES or line.strip().isdigit() or (len(word) == 1 and word.isalpha()):
        return 0
    if word not in _MAYBE:
        return end
    following = text[end:].lstrip()
    if not following:
        return 0 if final else None
    return end if following[0].isupper() else 0
