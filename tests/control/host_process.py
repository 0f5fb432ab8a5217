"""A functions host in a process of its own, so that it can be killed."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from localdev.functions_host import serve

if __name__ == "__main__":
    asyncio.run(
        serve(
            app_dir=Path(__file__).parents[2],
            port=int(sys.argv[1]),
            db=Path(sys.argv[2]),
            function_key=None,
            stop=asyncio.Event(),
            on_ready=lambda url: print(url, flush=True),  # noqa: T201 the parent waits for it
        )
    )
