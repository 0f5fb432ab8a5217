"""One call, carried out: the state machine's effects, the line, the socket and the callbacks."""

from __future__ import annotations

import asyncio
import base64
import secrets
import uuid
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any, assert_never

from localdev.acs_simulator import happenings as h
from localdev.acs_simulator.announcer import Announcer
from localdev.acs_simulator.audio import DEFAULT_RATE
from localdev.acs_simulator.bodies import MediaOptions, Play, StartRecording, Taking
from localdev.acs_simulator.callbacks import Callback, CallbackSender
from localdev.acs_simulator.callee import RESULTS, Behaviour, Manner, behaviour_of
from localdev.acs_simulator.company import Company
from localdev.acs_simulator.events import cloud_event, identifier
from localdev.acs_simulator.faults import Faults
from localdev.acs_simulator.line import Line
from localdev.acs_simulator.media import MediaStream, StreamPlan
from localdev.acs_simulator.parties import Parties, Services
from localdev.acs_simulator.recording_desk import RecordingDesk
from localdev.acs_simulator.recordings import Recording
from localdev.acs_simulator.service_errors import ServiceError, not_established
from localdev.acs_simulator.state import ENDED, ESTABLISHED, Phase, State, step
from localdev.acs_simulator.telephone import Telephone

DRAIN_S = 90.0
ANSWERED_MS = 400  # from picking up to the first word


