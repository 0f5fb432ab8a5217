"""Where a stream of model tokens may be cut so that each piece can be spoken on its own.

Our own and not a sentence library: those want the whole text, and the first piece of a reply must
leave as early as a clause, before its sentence is complete: what a synthesizer needs for it is
heard as silence. Pieces depend on the text alone, never on how it was split into tokens.
"""

from __future__ import annotations

import re

from core.abbreviations import BEFORE_NUMBERS, MAYBE_LAST, MONTHS_AFTER_A_DAY, NEVER_LAST
from core.markup import cells_of, is_table_rule, plain, row_read
from core.speech import sayable

_ENDS = ".!?…"
_FULL_ENDS = "。！？｡؟۔।॥።፧။"  # noqa: RUF001 (these end sentences without a space too)
_CLOSERS = "\"'”’)]*_`»」』）】》"  # noqa: RUF001
_CLAUSE_ENDS = ",;:—–"  # noqa: RUF001
_FULL_CLAUSE_ENDS = "，、；：،؛"  # noqa: RUF001
_BREATHS = _CLAUSE_ENDS + _FULL_CLAUSE_ENDS
_CLAUSE_BEGINS = frozenset(
    "and but or so because that which who when where while if until unless then since "
    "although before after".split()
)
_MARKS_AHEAD = _ENDS + _BREATHS + _FULL_ENDS + "\n"

# Lengths are in spoken letters: a figure counts for four, and so many does a character that is
# a whole syllable or word.
_FIRST_PIECE = 10  # a shorter clause ("Well,") sounds chopped off
# A first piece without a mark ends before a word that begins a clause, or else between two words.
_FIRST_CLAUSE = 24
_FIRST_LONGEST = 48
_NOT_ALONE = 16  # fewer of the sentence are not left for a piece of their own
# While one piece plays the next one is made, whole by some engines: each may be longer than the
# last, none so long that it takes longer than the one before sounds.
_LONGEST = (_FIRST_LONGEST * 5, 80, 110, 140)


def ends_sentence(text: str) -> bool:
    """Whether a sentence is over with this text, and does not go on in the next piece."""
    return text.rstrip().rstrip(_CLOSERS).endswith((*_ENDS, *_FULL_ENDS))


class Splitter:
    """Cuts one reply into pieces as its tokens come. Code is left out, tables are read by rows.

    So is a piece without a letter or a figure, which is for the eye and which no voice can say.
    """

    def __init__(self) -> None:
        self._text = ""
        self._pieces = 0
        self._new_line = True
        self._in_code = False
        self._headings: list[str] = []
        self._rows = 0

    def feed(self, token: str) -> list[str]:
        """Take more text and return the pieces that are now certain."""
        self._text += token
        return list(self._take(final=False))

    def flush(self) -> list[str]:
        """Return what is left; the reply is over."""
        pieces = list(self._take(final=True))
        rest, self._text = plain(self._text), ""
        return [*pieces, *filter(sayable, (rest, self._table_over()))]

    def _take(self, *, final: bool) -> list[str]:
        pieces: list[str] = []
        while (piece := self._next(final=final)) is not None:
            if sayable(piece):
                pieces.append(piece)
                self._pieces += 1
        return pieces

    def _next(self, *, final: bool) -> str | None:
        """Take the next piece off the text; "" for what is not spoken, None when unknown yet."""
        bare = self._text.lstrip()
        self._new_line |= "\n" in self._text[: len(self._text) - len(bare)]
        self._text = bare
        if not bare:
            return None
        if self._new_line:
            if not final and (bare in ("`", "``") or (self._in_code and "\n" not in bare)):
                return None
            if self._in_code or bare.startswith("```"):
                return self._code_line()
            if bare.startswith("|"):
                return self._table_line(final=final)
            if self._headings:
                return self._table_over()
        longest = _LONGEST[min(self._pieces, len(_LONGEST) - 1)]
        cut = _cut(bare, first=self._pieces == 0, longest=longest, final=final)
        if cut is None:
            return None
        self._text, self._new_line = bare[cut:], bare[cut - 1] == "\n"
        return _line(bare[:cut]) if self._new_line else plain(bare[:cut])

    def _code_line(self) -> str:
        line, _, self._text = self._text.partition("\n")
        if line.startswith("```") and (not self._in_code or not line.strip("` \t")):
            self._in_code = not self._in_code
        return ""

    def _table_line(self, *, final: bool) -> str | None:
        line, newline, rest = self._text.partition("\n")
        if not newline and not final:
            return None
        self._text = rest
        if is_table_rule(line):
            return ""
        if not self._headings:
            self._headings, self._rows = cells_of(line), 0
            return ""
        self._rows += 1
        return row_read(self._headings, cells_of(line))

    def _table_over(self) -> str:
        """Return the headings if they turned out to be all there is."""
        headings, self._headings = self._headings, []
        alone = headings and not self._rows
        return f"{', '.join(filter(None, headings))}." if alone else ""


