"""Every command to a call, as a request of the SDK."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from adapters.acs.addresses import address_of, identifier
from adapters.acs.client import Connect
from adapters.acs.errors import carrier_errors, unless_too_late
from core.carrier import CarrierError, Invitee, Links, Once, RecordTo, Trouble
from core.facts import LegState

CONNECTED_STATES = frozenset({"connected", "transferring", "transferAccepted"})
GONE_STATES = frozenset({"disconnecting", "disconnected"})
NOBODY = "00000000-0000-0000-0000-000000000000"


class AcsCalls:
    """One SDK client for the whole process, opened at the first command."""

    def __init__(self, connect: Connect, *, source_number: str = "") -> None:
        self._connect = connect
        self._source_number = source_number
        self._client: Any = None
        self._credential: Any = None
        self._connecting = asyncio.Lock()

    async def answer(self, offer: str, links: Links, once: Once, *, streaming: bool) -> str:
        with carrier_errors():
            answered = await (await self._calls()).answer_call(
                incoming_call_context=offer,
                callback_url=links.callback_url,
                media_streaming=_streaming(links.media_url, start=streaming),
                headers=_repeatable(once),
            )
        return str(answered.call_connection_id)

    async def reject(self, offer: str, once: Once) -> None:
        from azure.communication.callautomation import CallRejectReason

        with carrier_errors():
            await (await self._calls()).reject_call(
                offer, call_reject_reason=CallRejectReason.BUSY, headers=_repeatable(once)
            )

    async def redirect(self, offer: str, number: str, once: Once) -> None:
        from azure.communication.callautomation import PhoneNumberIdentifier

        with carrier_errors():
            await (await self._calls()).redirect_call(
                offer, PhoneNumberIdentifier(number), headers=_repeatable(once)
            )

    async def create(self, number: str, links: Links, once: Once, *, streaming: bool) -> str:
        from azure.communication.callautomation import PhoneNumberIdentifier

        with carrier_errors():
            created = await (await self._calls()).create_call(
                target_participant=PhoneNumberIdentifier(number),
                callback_url=links.callback_url,
                source_caller_id_number=PhoneNumberIdentifier(self._source_number),
                media_streaming=_streaming(links.media_url, start=streaming),
                headers=_repeatable(once),
            )
        return str(created.call_connection_id)

    async def hang_up(self, connection_id: str, once: Once) -> None:
        with carrier_errors():
            leg = await self._leg(connection_id)
            await leg.hang_up(is_for_everyone=True, headers=_repeatable(once))

    async def transfer(self, connection_id: str, to: Invitee, context: str, once: Once) -> None:
        with carrier_errors():
            await (await self._leg(connection_id)).transfer_call_to_participant(
                identifier(to.address),
                operation_context=context,
                headers=_repeatable(once),
                **self._told(to),
            )

    async def invite(
        self, connection_id: str, to: Invitee, *, ring_s: float, context: str, once: Once
    ) -> str:
        with carrier_errors():
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
        with unless_too_late(), carrier_errors():
            await leg.cancel_add_participant_operation(invitation, headers=_repeatable(cancel))
            return
        with unless_too_late(), carrier_errors():
            await leg.remove_participant(identifier(address), headers=_repeatable(once))

    async def people(self, connection_id: str) -> frozenset[str]:
        with carrier_errors():
            listed = (await self._leg(connection_id)).list_participants()
            return frozenset([address_of(each.identifier) async for each in listed])

    async def hold(self, connection_id: str, address: str, music_url: str) -> None:
        from azure.communication.callautomation import FileSource

        with carrier_errors():
            leg = await self._leg(connection_id)
            await leg.hold(identifier(address), play_source=FileSource(url=music_url))

    async def unhold(self, connection_id: str, address: str) -> None:
        with carrier_errors():
            await (await self._leg(connection_id)).unhold(identifier(address))

    async def leave(self, connection_id: str) -> None:
        with carrier_errors():
            await (await self._leg(connection_id)).hang_up(is_for_everyone=False)

    async def start_media(self, connection_id: str) -> None:
        leg = await self._leg(connection_id)
        try:
            with carrier_errors():
                await leg.stop_media_streaming()
        except CarrierError as error:
            if error.trouble is not Trouble.CONFLICT and error.trouble is not Trouble.REFUSED:
                raise  # "was not active" is the state we want; all else is trouble
        with carrier_errors():
            await leg.start_media_streaming()

    async def play(self, connection_id: str, url: str, context: str) -> None:
        from azure.communication.callautomation import FileSource

        with carrier_errors():
            leg = await self._leg(connection_id)
            await leg.play_media(FileSource(url=url), operation_context=context)

    async def leg(self, connection_id: str) -> LegState:
        try:
            with carrier_errors():
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

        with carrier_errors():
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
        with carrier_errors():
            await (await self._calls()).pause_recording(recording_id)

    async def resume_recording(self, recording_id: str) -> None:
        with carrier_errors():
            await (await self._calls()).resume_recording(recording_id)

    async def stop_recording(self, recording_id: str) -> None:
        try:
            with carrier_errors():
                await (await self._calls()).stop_recording(recording_id)
        except CarrierError as error:
            if error.trouble is not Trouble.GONE:
                raise  # the call ended, and its recording with it

    async def check(self) -> None:
        await self.leg(NOBODY)  # "no such call" proves that it answers and takes our credentials

    async def aclose(self) -> None:
        client, credential = self._client, self._credential
        self._client = self._credential = None
        for each in (client, credential):
            if each is not None:
                await each.close()

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
                self._client, self._credential = await self._connect()
        return self._client

    async def _leg(self, connection_id: str) -> Any:
        return (await self._calls()).get_call_connection(connection_id)


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
