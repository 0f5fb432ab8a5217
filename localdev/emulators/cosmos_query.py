"""The part of Cosmos DB's SQL that one partition is asked with; anything else is refused.

`SELECT * | c.a, c.b FROM c [WHERE ...] [ORDER BY c.a [DESC]]` with `@parameters`, comparisons,
AND, OR, NOT, IN, IS_DEFINED and parentheses.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

Document = Mapping[str, Any]
Term = Callable[[Document], Any]

SHAPE = re.compile(
    r"(?:SELECT\s+(?P<select>.+?)\s+)?FROM\s+c(?:\s+WHERE\s+(?P<where>.+?))?"
    r"(?:\s+ORDER\s+BY\s+c\.(?P<order>\w+)(?:\s+(?P<way>ASC|DESC))?)?",
    re.IGNORECASE | re.DOTALL,
)
TOKEN = re.compile(r"\s*(@\w+|c\.\w+|\w+|'[^']*'|<=|>=|!=|[=<>(),])")
COMPARISONS = {
    "=": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le,
    ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
CONSTANTS = {"TRUE": True, "FALSE": False, "NULL": None}


class BadQuery(ValueError):
    """A query outside the subset."""


class _Undefined:
    """What a property is that a document does not have."""


UNDEFINED = _Undefined()


def select(
    documents: Sequence[Document],
    query: str,
    parameters: Mapping[str, Any],
    *,
    indexed: Callable[[str], bool],
) -> list[dict[str, Any]]:
    """Return the rows of a query. Raises BadQuery, also for an order that no index gives."""
    shape = SHAPE.fullmatch(query.strip())
    if shape is None:
        raise BadQuery(query)
    where = _Condition(shape["where"] or "true", parameters).term
    rows = [document for document in documents if where(document) is True]
    if order := shape["order"]:
        if not indexed(order):
            raise BadQuery(f"the order-by item {order} is excluded from the index")
        rows = [row for row in rows if order in row]
        rows.sort(key=lambda row: row[order], reverse=(shape["way"] or "").upper() == "DESC")
    columns = (shape["select"] or "*").strip()
    if columns == "*":
        return [dict(row) for row in rows]
    names = [_column(each) for each in columns.split(",")]
    return [{name: row[name] for name in names if name in row} for row in rows]


def _column(text: str) -> str:
    column = re.fullmatch(r"\s*c\.(\w+)\s*", text)
    if column is None:
        raise BadQuery(text)
    return column[1]


class _Condition:
    """Reads a condition by recursive descent into a function of a document."""

    def __init__(self, text: str, parameters: Mapping[str, Any]) -> None:
        self._parameters = parameters
        self._tokens: list[str] = []
        at = 0
        while text[at:].strip():
            token = TOKEN.match(text, at)
            if token is None:
                raise BadQuery(text[at:])
            self._tokens.append(token[1])
            at = token.end()
        self.term = self._either()
        if self._tokens:
            raise BadQuery(self._tokens[0])

    def _take(self, word: str) -> bool:
        if self._tokens and self._tokens[0].upper() == word:
            self._tokens.pop(0)
            return True
        return False

    def _need(self, word: str) -> None:
        if not self._take(word):
            raise BadQuery(f"{word} is missing")

    def _either(self) -> Term:
        terms = [self._both()]
        while self._take("OR"):
            terms.append(self._both())
        return lambda document: any(term(document) is True for term in terms)

    def _both(self) -> Term:
        terms = [self._negated()]
        while self._take("AND"):
            terms.append(self._negated())
        return lambda document: all(term(document) is True for term in terms)

    def _negated(self) -> Term:
        if self._take("NOT"):
            term = self._negated()
            return lambda document: term(document) is False
        return self._comparison()

    def _comparison(self) -> Term:
        left = self._value()
        if self._take("IN"):
            among = self._list()
            return lambda document: left(document) in [each(document) for each in among]
        for sign, compare in COMPARISONS.items():
            if self._take(sign):
                right = self._value()
                return lambda document: _compared(compare, left(document), right(document))
        return left

    def _list(self) -> list[Term]:
        self._need("(")
        values = [self._value()]
        while self._take(","):
            values.append(self._value())
        self._need(")")
        return values

    def _value(self) -> Term:
        if not self._tokens:
            raise BadQuery("the condition ends too early")
        if self._take("("):
            inner = self._either()
            self._need(")")
            return inner
        if self._take("IS_DEFINED"):
            (value,) = self._list()
            return lambda document: value(document) is not UNDEFINED
        token = self._tokens.pop(0)
        if token.startswith("c."):
            return lambda document: document.get(token[2:], UNDEFINED)
        constant = self._constant(token)
        return lambda document: constant

    def _constant(self, token: str) -> Any:
        if token in self._parameters:
            return self._parameters[token]
        if token.upper() in CONSTANTS:
            return CONSTANTS[token.upper()]
        if token.startswith("'"):
            return token[1:-1]
        if token.isdigit():
            return int(token)
        raise BadQuery(token)


def _compared(compare: Callable[[Any, Any], Any], left: Any, right: Any) -> Any:
    """Compare as the service does: values of two types are in no order, undefined in none."""
    kinds = {_kind(left), _kind(right)}
    return UNDEFINED if len(kinds) > 1 or None in kinds else compare(left, right)


def _kind(value: Any) -> str | None:
    match value:
        case bool():
            return "bool"
        case int() | float():
            return "number"
        case None:
            return "null"
        case _Undefined():
            return None
        case _:
            return type(value).__name__
