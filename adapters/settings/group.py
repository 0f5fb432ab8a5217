"""What every group of settings is: frozen, silent about values, and its own judge."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import BaseModel, ConfigDict

from adapters.settings.values import Mistake


class SettingsGroup(BaseModel):
    """Settings that belong together, by their names in lower case."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    def contradictions(self) -> Iterator[Mistake]:
        """Yield what is wrong with settings together; each group adds its own."""
        yield from ()
