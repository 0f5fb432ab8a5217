"""docs/settings.md names every setting there is, with its default."""

import re
from pathlib import Path

from pydantic import SecretStr

from adapters.settings import Settings
from media_relay.__main__ import DEFAULTS

PAGE = Path(__file__).parents[2] / "docs" / "settings.md"


def as_written(value):
    match value:
        case None | SecretStr():
            return ""
        case bool():
            return str(value).lower()
        case float():
            return f"{value:g}"
        case _:
            return str(value) if value else ""


def test_every_setting_stands_on_its_page_with_its_default():
    rows = re.findall(r"^\| `([A-Z0-9_]+)` \| ?(.*?) ?\| (.+) \|$", PAGE.read_text(), re.MULTILINE)
    told = {name: default.strip() for name, default, _ in rows}

    settings = Settings.read({})
    real = {name.upper(): as_written(getattr(settings, name)) for name in Settings.model_fields}

    assert told == real | DEFAULTS
    assert len(rows) == len(told)
