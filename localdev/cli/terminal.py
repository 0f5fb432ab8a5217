"""Where commands print: colours only on a terminal, long lines whole when a program reads them."""

from __future__ import annotations

import sys

from rich.console import Console

FILE_WIDTH = 200


def console(*, stderr: bool = False) -> Console:
    """Return a console for people, on stdout unless that is kept for a program."""
    stream = sys.stderr if stderr else sys.stdout
    return Console(stderr=stderr, width=None if stream.isatty() else FILE_WIDTH)
