"""What is wrong with a request, in words: where, and against which rule, never what was sent."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

NAME = re.compile(r"\w{1,40}", re.ASCII)  # of a field, or a place in a list; others were sent
MOST = 5
# By pydantic's type of error. The places are filled with the rule's own values; what else pydantic
# knows of an error may be the input.
WORDS: Mapping[str, str] = {
    "missing": "is missing",
    "unexpected_keyword_argument": "there is no such field",
    "json_invalid": "is not JSON",
    "literal_error": "must be {expected}",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "number_type": "must be a number",
    "bool_type": "must be true or false",
    "string_type": "must be a text",
    "list_type": "must be a list",
    "tuple_type": "must be a list",
    "dict_type": "must be an object",
    "dataclass_type": "must be an object",
    "string_pattern_mismatch": "must match {pattern}",
    "string_too_short": "must have {min_length} characters or more",
    "string_too_long": "must have {max_length} characters at most",
    "too_short": "must have {min_length} of them or more",
    "too_long": "must have {max_length} of them at most",
    "greater_than_equal": "must be {ge} or more",
    "less_than_equal": "must be {le} or less",
    "less_than": "must be less than {lt}",
}


def told(error: ValidationError) -> str:
    """Return the first few mistakes of a request, each as `field: what must be`."""
    found = error.errors(include_input=False, include_url=False)
    lines = list(dict.fromkeys(map(_line, found)))
    more = f"; and {len(lines) - MOST} more" if len(lines) > MOST else ""
    return "; ".join(lines[:MOST]) + more


def _line(error: Any) -> str:
    where = ".".join(str(part) if NAME.fullmatch(str(part)) else "*" for part in error["loc"])
    words = WORDS.get(error["type"])
    rule = words.format(**error.get("ctx", {})) if words else f"is not right ({error['type']})"
    return f"{where or 'body'}: {rule}"
