"""The requests of the REST interface as types; what does not fit is refused with 8523."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from pydantic.alias_generators import to_camel

from localdev.acs_simulator.service_errors import invalid_argument

MAX_SIP_HEADERS, MAX_VOIP_HEADERS, MAX_HEADER_NAME = 5, 1000, 64
MAX_SIP_VALUE, MAX_VOIP_VALUE = 256, 1024
E164 = Annotated[str, StringConstraints(pattern=r"^\+[1-9]\d{1,14}$")]
Context = Annotated[str, StringConstraints(max_length=5000)]
Url = Annotated[str, StringConstraints(min_length=1, max_length=2048)]


class Body(BaseModel):
    """camelCase on the wire; unknown fields are ignored."""

    model_config = ConfigDict(alias_generator=to_camel, frozen=True)


class Number(Body):
    value: E164


class Identifier(Body):
    """Someone: by telephone number, or by raw id."""

    raw_id: str = ""
    phone_number: Number | None = None
    communication_user: dict[str, str] | None = None

    def address(self) -> str:
        """Return the number, else the raw id. Raises `ServiceError`."""
        if self.phone_number is not None:
            return self.phone_number.value
        user = (self.communication_user or {}).get("id", "")
        address = self.raw_id.removeprefix("4:") or user
        if not address:
            raise invalid_argument("an identifier names nobody.")
        return address


class MediaOptions(Body):
    """How and where media is to be streamed."""

    transport_type: Literal["websocket"] = "websocket"
    transport_url: Url
    content_type: Literal["audio"] = "audio"
    audio_channel_type: Literal["mixed", "unmixed"] = "mixed"
    start_media_streaming: bool = False
    enable_bidirectional: bool = False
    audio_format: Literal["pcm16KMono", "pcm24KMono"] = Field("pcm16KMono", alias="audioFormat")
    enable_dtmf_tones: bool = False

    @property
    def rate(self) -> int:
        """Samples a second."""
        return 24_000 if self.audio_format == "pcm24KMono" else 16_000


class Taking(Body):
    """How an app that takes or places a call wants to be told of it and streamed to."""

    callback_uri: Url
    operation_context: Context | None = None
    media_streaming_options: MediaOptions | None = None


class Offered(Body):
    """Names a call that rings."""

    incoming_call_context: Annotated[str, StringConstraints(min_length=1, max_length=20_000)]


class Answer(Taking, Offered):
    pass


class Create(Taking):
    targets: Annotated[list[Identifier], Field(min_length=1, max_length=1)]
    source_caller_id_number: Number
    source_display_name: str = ""


class Reject(Offered):
    call_reject_reason: Literal["none", "busy", "forbidden"] = "none"


class Redirect(Offered):
    target: Identifier


class InOperation(Body):
    """What every operation on a call may carry."""

    operation_context: Context | None = None
    operation_callback_uri: Url | None = None


class CallingContext(Body):
    """Headers that go along. Assumed: what is over the documented limits is refused with 8523."""

    sip_headers: dict[str, str] = {}
    voip_headers: dict[str, str] = {}

    def check(self) -> None:
        """Refuse what may not be sent. Raises `ServiceError`."""
        custom = [name for name in self.sip_headers if name.lower() != "user-to-user"]
        fine = len(custom) <= MAX_SIP_HEADERS and len(self.voip_headers) <= MAX_VOIP_HEADERS
        fine &= all(name.lower().startswith(("x-ms-custom-", "x-")) for name in custom)
        fine &= all(len(name) <= MAX_HEADER_NAME for name in (*custom, *self.voip_headers))
        fine &= all(len(text) <= MAX_SIP_VALUE for text in self.sip_headers.values())
        fine &= all(len(text) <= MAX_VOIP_VALUE for text in self.voip_headers.values())
        if not fine:
            raise invalid_argument("customCallingContext is not valid.")


class WithHeaders(InOperation):
    """An operation that reaches somebody, who is told something with it."""

    custom_calling_context: CallingContext = CallingContext()

    def headers(self) -> dict[str, str]:
        context = self.custom_calling_context
        return {**context.sip_headers, **context.voip_headers}

    def check_headers(self) -> None:
        self.custom_calling_context.check()


class Transfer(WithHeaders):
    target_participant: Identifier


class AddParticipant(WithHeaders):
    participant_to_add: Identifier
    invitation_timeout_in_seconds: Annotated[int, Field(ge=1, le=180)] = 30


class CancelAddParticipant(InOperation):
    invitation_id: Annotated[str, StringConstraints(min_length=1, max_length=100)]


class RemoveParticipant(InOperation):
    participant_to_remove: Identifier


class Unhold(InOperation):
    target_participant: Identifier


class FileSource(Body):
    uri: Url


class PlaySource(Body):
    kind: Literal["file", "text", "ssml"]
    file: FileSource | None = None


class Hold(Unhold):
    play_source_info: PlaySource | None = None

    def files(self) -> list[str]:
        """Return the music's file, if one is named. Raises `ServiceError` for what needs Azure."""
        return files_of([self.play_source_info]) if self.play_source_info else []


class PlayOptions(Body):
    loop: bool = False


class Play(InOperation):
    play_sources: Annotated[list[PlaySource], Field(min_length=1, max_length=10)]
    interrupt_call_media_operation: bool = False
    play_options: PlayOptions = PlayOptions()

    def files(self) -> list[str]:
        """Return the files to play. Raises `ServiceError` for sources that need Azure."""
        return files_of(self.play_sources)


def files_of(sources: Sequence[PlaySource]) -> list[str]:
    """Return the files of sources. Raises `ServiceError` for sources that need Azure."""
    files = [source.file.uri for source in sources if source.file is not None]
    if len(files) != len(sources):
        raise invalid_argument("only file sources work without cognitive services.")
    return files


class CallLocator(Body):
    kind: Literal["serverCallLocator"]
    server_call_id: Annotated[str, StringConstraints(min_length=1, max_length=2000)]


class ExternalStorage(Body):
    recording_storage_kind: Literal["azureBlobStorage"]
    recording_destination_container_url: Url


class StartRecording(Body):
    """Names the call by its leg or by its locator; only audio, only to a container of one's own."""

    call_connection_id: str | None = None
    call_locator: CallLocator | None = None
    recording_state_callback_uri: Url | None = None
    recording_content_type: Literal["audio"] = "audio"
    recording_channel_type: Literal["mixed", "unmixed"] = "mixed"
    recording_format_type: Literal["wav"] = "wav"
    pause_on_start: bool = False
    external_storage: ExternalStorage


def read_body[B: Body](kind: type[B], json: Any) -> B:
    """Return a request as its type. Raises `ServiceError` 8523 naming the fields."""
    try:
        return kind.model_validate(json)
    except ValidationError as error:
        fields = sorted({".".join(map(str, part["loc"])) or "body" for part in error.errors()})
        raise invalid_argument(f"{', '.join(fields)} is missing or not valid.") from error


def check_url(url: str, *, field: str, schemes: tuple[str, ...], loopback_only: bool) -> None:
    """Refuse an address that must not be called. Raises `ServiceError`."""
    parts = urlsplit(url)
    if parts.scheme not in schemes or not parts.hostname:
        raise invalid_argument(f"field {field} is invalid: it must be an absolute address.")
    if loopback_only and not is_loopback(parts.hostname):
        raise invalid_argument(f"field {field} is invalid: this simulator calls loopback only.")


def is_loopback(host: str) -> bool:
    """Whether a host name can only be this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
