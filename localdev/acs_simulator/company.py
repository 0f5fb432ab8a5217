"""Who else is in a call: people whom the app rings into it, and who is on hold.

Assumed, not documented: somebody on hold is neither heard nor hears anything but the music; a call
that its caller leaves goes on as long as somebody whom the app invited rings or is in it; an
invitation that is no more cannot be cancelled (8585).
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from localdev.acs_simulator.audio import frame_bytes
from localdev.acs_simulator.callee import NO_ANSWER, Behaviour
from localdev.acs_simulator.happenings import DONE, Operation, Raise, Result
from localdev.acs_simulator.line import Ear, Line
from localdev.acs_simulator.play import PlayFailed, fetch_prompt
from localdev.acs_simulator.prompts import Prompt, PromptPlayer
from localdev.acs_simulator.service_errors import invalid_argument, invalid_state
from localdev.acs_simulator.tasks import Tasks
from localdev.acs_simulator.timeline import Timeline


@dataclass(slots=True, kw_only=True)
class Guest:
    """Somebody who was invited. `who` as the service returns identifiers."""

    who: Mapping[str, Any]
    invitation: str
    operation: Operation
    behaviour: Behaviour
    joined: bool = False
    task: asyncio.Task[None] | None = None


@dataclass(kw_only=True, eq=False)
class Company:
    """The people of one call. `send` raises its events, `ring` rings a telephone."""

    http: aiohttp.ClientSession
    tasks: Tasks
    timeline: Timeline
    caller: Mapping[str, Any]
    bot: Mapping[str, Any]
    send: Callable[[Raise], None]
    ring: Callable[[str], Awaitable[Result | None]]
    behaviour: Callable[[str], Behaviour]
    line: Callable[[], Line]
    press: Callable[[str], object]
    guests: list[Guest] = field(default_factory=list)
    held: set[str] = field(default_factory=set)
    caller_gone: bool = False

    def people(self) -> list[dict[str, Any]]:
        """Return who is in the call as `ParticipantsUpdated` and the REST list show them."""
        there = [] if self.caller_gone else [self.caller]
        there += [self.bot, *(guest.who for guest in self.guests if guest.joined)]
        return [
            {"identifier": who, "isMuted": False, "isOnHold": who["rawId"] in self.held}
            for who in there
        ]

    # --- what the app asks for -------------------------------------------------------------------

    def invite(self, who: Mapping[str, Any], *, within_s: float, operation: Operation) -> Guest:
        """Ring somebody into the call. Raises `ServiceError`."""
        if who["kind"] == "unknown":
            raise invalid_argument("participantToAdd is of an unsupported kind.")
        if any(guest.who["rawId"] == who["rawId"] for guest in self.guests):
            raise invalid_state("the participant is invited already.")
        number = str(who["rawId"]).removeprefix("4:")
        guest = Guest(
            who=who,
            invitation=str(uuid.uuid4()),
            operation=operation,
            behaviour=self.behaviour(number),
        )
        self.guests.append(guest)
        self.timeline.note("guest_rings", number=number)
        guest.task = self.tasks.spawn(self._come(guest, number, within_s))
        return guest

    def cancel(self, invitation: str, operation: Operation) -> None:
        """Stop ringing somebody. Raises `ServiceError`."""
        for guest in self.guests:
            if guest.invitation == invitation and not guest.joined:
                self._forget(guest)
                data = {"invitationId": invitation}
                self._told("CancelAddParticipantSucceeded", operation, data=data)
                return
        raise invalid_state("the invitation is no more.")

    def remove(self, who: Mapping[str, Any], operation: Operation) -> None:
        """Put somebody out of the call. Raises `ServiceError`."""
        for guest in self.guests:
            if guest.who["rawId"] == who["rawId"] and guest.joined:
                self._forget(guest)
                data = {"participant": guest.who}
                self._told("RemoveParticipantSucceeded", operation, data=data)
                self.send(Raise(type="ParticipantsUpdated"))
                return
        raise invalid_argument("participantToRemove is not in the call.")

    def hold(self, who: Mapping[str, Any], files: list[str]) -> None:
        """Let somebody hear music and nothing else. Raises `ServiceError`."""
        self._check(who)
        self.held.add(str(who["rawId"]))
        if who["rawId"] == self.caller["rawId"]:
            line = self.line()
            line.hold = PromptPlayer(frame_bytes(line.rate))
            if files:
                self.tasks.spawn(self._music(line, files))
        self.timeline.note("held")
        self.send(Raise(type="ParticipantsUpdated"))

    def unhold(self, who: Mapping[str, Any]) -> None:
        """Let somebody hear and be heard again. Raises `ServiceError`."""
        self._check(who)
        self.held.discard(str(who["rawId"]))
        if who["rawId"] == self.caller["rawId"]:
            self.line().hold = None
        self.timeline.note("unheld")
        self.send(Raise(type="ParticipantsUpdated"))

    # --- what people do --------------------------------------------------------------------------

    def goes_on_without_caller(self) -> bool:
        """Let the caller leave; False if that is the end of the call."""
        if not self.guests:
            return False
        self.caller_gone = True
        self.send(Raise(type="ParticipantsUpdated"))
        return True

    async def _come(self, guest: Guest, number: str, within_s: float) -> None:
        refusal: Result | None = NO_ANSWER
        try:
            async with asyncio.timeout(within_s):
                refusal = await self.ring(number)
        except TimeoutError:
            pass
        data = {"participant": guest.who}
        if refusal is not None:
            self.guests.remove(guest)
            self._told("AddParticipantFailed", guest.operation, refusal, data)
            return
        guest.joined = True
        self.line().guest = Ear(self.line().rate, self.timeline)
        self.timeline.note("guest_joined")
        self._told("AddParticipantSucceeded", guest.operation, data=data)
        self.send(Raise(type="ParticipantsUpdated"))
        await self._answer(guest)

    async def _answer(self, guest: Guest) -> None:
        """Do what this person does once he has listened for a while."""
        await asyncio.sleep(guest.behaviour.listens_s)
        for key in guest.behaviour.keys:
            self.timeline.note("guest_pressed", digit=key)
            self.press(key)
        if guest.behaviour.hangs_up:
            self._forget(guest)
            self.send(Raise(type="ParticipantsUpdated"))

    async def _music(self, line: Line, files: list[str]) -> None:
        try:
            pcm = await fetch_prompt(self.http, files, line.rate)
        except PlayFailed as error:
            self.timeline.note("no_music", why=error.result.message)
            return
        if line.hold is not None:
            line.hold.add(Prompt(pcm=pcm, operation=Operation(), loop=True))

    def _check(self, who: Mapping[str, Any]) -> None:
        if all(each["identifier"]["rawId"] != who["rawId"] for each in self.people()):
            raise invalid_argument("targetParticipant is not in the call.")

    def _forget(self, guest: Guest) -> None:
        self.guests.remove(guest)
        if guest.joined:
            self.line().let_go()
            self.timeline.note("guest_left")
        task = guest.task
        if task is not None and task is not asyncio.current_task():
            task.cancel()

    def _told(
        self,
        kind: str,
        operation: Operation,
        result: Result = DONE,
        data: Mapping[str, Any] | None = None,
    ) -> None:
        self.send(Raise(type=kind, result=result, operation=operation, data=data or {}))
