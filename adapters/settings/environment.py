"""All settings together, read from an environment.

`Settings.read` reports all mistakes at once, one line each, and never repeats a value that may be
a secret.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Literal, Self

from pydantic import Field, PrivateAttr, SecretStr, ValidationError, model_validator

from adapters.settings.engines import EngineSettings
from adapters.settings.keeping import KeepingSettings
from adapters.settings.outbound import OutboundSettings
from adapters.settings.parts import PartSettings
from adapters.settings.profiles import overlaid, profiles_in, suffixed
from adapters.settings.turns import TurnSettings
from adapters.settings.values import Mistake, Pairs, Secret, SettingsError, Url, Webhook, Wrong
from core.dialling import FARTHEST_DAYS, Rules

DAY_S = 24 * 3600


class Settings(OutboundSettings, PartSettings, EngineSettings, TurnSettings, KeepingSettings):
    """All settings, by their names in lower case. Empty means "not set"."""

    _given: dict[str, str] = PrivateAttr(default_factory=dict)
    _profiles: dict[str, dict[str, str]] = PrivateAttr(default_factory=dict)
    _own: frozenset[str] = PrivateAttr(default=frozenset())

    # where measurements go
    applicationinsights_connection_string: Secret
    otel_exporter_otlp_endpoint: Url | None = None
    telemetry: Literal["", "console"] = ""

    # what a call is
    agent_scenario: str = "banking"
    scenario_numbers: Pairs = Field(default={})
    scenario_from_header: bool = False
    returning_caller_minutes: float = Field(default=60, ge=0, le=7 * 24 * 60)
    approval_seconds: float = Field(default=600, gt=0, le=7 * 24 * 3600)
    approval_webhook: Webhook

    @property
    def outbound_rules(self) -> Rules:
        """Whom we may call, and when; a promise is forgotten with its call, so it ends before."""
        farthest = min(FARTHEST_DAYS, max(1, self.retention_days - 1))
        return replace(super().outbound_rules, farthest_days=farthest)

    def contradictions(self) -> Iterator[Mistake]:
        yield from super().contradictions()
        if self.approval_seconds > self.retention_days * DAY_S:
            yield Mistake(
                name="APPROVAL_SECONDS",
                reason="is longer than RETENTION_DAYS keeps the call that a question is about",
                remedy="Make one shorter, or the other longer.",
            )

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> Self:
        """Read the environment. Raises SettingsError with every mistake in it."""
        known = {name: environ.get(name.upper(), "") for name in cls.model_fields}
        known["functions_base_url"] = known["functions_base_url"] or environ.get("BASE_URL", "")
        given = {name: value for name, value in known.items() if value.strip()}
        profiles = profiles_in(environ)
        try:
            settings = cls.model_validate(given)
        except ValidationError as error:
            mistakes = _mistakes(error)
        else:
            settings._given, settings._profiles = given, profiles
            settings._judge_profiles()
            return settings
        try:  # what is wrong with the others together is said at once too
            cls.model_validate({n: v for n, v in given.items() if n.upper() not in mistakes})
        except SettingsError as error:
            mistakes = {**{each.name: each for each in error.mistakes}, **mistakes}
        raise SettingsError(tuple(mistakes.values()))

    def under(self, profile: str) -> Settings:
        """Return these settings as a profile of the engines has them. Raises SettingsError."""
        own = self._profiles.get(profile.lower())
        if own is None:
            example = suffixed("azure_openai_deployment", profile)
            reason = f"no setting ends in __{profile.upper()}"
            raise SettingsError(
                (Mistake(name=f"@{profile}", reason=reason, remedy=f"Set one, like {example}."),)
            )
        try:
            settings = Settings.model_validate(overlaid(self._given, own))
        except ValidationError as error:
            wrong = _mistakes(error).items()
            raise SettingsError(
                tuple(replace(each, name=suffixed(name, profile)) for name, each in wrong)
            ) from None
        settings._own = frozenset(own)
        return settings

    @property
    def own(self) -> frozenset[str]:
        """The settings, in lower case, that the profile these are under sets itself."""
        return self._own

    def _judge_profiles(self) -> None:
        mistakes: list[Mistake] = []
        for name in self._profiles:
            try:
                self.under(name)
            except SettingsError as error:
                mistakes += error.mistakes
        if mistakes:
            raise SettingsError(tuple(mistakes))

    @model_validator(mode="after")
    def _together(self) -> Self:
        mistakes = tuple(self.contradictions())
        if mistakes:
            raise SettingsError(mistakes)
        return self

    def need(self, *names: str) -> None:
        """Make sure that settings a part cannot do without are there. Raises SettingsError."""
        missing = [name for name in names if not _is_set(getattr(self, name))]
        if missing:
            raise SettingsError(
                tuple(
                    Mistake(name=name.upper(), reason="is not set", remedy="Set it.")
                    for name in missing
                )
            )


def _is_set(value: object) -> bool:
    return bool(value.get_secret_value() if isinstance(value, SecretStr) else value)


def _mistakes(error: ValidationError) -> dict[str, Mistake]:
    found = {}
    for each in error.errors(include_input=False, include_url=False):
        name = str(each["loc"][0]).upper() if each["loc"] else ""
        cause: Any = each.get("ctx", {}).get("error")
        if isinstance(cause, Wrong):
            found[name] = Mistake(name=name, reason=cause.reason, remedy=cause.remedy)
            continue
        reason = each["msg"][:1].lower() + each["msg"][1:]
        found[name] = Mistake(name=name, reason=reason, remedy="Correct it or remove it.")
    return found
