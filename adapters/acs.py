"""Azure Communication Services Call Automation behind the `CallControl` port.

Known faults of its SDK 1.6.0 that are worked round here: the default timeouts are minutes, a
trailing slash in the endpoint breaks the signature, a connection string always talks https.
"""

from __future__ import annotations

import asyncio
import importlib
import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from adapters.acs_addresses import address_of, identifier
from core.carrier import CarrierError, Invitee, Links, Once, RecordTo, Trouble
from core.facts import LegState

# Takes most of a second to import: done in a thread, so that other calls go on meanwhile.
SDK = "azure.communication.callautomation.aio"
API_VERSION = "2026-03-12"
CONNECT_S = 2
READ_S = 5
RETRIES = 2  # the phone rings for 30 s; Event Grid and the orchestration try again themselves

NO_SUCH_CALL = frozenset({"8522", "8528"})
TOO_LATE = frozenset({"8585", "8586", "8587", "8519", "8583", "8607"})
CONNECTED_STATES = frozenset({"connected", "transferring", "transferAccepted"})
GONE_STATES = frozenset({"disconnecting", "disconnected"})
NOBODY = "00000000-0000-0000-0000-000000000000"

Connect = Callable[[], Awaitable[Any]]


class AcsCalls:
    """One SDK client for the whole process, opened at the first command."""

    def __init__(self, connect: Connect, *, source_number: str = "") -> None:
        self._connect = connect
        self._source_number = source_number
        self._client: Any = None
        self._connecting = asyncio.Lock()

    async def answer(self, offer: str, links: Links, once: Once, *, streaming: bool) -> str:
        with _carrier_errors():
            answered = await (await self._calls()).answer_call(
                incoming_call_context=offer,
                callback_url=links.callback_url,
                media_streaming=_streaming(links.media_url, start=streaming),
                headers=_repeatable(once),
            )
        return str(answered.call_connection_id)

    async def reject(self, offer: str, once: Once) -> None:
        from azure.communication.callautomation import CallRejectReason

        with _carrier_errors():
            await (await self._calls()).reject_call(
                offer, call_reject_reason=CallRejectReason.BUSY, headers=_repeatable(once)
            )

    async def redirect(self, offer: str, number: str, once: Once) -> None:
        from azure.communication.callautomation import PhoneNumberIdentifier

        with _carrier_errors():
            await (await self._calls()).redirect_call(
                offer, PhoneNumberIdentifier(number), headers=_repeatable(once)
            )

    async def create(self, number: str, links: Links, once: Once, *, streaming: bool) -> str:
        from azure.communication.callautomation import PhoneNumberIdentifier

        with _carrier_errors():
            created = await (await self._calls()).create_call(
                target_participant=PhoneNumberIdentifier(number),
                callback_url=links.callback_url,
                source_caller_id_number=PhoneNumberIdentifier(self._source_number),
                media_streaming=_streaming(links.media_url, start=streaming),
                headers=_repeatable(once),
            )
        return str(created.call_connection_id)

    async def hang_up(self, connection_id: str, once: Once) -> None:
        with _carrier_errors():
            leg = await self._leg(connection_id)
            await leg.hang_up(is_for_everyone=True, headers=_repeatable(once))

    async def transfer(self, connection_id: str, to: Invitee, context: str, once: Once) -> None:
        with _carrier_errors():
            await (await self._leg(connection_id)).transfer_call_to_participant(
                identifier(to.address),
                operation_context=context,
                headers=_repeatable(once),
                **self._told(to),
            )

    async def invite(
        self, connection_id: str, to: Invitee, *, ring_s: float, context: str, once: Once
    ) -> str:
        with _carrier_errors():
            added = await (await self._leg(connection_id)).add_participant(
                identifier(to.address),
                invitation_timeout=round(ring_s),
                operation_context=context,
                headers=_repeatable(once),
                **self._told(to),
            )
        return str(added.invitation_id or "")

    async def withdraw(self, connection_id: str, invitation: str, address: str, once: Once) -> None:
        leg = await self._leg(connection_id)
        cancel = Once(key=f"{once.key}:cancel", at=once.at)
        with _unless_too_late(), _carrier_errors():
            await leg.cancel_add_participant_operation(invitation, headers=_repeatable(cancel))
            return
        with _unless_too_late(), _carrier_errors():
            await leg.remove_participant(identifier(address), headers=_repeatable(once))

    async def people(self, connection_id: str) -> frozenset[str]:
        with _carrier_errors():
            listed = (await self._leg(connection_id)).list_participants()
            return frozenset([address_of(each.identifier) async for each in listed])

    async def hold(self, connection_id: str, address: str, music_url: str) -> None:
        from azure.communication.callautomation import FileSource

        with _carrier_errors():
            leg = await self._leg(connection_id)
            await leg.hold(identifier(address), play_source=FileSource(url=music_url))

    async def unhold(self, connection_id: str, address: str) -> None:
        with _carrier_errors():
            await (await self._leg(connection_id)).unhold(identifier(address))

    async def leave(self, connection_id: str) -> None:
        with _carrier_errors():
            await (await self._leg(connection_id)).hang_up(is_for_everyone=False)

    async def start_media(self, connection_id: str) -> None:
        leg = await self._leg(connection_id)
        try:
            with _carrier_errors():
                await leg.stop_media_streaming()
        except CarrierError as error:
            if error.trouble is not Trouble.CONFLICT and error.trouble is not Trouble.REFUSED:
                raise  # "was not active" is the state we want; all else is trouble
        with _carrier_errors():
            await leg.start_media_streaming()

    async def play(self, connection_id: str, url: str, context: str) -> None:
        from azure.communication.callautomation import FileSource

        with _carrier_errors():
            leg = await self._leg(connection_id)
            await leg.play_media(FileSource(url=url), operation_context=context)

    async def leg(self, connection_id: str) -> LegState:
        try:
            with _carrier_errors():
                properties = await (await self._leg(connection_id)).get_call_properties()
        except CarrierError as error:
            if error.trouble is Trouble.GONE:
                return LegState.GONE
            raise
        state = str(properties.call_connection_state)
        if state in CONNECTED_STATES:
            return LegState.CONNECTED
        return LegState.GONE if state in GONE_STATES else LegState.CONNECTING

    async def start_recording(
        self, connection_id: str, where: RecordTo, once: Once, *, paused: bool
    ) -> str:
        from azure.communication.callautomation import (
            AzureBlobContainerRecordingStorage,
            RecordingChannel,
            RecordingContent,
            RecordingFormat,
        )

        with _carrier_errors():
            started = await (await self._calls()).start_recording(
                call_connection_id=connection_id,
                recording_content_type=RecordingContent.AUDIO,
                recording_channel_type=RecordingChannel.MIXED,
                recording_format_type=RecordingFormat.WAV,
                pause_on_start=paused,
                recording_storage=AzureBlobContainerRecordingStorage(where.container_url),
                recording_state_callback_url=where.callback_url,
                headers=_repeatable(once),
            )
        return str(started.recording_id)

    async def pause_recording(self, recording_id: str) -> None:
        with _carrier_errors():
            await (await self._calls()).pause_recording(recording_id)

    async def resume_recording(self, recording_id: str) -> None:
        with _carrier_errors():
            await (await self._calls()).resume_recording(recording_id)

    async def stop_recording(self, recording_id: str) -> None:
        try:
            with _carrier_errors():
                await (await self._calls()).stop_recording(recording_id)
        except CarrierError as error:
            if error.trouble is not Trouble.GONE:
                raise  # the call ended, and its recording with it

    async def check(self) -> None:
        await self.leg(NOBODY)  # "no such call" proves that it answers and takes our credentials

    async def aclose(self) -> None:
        if self._client is not None:
            await self._client.close()
            self._client = None

    def _told(self, to: Invitee) -> dict[str, Any]:
        """Return who is told to be calling, and with which headers."""
        from azure.communication.callautomation import PhoneNumberIdentifier

        headers = dict(to.headers) or None  # an empty one is sent as one
        if not to.address.startswith("+"):
            return {"voip_headers": headers}
        source = PhoneNumberIdentifier(self._source_number) if self._source_number else None
        return {"sip_headers": headers, "source_caller_id_number": source}

    async def _calls(self) -> Any:
        async with self._connecting:
            if self._client is None:
                self._client = await self._connect()
        return self._client

    async def _leg(self, connection_id: str) -> Any:
        return (await self._calls()).get_call_connection(connection_id)


