"""How the parts find and know each other, and how many calls they take."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from adapters.settings.telephony import TelephonySettings
from adapters.settings.values import Mistake, Number, Secret, Url

MIN_KEY_CHARS = 16


class PartSettings(TelephonySettings):
    """Functions app and relay: addresses, keys, room, and what runs while nobody calls."""

    call_signing_key: Secret
    functions_base_url: Url | None = None
    relay_base_url: Url | None = None
    relay_shared_key: Secret
    relay_silent_seconds: float = Field(default=1.5, ge=1, le=60)
    relay_max_calls: int = Field(default=200, ge=1, le=10_000)
    admission_max_calls: int = Field(default=200, ge=1, le=100_000)
    admission_beyond: Literal["busy", "redirect", "message"] = "busy"
    admission_redirect_to: Number | None = None
    profile: Literal["zero", "warm-control", "warm"] = "warm-control"

    def contradictions(self) -> Iterator[Mistake]:
        yield from super().contradictions()
        yield from self._weak_keys()
        yield from self._no_way_on()

    def _weak_keys(self) -> Iterator[Mistake]:
        for name in ("call_signing_key", "relay_shared_key"):
            value = getattr(self, name).get_secret_value()
            if value and len(value) < MIN_KEY_CHARS:
                yield Mistake(
                    name=name.upper(),
                    reason=f"is shorter than {MIN_KEY_CHARS} characters",
                    remedy="Make one with `openssl rand -base64 32`.",
                )

    def _no_way_on(self) -> Iterator[Mistake]:
        """Yield what is wrong with where callers go for whom there is no room."""
        name, number = "ADMISSION_REDIRECT_TO", self.admission_redirect_to
        if self.admission_beyond == "redirect" and not number:
            reason = "is not set, but ADMISSION_BEYOND is redirect"
            yield Mistake(name=name, reason=reason, remedy="Set the number that callers go to.")
        elif number and number in self.own_numbers:
            reason = "is one of our own numbers, which would be a loop"
            yield Mistake(name=name, reason=reason, remedy="Set another one.")
