"""Write `docs/call-states.md`: phases of a call and causes of its end, from the code's tables."""

from __future__ import annotations

from pathlib import Path

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
a call has *media* (no relay yet, attached, lost) and *deadlines* (`core/call/state.py`); what each
fact does is in `core/call/step.py`.

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
    return WORDS.format(diagram=diagram(), codes=codes)


if __name__ == "__main__":
    PAGE.write_text(page())
