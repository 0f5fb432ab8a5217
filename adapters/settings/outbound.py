"""Whom we may call, when and how often, and what is done when a machine answers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from pydantic import Field

from adapters.premium import is_premium
from adapters.settings.limits import LimitSettings
from adapters.settings.values import CallHours, Countries, Mistake, Prefixes, Zone
from core.answering import AnsweringRules, MenuAction, VoicemailAction
from core.dialling import Caps, Rules
from core.hours import Hours

TIDY_S = 600.0  # from the longest call's end to its record, with a host that was down


class OutboundSettings(LimitSettings):
    """Calls that we make: by REST, for a campaign, or because they were promised."""

    outbound_enabled: bool = False
    outbound_allowed_prefixes: Prefixes = ()
    outbound_country_rules: Countries = ()
    outbound_max_concurrent: int = Field(default=2, ge=1, le=1000)
    outbound_max_per_day: int = Field(default=100, ge=1, le=100_000)
    callback_hours: CallHours = Hours()
    callback_timezone: Zone = "UTC"
    callback_attempts: int = Field(default=3, ge=1, le=10)
    answering_detection: bool = True
    voicemail_action: VoicemailAction = AnsweringRules().voicemail
    menu_action: MenuAction = AnsweringRules().menu

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
    def answering(self) -> AnsweringRules:
        """What is done when a machine answers a call of ours."""
        return AnsweringRules(
            detect=self.answering_detection,
            voicemail=self.voicemail_action,
            menu=self.menu_action,
        )

    def contradictions(self) -> Iterator[Mistake]:
        yield from super().contradictions()
        if self.outbound_enabled and not self.acs_source_phone_number:
            yield Mistake(
                name="ACS_SOURCE_PHONE_NUMBER",
                reason="is not set, but OUTBOUND_ENABLED is",
                remedy="Set the number that outgoing calls show.",
            )