def key_client(endpoint: str, access_key: str) -> Connect:
    """Connect with an access key; http endpoints work, for loopback."""

    async def connect() -> Any:
        await asyncio.to_thread(importlib.import_module, SDK)
        from azure.core.credentials import AzureKeyCredential

        return _client(endpoint, AzureKeyCredential(access_key))

    return connect


def identity_client(endpoint: str) -> Connect:
    """Connect with the identity of the process (managed identity, developer login)."""

    async def connect() -> Any:
        await asyncio.to_thread(importlib.import_module, SDK)
        await asyncio.to_thread(importlib.import_module, "azure.identity.aio")
        from azure.identity.aio import DefaultAzureCredential

        return _client(endpoint, DefaultAzureCredential())

    return connect


def _client(endpoint: str, credential: Any) -> Any:
    from azure.communication.callautomation.aio import CallAutomationClient

    logging.getLogger("azure.core.pipeline.policies.http_logging_policy").setLevel(logging.WARNING)
    # Hold and unhold make the SDK warn of its own keyword arguments.
    logging.getLogger("azure.communication.callautomation._generated").setLevel(logging.ERROR)
    return CallAutomationClient(
        endpoint.rstrip("/"),
        credential,
        api_version=API_VERSION,
        connection_timeout=CONNECT_S,
        read_timeout=READ_S,
        retry_total=RETRIES,
    )


