"""Types for what callers say to tools: they take rough words and figures and give clean values."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, StringConstraints, WithJsonSchema

from core.heard import amount_heard, date_heard, digits_heard

MAX_DOLLARS = 100_000_000

SECRET = Field(json_schema_extra={"writeOnly": True})
"""Marks a parameter whose value reaches its tool only: `Annotated[LastFour, SECRET, "..."]`."""


def _four_digits(value: Any) -> Any:
    return digits_heard(str(value), 4) or value


def _cents(value: Any) -> Any:
    heard = amount_heard(str(value))
    if heard is None:
        raise ValueError("must be an amount in US dollars")
    return heard


def _day(value: Any) -> Any:
    return (date_heard(value) or value) if isinstance(value, str) else value


LastFour = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}$"), BeforeValidator(_four_digits)]
"""Four digits, however they were grouped or spelled."""

Dollars = Annotated[
    int,
    Field(ge=0, le=MAX_DOLLARS * 100),
    BeforeValidator(_cents),
    WithJsonSchema({"type": "number"}),
]
"""An amount given in US dollars; the tool gets integer cents."""

Day = Annotated[date, BeforeValidator(_day)]
"""A calendar day, ISO or as people say it."""

PersonName = Annotated[str, StringConstraints(min_length=2, max_length=80)]
"""A person's first and last name."""
