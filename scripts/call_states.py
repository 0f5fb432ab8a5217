"""Write `docs/call-states.md`: phases of a call and causes of its end, from the code's tables."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from core.call import Deadline, Media, Recording
from core.call.phases import diagram
from core.result_codes import SUB_CODES, TABLE

PAGE = Path(__file__).resolve().parent.parent / "docs" / "call-states.md"

WORDS = """\
# The states of a call

Made by `make docs` from `core/call/phases.py` and `core/result_codes.py`; a test fails when it is
out of date.

```mermaid
{diagram}
```

`ended` is terminal: facts that come later are kept in the log and change nothing. Beside the phase
a call has *media* ({media}: whether a relay has the caller's audio), a
*recording* ({recording}) and *deadlines* ({deadlines}), all in
`core/call/state.py`. What each fact does is in `core/call/step.py`, which fact each event of the
carrier is, in `core/acs_events.py`. An event of a type that nobody knows is answered 200, kept,
and counted in the call's record (`unknown_events`).

## Why a leg ended

A call's record has `cause`, read from the carrier's last result. The type of an event decides that
a leg is over, never the code.

| code | sub-code | cause |
|---|---|---|
{codes}
"""


def page() -> str:
    """Return the page as Markdown."""
    rows = [
        (str(code), "any" if sub is None else str(sub), cause)
        for (code, sub), cause in TABLE.items()
    ]
    rows += [("any", str(sub), cause) for sub, cause in SUB_CODES.items()]
    rows += [("400 and above", "any other", "fault")]
    codes = "\n".join(f"| {code} | {sub} | `{cause}` |" for code, sub, cause in rows)
    return WORDS.format(
        diagram=diagram(),
        media=_all(Media),
        recording=_all(Recording),
        deadlines=_all(Deadline),
        codes=codes,
    )


def _all(kind: type[StrEnum]) -> str:
    return ", ".join(each.value for each in kind)


if __name__ == "__main__":
    PAGE.write_text(page())
