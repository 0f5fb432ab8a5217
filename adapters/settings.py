"""Every setting there is: the only reader of the environment, and its judge.

`Settings.read` reports all mistakes at once, one line each, and never repeats a value that may be
a secret.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import (
    BaseModel,
    Field,
    PrivateAttr,
    SecretStr,
    ValidationError,
    model_validator,
)

from adapters.engine_profiles import overlaid, profiles_in, suffixed
from adapters.limit_settings import LimitSettings
from adapters.premium import is_premium
from adapters.setting_values import (
    CallHours,
    Countries,
    Mistake,
    Number,
    Numbers,
    Pairs,
    Prefixes,
    Secret,
    SettingsError,
    Url,
    Wrong,
    Zone,
    connection,
    is_loopback,
)
from adapters.transfer_targets import Targets
from core.answering import AnsweringRules, MenuAction, VoicemailAction
from core.call import Limits
from core.dialling import Caps, Rules
from core.endpointing import EndpointSettings
from core.floor import TurnSettings
from core.moments import Hours

MIN_KEY_CHARS = 16
CONTAINER = "artvoice"  # of an Azure Storage account
TIDY_S = 600.0  # from the longest call's end to its record, with a host that was down
TRANSFER_MARGIN_S = 30.0  # to announce it, to hold the caller, and to look what came of it


class Settings(LimitSettings, BaseModel):
    """All settings, by their names in lower case. Empty means "not set"."""

    _given: dict[str, str] = PrivateAttr(default_factory=dict)
    _profiles: dict[str, dict[str, str]] = PrivateAttr(default_factory=dict)
    _own: frozenset[str] = PrivateAttr(default=frozenset())

    # telephony
    acs_connection_string: Secret
    acs_endpoint: Url | None = None
    acs_access_key: Secret
    acs_resource_id: str = ""
    acs_jwks_url: Url | None = None
    acs_source_phone_number: Number | None = None
    own_phone_numbers: Numbers = ()
    transfer_targets: Targets = {}
    outbound_enabled: bool = False
    outbound_allowed_prefixes: Prefixes = ()
    outbound_country_rules: Countries = ()
    outbound_max_concurrent: int = Field(default=2, ge=1, le=1000)
    outbound_max_per_day: int = Field(default=100, ge=1, le=100_000)

    # how the parts find and know each other
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

    # where measurements go
    applicationinsights_connection_string: Secret
    otel_exporter_otlp_endpoint: Url | None = None
    telemetry: Literal["", "console"] = ""

    # what a call is
    agent_scenario: str = "banking"
    scenario_numbers: Pairs = {}
    scenario_from_header: bool = False
    callback_hours: CallHours = Hours()
    callback_timezone: Zone = "UTC"
    callback_attempts: int = Field(default=3, ge=1, le=10)
    returning_caller_minutes: float = Field(default=60, ge=0, le=7 * 24 * 60)
    answering_detection: bool = True
    voicemail_action: VoicemailAction = AnsweringRules().voicemail
    menu_action: MenuAction = AnsweringRules().menu
    approval_seconds: float = Field(default=600, gt=0, le=7 * 24 * 3600)

    # engines
    chat: str = "scripted"
    stt: str = "embedded"
    tts: str = "embedded"
    realtime: str = ""
    chat_fallback_seconds: float = Field(default=3.0, gt=0, le=60)
    stt_fallback_seconds: float = Field(default=3.0, gt=0, le=60)
    tts_fallback_seconds: float = Field(default=1.5, gt=0, le=60)
    azure_openai_endpoint: Url | None = None
    azure_openai_key: Secret
    azure_openai_deployment: str = ""
    openai_base_url: Url | None = None
    openai_api_key: Secret
    openai_model: str = ""
    openai_tools: Literal["native", "json_schema"] = "native"
    chat_prepare: Literal["auto", "on", "off"] = "auto"
    azure_speech_endpoint: Url | None = None
    azure_speech_region: str = ""
    azure_speech_key: Secret
    azure_speech_voice: str = ""
    azure_speech_text_stream: bool = False
    azure_speech_profanity: Literal["masked", "removed", "raw"] = "masked"
    azure_voicelive_endpoint: Url | None = None
    azure_voicelive_model: str = ""
    azure_voicelive_key: Secret

    # how turns are taken
    endpointing: Literal["adaptive", "fixed"] = "adaptive"
    endpoint_min_ms: int = Field(default=EndpointSettings().shortest_ms, ge=100, le=5000)
    endpoint_max_ms: int = Field(default=EndpointSettings().longest_ms, ge=200, le=10_000)
    smart_turn: bool = False
    preemptive_replies: bool = True
    barge_in_ms: int = Field(default=round(TurnSettings().barge_in_s * 1000), ge=100, le=10_000)
    barge_in_words: int = Field(default=TurnSettings().barge_in_words, ge=1, le=20)
    backchannels: bool = True
    endpoint_final_wait_ms: int = Field(default=EndpointSettings().final_wait_ms, ge=0, le=5000)

    # what is kept, and where
    store: Literal["sqlite", "cosmos"] = "sqlite"
    store_path: str = ".artvoice"
    azure_cosmos_endpoint: Url | None = None
    azure_cosmos_key: Secret
    azure_cosmos_database: str = "artvoice"
    blobs: Literal["folder", "azure"] = "folder"
    blob_path: str = ".artvoice/blobs"
    azure_storage_connection_string: Secret
    azure_storage_account_url: Url | None = None
    keep_transcript: bool = True
    keep_audio: bool = False
    recording_container_url: Url | None = None
    retention_days: int = Field(default=30, ge=1, le=3650)

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
        mistakes = tuple(self._contradictions())
        if mistakes:
            raise SettingsError(mistakes)
        return self

    def _contradictions(self) -> list[Mistake]:  # noqa: C901 one rule after the other
        found: list[Mistake] = []

        def wrong(name: str, reason: str, remedy: str) -> None:
            found.append(Mistake(name=name, reason=reason, remedy=remedy))

        if self.acs_connection_string.get_secret_value():
            if self.acs_endpoint or self.acs_access_key.get_secret_value():
                wrong(
                    "ACS_CONNECTION_STRING",
                    "is set beside ACS_ENDPOINT or ACS_ACCESS_KEY",
                    "Keep one form of credentials.",
                )
            elif connection(self.acs_connection_string.get_secret_value()) is None:
                wrong(
                    "ACS_CONNECTION_STRING",
                    "cannot be read",
                    "Copy it whole: endpoint=https://...;accesskey=...",
                )
        elif self.acs_access_key.get_secret_value() and not self.acs_endpoint:
            wrong("ACS_ACCESS_KEY", "is set without ACS_ENDPOINT", "Set both.")
        if self.acs_jwks_url and not (self.acs_endpoint and is_loopback(self.acs_endpoint)):
            wrong(
                "ACS_JWKS_URL",
                "is honoured only while ACS_ENDPOINT is a loopback address",
                "Remove it.",
            )
        for name in ("call_signing_key", "relay_shared_key"):
            value = getattr(self, name).get_secret_value()
            if value and len(value) < MIN_KEY_CHARS:
                wrong(
                    name.upper(),
                    f"is shorter than {MIN_KEY_CHARS} characters",
                    "Make one with `openssl rand -base64 32`.",
                )
        found += self._no_way_on()
        if self.outbound_enabled and not self.acs_source_phone_number:
            wrong(
                "ACS_SOURCE_PHONE_NUMBER",
                "is not set, but OUTBOUND_ENABLED is",
                "Set the number that outgoing calls show.",
            )
        if self.keep_audio and not self.recordings_container:
            wrong(
                "RECORDING_CONTAINER_URL",
                "is not set, but KEEP_AUDIO is",
                "Set the blob container that the carrier may write to.",
            )
        return found

    def _no_way_on(self) -> tuple[Mistake, ...]:
        """Return what is wrong with where callers go for whom there is no room."""
        name, number = "ADMISSION_REDIRECT_TO", self.admission_redirect_to
        if self.admission_beyond == "redirect" and not number:
            reason = "is not set, but ADMISSION_BEYOND is redirect"
            remedy = "Set the number that callers go to."
            return (Mistake(name=name, reason=reason, remedy=remedy),)
        if number and number in self.own_numbers:
            reason = "is one of our own numbers, which would be a loop"
            return (Mistake(name=name, reason=reason, remedy="Set another one."),)
        return ()

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

    @property
    def acs(self) -> tuple[str, str]:
        """Endpoint and access key of Call Automation; an empty key means identity."""
        text = self.acs_connection_string.get_secret_value()
        if text:
            return connection(text) or ("", "")
        return self.acs_endpoint or "", self.acs_access_key.get_secret_value()

    @property
    def own_numbers(self) -> frozenset[str]:
        """Numbers that are ours: a call from one of them would be a loop."""
        source = {self.acs_source_phone_number} if self.acs_source_phone_number else set()
        return frozenset(self.own_phone_numbers) | source

    @property
    def recordings_container(self) -> str:
        """The container that recordings are written to: that of the other files, unless named."""
        account = self.azure_storage_account_url if self.blobs == "azure" else None
        ours = f"{account.rstrip('/')}/{CONTAINER}" if account else ""
        return self.recording_container_url or ours

    @property
    def customers_path(self) -> Path:
        """The file of the practice bank, which host and relay share."""
        return Path(self.store_path) / "customers.db"

    @property
    def outbound_rules(self) -> Rules:
        """Whom we may call, and when."""
        return Rules(
            enabled=self.outbound_enabled,
            numbers=self.outbound_allowed_prefixes,
            own=self.own_numbers,
            countries=self.outbound_country_rules,
            premium=is_premium,
            hours=self.callback_hours,
            zone=ZoneInfo(self.callback_timezone),
            attempts=self.callback_attempts,
        )

    def outbound_caps(self, now: float) -> Caps:
        """How many outgoing calls there may be; a day begins at midnight in CALLBACK_TIMEZONE."""
        limits = self.limits
        local = datetime.fromtimestamp(now, ZoneInfo(self.callback_timezone))
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
        longest = limits.ring_s + limits.duration_s + TIDY_S
        return Caps(
            concurrent=self.outbound_max_concurrent,
            live_since=now - longest,
            per_day=self.outbound_max_per_day,
            day_began=midnight.timestamp(),
        )

    @property
    def endpoints(self) -> EndpointSettings:
        """When a caller's turn is over."""
        return EndpointSettings(
            fixed=self.endpointing == "fixed",
            shortest_ms=self.endpoint_min_ms,
            longest_ms=self.endpoint_max_ms,
            final_wait_ms=self.endpoint_final_wait_ms,
        )

    @property
    def _longest_transfer(self) -> float:
        each = [target.seconds or 0.0 for target in self.transfer_targets.values()]
        return max(self.call_transfer_seconds, *each) if each else self.call_transfer_seconds

    @property
    def answering(self) -> AnsweringRules:
        """What is done when a machine answers a call of ours."""
        return AnsweringRules(
            detect=self.answering_detection,
            voicemail=self.voicemail_action,
            menu=self.menu_action,
        )

    @property
    def turns(self) -> TurnSettings:
        """How turns are taken."""
        return TurnSettings(
            think_ahead=self.preemptive_replies,
            barge_in_s=self.barge_in_ms / 1000,
            barge_in_words=self.barge_in_words,
            backchannels=self.backchannels,
        )

    @property
    def limits(self) -> Limits:
        """What bounds a call; a transfer may last as long as the most patient target."""
        return replace(super().limits, transfer_s=self._longest_transfer + TRANSFER_MARGIN_S)


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
