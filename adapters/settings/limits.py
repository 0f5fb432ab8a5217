"""What bounds a call, as settings; why the defaults are so stands in `core.call.state.Limits`."""

from __future__ import annotations

from pydantic import Field

from adapters.settings.telephony import TelephonySettings
from core.call import Limits

OUR = Limits()
MINUTES_10 = 600
TRANSFER_MARGIN_S = 30.0  # to announce it, to hold the caller, and to look what came of it


class LimitSettings(TelephonySettings):
    """Seconds and counts of one call's life."""

    call_max_seconds: float = Field(default=OUR.duration_s, gt=0, le=24 * 3600)
    call_warning_seconds: float = Field(default=OUR.warning_s, ge=0, le=MINUTES_10)
    call_max_facts: int = Field(default=OUR.facts, ge=100, le=20_000)
    call_connect_seconds: float = Field(default=OUR.connect_s, gt=0, le=MINUTES_10)
    call_refused_seconds: float = Field(default=OUR.refused_s, gt=0, le=MINUTES_10)
    call_settle_seconds: float = Field(default=OUR.settle_s, gt=0, le=MINUTES_10)
    call_ring_seconds: float = Field(default=OUR.ring_s, gt=0, le=MINUTES_10)
    call_attach_seconds: float = Field(default=OUR.attach_s, gt=0, le=MINUTES_10)
    call_detach_seconds: float = Field(default=OUR.detach_grace_s, gt=0, le=MINUTES_10)
    call_unattended_seconds: float = Field(default=OUR.unattended_s, gt=0, le=MINUTES_10)
    call_redial_seconds: float = Field(default=OUR.redial_s, gt=0, le=MINUTES_10)
    call_wake_seconds: float = Field(default=OUR.wake_s, gt=0, le=120)
    call_speechless_seconds: float = Field(default=OUR.speechless_s, gt=0, le=MINUTES_10)
    call_transfer_seconds: float = Field(default=60.0, gt=0, le=MINUTES_10)  # the carrier's limit
    call_prompt_seconds: float = Field(default=OUR.prompt_s, gt=0, le=MINUTES_10)
    call_hang_up_seconds: float = Field(default=OUR.hang_up_grace_s, gt=0, le=MINUTES_10)
    call_watch_seconds: float = Field(default=OUR.watch_s, gt=0, le=24 * 3600)

    @property
    def limits(self) -> Limits:
        """What bounds a call; a transfer may last as long as the most patient target."""
        return Limits(
            duration_s=self.call_max_seconds,
            warning_s=self.call_warning_seconds,
            facts=self.call_max_facts,
            connect_s=self.call_connect_seconds,
            refused_s=self.call_refused_seconds,
            settle_s=self.call_settle_seconds,
            ring_s=self.call_ring_seconds,
            attach_s=self.call_attach_seconds,
            detach_grace_s=self.call_detach_seconds,
            unattended_s=self.call_unattended_seconds,
            redial_s=self.call_redial_seconds,
            wake_s=self.call_wake_seconds,
            speechless_s=self.call_speechless_seconds,
            transfer_s=self._longest_transfer + TRANSFER_MARGIN_S,
            prompt_s=self.call_prompt_seconds,
            hang_up_grace_s=self.call_hang_up_seconds,
            watch_s=self.call_watch_seconds,
        )

    @property
    def _longest_transfer(self) -> float:
        each = [target.seconds or 0.0 for target in self.transfer_targets.values()]
        return max([self.call_transfer_seconds, *each])
