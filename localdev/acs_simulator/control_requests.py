"""The requests of the control interface as types."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AliasChoices, BaseModel, Field

from localdev.acs_simulator.bodies import E164
from localdev.acs_simulator.callee import GREETING, Manner

MAX_WAIT_S = 60.0

Ms = Annotated[float, Field(ge=0, le=86_400_000)]


class NewCall(BaseModel):
    """`POST /emulator/calls`."""

    from_: Annotated[E164, Field(validation_alias="from")]
    to: E164
    display_name: Annotated[str, Field(max_length=200)] = ""
    custom_context: dict[str, Any] | None = None
    faults: Annotated[list[str], Field(max_length=50)] = []


class Say(BaseModel):
    """The query of `POST .../say`. Without `at_ms` the caller waits until the agent is quiet."""

    at_ms: Ms | None = None
    when: Annotated[str, Field(pattern="^agent_quiet$")] = "agent_quiet"
    quiet_ms: Ms = 700
    max_wait_ms: Ms = 30_000
    text: Annotated[str, Field(max_length=1000)] = ""


class Dtmf(BaseModel):
    """`POST .../dtmf`."""

    digit: Annotated[str, Field(pattern="^[0-9*#A-D]$")]
    at_ms: Ms | None = None


class FaultNames(BaseModel):
    """`POST .../faults`."""

    faults: Annotated[list[str], Field(max_length=50)]


class CalleeSetting(BaseModel):
    """`POST /emulator/numbers/{n}`. `text`: what a voicemail says before it beeps."""

    behaviour: Manner = Field(validation_alias=AliasChoices("behaviour", "behavior"))
    delay_s: Annotated[float, Field(ge=0, le=600)] | None = None
    text: Annotated[str, Field(max_length=1_000)] = GREETING
    listens_s: Annotated[float, Field(ge=0, le=600)] = 2.0
    keys: Annotated[str, Field(pattern="^[0-9*#A-D]{0,20}$")] = ""
    hangs_up: bool = False


class Since(BaseModel):
    """The query of `GET .../events`: entries from number `after` on, waiting for the first."""

    after: Annotated[int, Field(ge=0)] = 0
    wait: Annotated[float, Field(ge=0, le=MAX_WAIT_S)] = 0
