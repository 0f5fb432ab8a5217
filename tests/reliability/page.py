"""Writes `docs/reliability.md`: plays the fault matrix and shows what came of each row.

`python -m tests.reliability.page` takes about a minute and fails if a row did not hold.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from tests.reliability.rows import ROWS, Row
from tests.reliability.run import Came, mistakes, played

PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"
HEAD = """\
# When something goes wrong

Written by `make reliability`, which plays every row as a call through the local stack of real
processes: host, relay and simulator, with scripted ears and mouth. `tests/reliability` does the
same and asserts it. *Wait* is the longest time in which the caller waited for a word of ours; *as
usual* means the words of a call in which nothing goes wrong. In the calls at the end the caller is
asked whether he may be recorded, and says yes.

| what goes wrong | fault | the caller hears | wait | the record: outcome, ended by, cause | held |
|---|---|---|---|---|---|
"""


def line(row: Row, came: Came, usual: Came) -> str:
    """Return one row of the page."""
    if row.prompts:
        heard = f"{came.prompts} prompt files: one moment, then the apology"
    elif not came.words:
        heard = "the ring, until it is over"
    else:
        heard = "as usual" if came.words == usual.words else f"“{came.words}”"
    record = came.record
    ends = ", ".join(filter(None, (record["outcome"], record["ended_by"], record["cause"])))
    extra = [f"session {record['epoch']}"] if record["epoch"] > 1 else []
    extra += ["found by asking"] if record["reconciled"] else []
    extra += [f"recording {record['recording']['state']}"] if row.recorded else []
    told = "; ".join((ends, *extra))
    killed = [f"kill -9 {row.kills}"] if row.kills else []
    fault = ", ".join(f"`{each}`" for each in (*row.faults, *killed))
    held = "no" if mistakes(row, came) else "yes"
    return f"| {row.name} | {fault} | {heard} | {came.pause_s:g} s | {told} | {held} |"


def faultless(row: Row, came: Mapping[str, Came]) -> Came:
    """Return the call of the same kind in which nothing goes wrong: the first one of its kind."""
    return next(came[each.name] for each in ROWS if each.recorded == row.recorded)


def main() -> int:
    """Play, write, say what did not hold."""
    with tempfile.TemporaryDirectory() as home:
        came = asyncio.run(played(ROWS, Path(home)))
    lines = [line(row, came[row.name], faultless(row, came)) for row in ROWS]
    PAGE.write_text(HEAD + "\n".join(lines) + "\n")
    wrong = [f"{row.name}: {each}" for row in ROWS for each in mistakes(row, came[row.name])]
    print(*wrong, f"{len(ROWS) - len(wrong)} of {len(ROWS)} rows held", sep="\n")  # noqa: T201
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