class Call(Telephone):
    """A call that rings or is being dialled. `run` owns every task of it."""

    def __init__(
        self, services: Services, parties: Parties, faults: Faults, *, outbound: bool = False
    ) -> None:
        super().__init__()
        self.id = uuid.uuid4().hex
        self.connection_id = str(uuid.uuid4())
        self.correlation_id = str(uuid.uuid4())
        self.server_call_id = base64.b64encode(f"simulator/{self.id}".encode()).decode()
        self.incoming_context = "eyJhbGciOiJub25lIn0." + secrets.token_urlsafe(4600)
        self.parties = parties
        self.faults = faults
        self.state = State(
            outbound=outbound, caller=identifier(parties.to if outbound else parties.from_)
        )
        self.callback_url = ""
        self._services = services
        self.person = self.state.caller
        self.number = identifier(parties.from_ if outbound else parties.to)
        self.bot = identifier(f"8:acs:{services.settings.resource_id}_{self.id}")
        self._sequence = 0
        self._over = asyncio.Event()
        self._finished = asyncio.Event()
        self._announcing: asyncio.Task[None] | None = None
        self.desk = RecordingDesk(self, services.settings, services.grid, self._raise)
        self._announcer = Announcer(services.http, self.timeline, self._raise)
        self._callbacks = CallbackSender(
            http=services.http,
            tokens=services.tokens,
            faults=faults,
            timeline=self.timeline,
            retries=services.settings.callback_retries,
        )
        self.company = Company(
            http=services.http,
            tasks=self.tasks,
            timeline=self.timeline,
            caller=self.person,
            bot=self.bot,
            send=self._raise,
            ring=lambda number: self._callee(number, transfer=True),
            behaviour=lambda number: services.numbers.get(number, Behaviour()),
            line=self._established_line,
            press=lambda digit: self.stream is not None and self.stream.press(digit),
        )
        self.timeline.note("phase", phase=self.state.phase)

    # --- for whoever places the call -------------------------------------------------------------

    async def until(self, phase: str) -> None:
        """Return when the call is in a `Phase`, or "ended". Raises `LookupError` if it never is."""
        if phase == "ended":
            await self._over.wait()
        else:
            await self.timeline.wait_for("phase", phase=Phase(phase))

    async def finished(self) -> None:
        """Return when the call is over and nothing of it is under way any more."""
        await self._finished.wait()

    def hang_up(self) -> None:
        """Put the caller's receiver down."""
        self.timeline.note("caller_hung_up")
        if not (self.established and self.company.goes_on_without_caller()):
            self.tell(h.CallerLeft())

    # --- for the service -------------------------------------------------------------------------

    @property
    def established(self) -> bool:
        return self.state.phase in ESTABLISHED

    @property
    def over(self) -> bool:
        return self.state.phase in ENDED

    def ids(self) -> dict[str, str]:
        """Return the call's three ids by their JSON names."""
        return {
            "callConnectionId": self.connection_id,
            "serverCallId": self.server_call_id,
            "correlationId": self.correlation_id,
        }

    def people(self) -> list[dict[str, Any]]:
        """Return who is in the call, the app itself included."""
        return self.company.people()

    def take(self, body: Taking) -> None:
        """Let the app answer or place the call. Raises `ServiceError`."""
        media = body.media_streaming_options
        self.apply(
            h.Taken(
                operation=h.Operation(context=body.operation_context),
                media=media is not None,
                start=media is not None and media.start_media_streaming,
            )
        )
        self.callback_url = body.callback_uri
        rate = media.rate if media else DEFAULT_RATE
        buffer_ms = self.faults.number("buffer_limit")
        line = self.install(rate, self._announcer, buffer_ms=buffer_ms)
        if media is not None:
            self.stream = MediaStream(
                self._plan(media),
                line=line,
                clock=self.clock,
                timeline=self.timeline,
                faults=self.faults,
                tokens=self._services.tokens,
                tell=self.tell,
            )

    def apply(self, event: h.Happening) -> None:
        """Let something happen to the call. Raises `ServiceError` if it may not."""
        outcome = step(self.state, event)
        if isinstance(outcome, ServiceError):
            raise outcome
        before, (self.state, effects) = self.state, outcome
        if self.state.phase is not before.phase:
            self.timeline.note("phase", phase=self.state.phase, because=type(event).__name__)
        for effect in effects:
            self._carry_out(effect)
        if self.over:
            self._over.set()

    def tell(self, event: h.Happening) -> None:
        """Let something happen that nobody asked for, unless it is too late."""
        if not self.over:
            self.apply(event)

    async def run(self, started: asyncio.Event) -> None:
        """Own the call's tasks from its first to its last moment."""
        try:
            async with self.tasks:
                self.tasks.spawn(self._callbacks.run())
                self.tasks.spawn(self._time_out())
                started.set()
                await self._over.wait()
                await self._wind_up()
        finally:
            if not self.over:  # the simulator stops, or the call broke
                self.state = replace(self.state, phase=Phase.DISCONNECTED)
            self._over.set()
            self.timeline.close()
            self._finished.set()

    async def ring_out(self) -> None:
        """Stop ringing when nobody answers."""
        await asyncio.sleep(self._services.settings.ring_timeout_s)
        self.tell(h.RingEnded())

    def play(self, play: Play) -> None:
        """Play files to the caller. Raises `ServiceError`."""
        self.tasks.spawn(self._announcer.play(self._established_line(), play))

    def record(self, body: StartRecording) -> Recording:
        """Begin to record. Raises `ServiceError`."""
        return self.desk.start(body, self._established_line())

    def cancel_prompts(self) -> None:
        """Stop every prompt. Raises `ServiceError`."""
        self._announcer.cancel(self._established_line())

    def announce(self, work: Coroutine[Any, Any, None]) -> None:
        """Offer the call to the app; the call is not finished before that is."""
        self._announcing = self.tasks.spawn(work)

    # --- inside ----------------------------------------------------------------------------------

    def _plan(self, media: MediaOptions) -> StreamPlan:
        unmixed = media.audio_channel_type == "unmixed"
        return StreamPlan(
            url=media.transport_url,
            connection_id=self.connection_id,
            correlation_id=self.correlation_id,
            bidirectional=media.enable_bidirectional,
            dtmf=media.enable_dtmf_tones,
            participant=str(self.person["rawId"]) if unmixed else None,
        )

    def _carry_out(self, effect: h.Effect) -> None:
        match effect:
            case h.Raise():
                self._raise(effect)
            case h.Connect():
                self.tasks.spawn(self._dial_out() if self.state.outbound else self._connect())
            case h.OpenMedia():
                if self.stream is not None:
                    self.tasks.spawn(self.stream.run())
            case h.CloseMedia():
                if self.stream is not None:
                    self.stream.close()
            case h.TryTransfer():
                self.tasks.spawn(self._transfer())
            case _:
                assert_never(effect)

    def _raise(self, event: h.Raise) -> None:
        if event.type == "CallConnected":
            self.open_line()
        if event.type == "ParticipantsUpdated":
            self._sequence += 1
            data = {"participants": self.people(), "sequenceNumber": self._sequence}
            event = replace(event, data=data)
        time = self.clock.wall(self.clock.now_ms())
        body = cloud_event(event, ids=self.ids(), time=time)
        self._callbacks.put(Callback(url=event.operation.callback or self.callback_url, event=body))
        if event.type == "CallDisconnected" and self.faults.take("late_after_disconnect"):
            self._raise(h.Raise(type="ParticipantsUpdated"))

    async def _connect(self) -> None:
        if self.faults.has("ws_before_connected") and self.stream and self.state.start_media:
            self.tasks.spawn(self.stream.run())
            await self.timeline.wait_for("media_open", "media_refused")
        await asyncio.sleep(self._services.settings.connect_delay_s)
        self.tell(h.LineUp())

    async def _dial_out(self) -> None:
        refusal = await self._callee(self.parties.to, transfer=False)
        self.tell(h.LineUp() if refusal is None else h.CalleeRefused(result=refusal))

    async def _transfer(self) -> None:
        asked = self.state.transfer
        if asked is None:
            return
        number = str(asked.target["rawId"]).removeprefix("4:")
        refusal = await self._callee(number, transfer=True)
        self.tell(h.TransferTaken() if refusal is None else h.TransferRefused(result=refusal))

    async def _callee(self, number: str, *, transfer: bool) -> h.Result | None:
        """Ring a number; returns why it did not answer, or None."""
        settings = self._services.settings
        behaviour = behaviour_of(number, self._services.numbers, self.faults, transfer=transfer)
        usual = settings.transfer_delay_s if transfer else settings.callee_delay_s
        if behaviour.manner is Manner.NO_ANSWER:
            usual = settings.ring_timeout_s
        await asyncio.sleep(usual if behaviour.delay_s is None else behaviour.delay_s)
        if behaviour.audio and not transfer:
            at_ms = self.clock.now_ms() + ANSWERED_MS
            self.say(behaviour.audio, at_ms=at_ms, text=behaviour.manner.value)
        return RESULTS.get(behaviour.manner)

    def _established_line(self) -> Line:
        if not self.established or self.line is None:
            raise not_established()
        return self.line

    async def _time_out(self) -> None:
        await asyncio.sleep(self._services.settings.max_call_s)
        self.timeline.note("call_too_long")
        self.tell(h.CallerLeft())

    async def _wind_up(self) -> None:
        self.close_line()
        self.desk.stop()
        try:
            async with asyncio.timeout(DRAIN_S):
                await self.desk.published()
                if self._announcing is not None:
                    await asyncio.wait({self._announcing})
                await self._callbacks.drained()
        except TimeoutError:
            self.timeline.note("events_abandoned")