def _streaming(media_url: str, *, start: bool) -> Any:
    from azure.communication.callautomation import (
        AudioFormat,
        MediaStreamingAudioChannelType,
        MediaStreamingContentType,
        MediaStreamingOptions,
        StreamingTransportType,
    )

    return MediaStreamingOptions(
        transport_url=media_url,
        transport_type=StreamingTransportType.WEBSOCKET,
        content_type=MediaStreamingContentType.AUDIO,
        audio_channel_type=MediaStreamingAudioChannelType.MIXED,
        start_media_streaming=start,
        enable_bidirectional=True,
        audio_format=AudioFormat.PCM16_K_MONO,
        enable_dtmf_tones=True,
    )


def _repeatable(once: Once) -> dict[str, str]:
    return {
        "Repeatability-Request-ID": str(uuid5(NAMESPACE_URL, f"artvoice:{once.key}")),
        "Repeatability-First-Sent": format_datetime(
            datetime.fromtimestamp(once.at, UTC), usegmt=True
        ),
    }


@contextmanager
def _unless_too_late() -> Iterator[None]:
    """Let pass that what was to be undone is not there (any more)."""
    try:
        yield
    except CarrierError as error:
        if error.trouble is Trouble.UNAVAILABLE:
            raise


@contextmanager
def _carrier_errors() -> Iterator[None]:
    from azure.core.exceptions import AzureError, HttpResponseError

    try:
        yield
    except HttpResponseError as error:
        trouble, code = _trouble(error)
        raise CarrierError(trouble, code) from error
    except AzureError as error:
        raise CarrierError(Trouble.UNAVAILABLE, type(error).__name__) from error


def _trouble(error: Any) -> tuple[Trouble, str]:
    status = int(error.status_code or 0)
    code = str(getattr(error.error, "code", "") or status)
    if status == 404 or code in NO_SUCH_CALL:
        return Trouble.GONE, code
    # An offer whose token has run out is answered 400 with the validator's own error name.
    if status in {409, 412} or code in TOO_LATE or "IDX23010" in str(error.message):
        return Trouble.CONFLICT, code
    if status in {408, 429} or status >= 500:
        return Trouble.UNAVAILABLE, code
    return Trouble.REFUSED, code
