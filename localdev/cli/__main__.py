"""`python -m localdev.cli` is `artvoice`."""

import sys

from localdev.cli import main

sys.exit(main())