def _line(text: str) -> str:
    """Return a line as a sentence: what stands alone for the eye does so for the ear."""
    line = plain(text)
    return f"{line}." if line[-1:].isalnum() else line


def _cut(text: str, *, first: bool, longest: int, final: bool) -> int | None:
    """Return where the first piece of `text` ends; None when more text must be seen."""
    index, size, breath, space = 0, 0, 0, 0
    while index < len(text):
        char = text[index]
        if char == "[":
            closed = _link_end(text, index)
            if closed is None and not final and len(text) - index < longest:
                return None
            size += (closed or index + 1) - index
            index = closed if closed is not None else index + 1
            continue
        end = _end_at(text, index, first=first, size=size, final=final)
        if end != 0:
            return end
        size += 4 if char.isdigit() or char >= "\u2e80" else 1
        index += 1
        if char.isspace():
            space = index
            if size > longest // 3 and text[index - 2] in _BREATHS:
                breath = index
        elif char in _FULL_CLAUSE_ENDS and size > longest // 3:
            breath = index
        if size >= longest and (breath or space or size >= 2 * longest):
            return breath or space or index
    return None


def _end_at(text: str, index: int, *, first: bool, size: int, final: bool) -> int | None:
    """Return the end of a piece at this character, 0 if it is none, None if unknown yet."""
    char = text[index]
    if char == "\n":
        return index + 1
    if char in _ENDS or char in _FULL_ENDS:
        return _boundary(text, index, final=final)
    if first and char in _BREATHS:
        end = _boundary(text, index, final=final)
        return end if end is None or size >= _FIRST_PIECE - 1 else 0
    return _space(text, index, size, final=final) if first and char.isspace() else 0


def _space(text: str, index: int, size: int, *, final: bool) -> int | None:
    """Return the end of a first piece at this space, 0 if it is none, None if unknown yet."""
    if size < _FIRST_CLAUSE:
        return 0
    word, space, _ = text[index + 1 :].partition(" ")
    unknown = 0 if final else None
    if not space:
        return unknown
    if word.casefold() in _CLAUSE_BEGINS:
        return index + 1
    ahead = text[index : index + _NOT_ALONE]
    if size < _FIRST_LONGEST or any(char in _MARKS_AHEAD for char in ahead):
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
    while end < len(text) and text[end] in _CLOSERS + _ENDS + _FULL_ENDS:
        end += 1
    if end >= len(text):
        return 0 if final else None
    if text[index] in _FULL_ENDS + _FULL_CLAUSE_ENDS:
        return end
    if not text[end].isspace():
        return 0
    if text[index] != ".":
        return end
    return _after_dot(text, index, end, final=final)


def _after_dot(text: str, index: int, end: int, *, final: bool) -> int | None:
    word = re.split(r"[\s(\"“]", text[:index])[-1].lstrip("*_`").casefold()
    line = text[:index].rsplit("\n", 1)[-1]
    unknown = 0 if final else None
    following = text[end:].lstrip()
    if word in NEVER_LAST or line.strip().isdigit() or (len(word) == 1 and word.isalpha()):
        return 0
    if word in BEFORE_NUMBERS:
        return unknown if not following else 0 if following[0].isdigit() else end
    if word in MAYBE_LAST:
        return unknown if not following else end if following[0].isupper() else 0
    if word.isdigit() and len(word) <= 2:  # "am 3. März"
        month = re.match(r"\w+", following)
        if not following or (month and month.end() == len(following) and not final):
            return unknown
        return 0 if month and month[0].casefold() in MONTHS_AFTER_A_DAY else end
    return end
