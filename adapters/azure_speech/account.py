"""Which Speech resource is used, and how it is told who we are."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from adapters.settings import Mistake, Settings, SettingsError

_TEXT_STREAM = "/cognitiveservices/websocket/v2"


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechAccount:
    """A Speech resource: `endpoint` (`https://NAME.cognitiveservices.azure.com`) or `region`.

    Without `key`, `credential` says who we are; without that, the identity the process runs under.
    An identity needs the endpoint: only that names the resource.
    """

    endpoint: str = ""
    region: str = ""
    key: str = field(default="", repr=False)
    credential: Any = field(default=None, repr=False)

    def config(self, *, text_stream: bool = False) -> Any:
        """Return a new SpeechConfig of the SDK; the first one imports it (about 0.1 s).

        `text_stream`: for the synthesis that takes a text while it is written.
        """
        import azure.cognitiveservices.speech as sdk

        # The bare endpoint serves recognition and synthesis alike.
        endpoint = self._text_stream() if text_stream else self.endpoint
        if not self.key:
            from adapters.azure_speech.identity import Identity

            identity = Identity(self._identity())
            return sdk.SpeechConfig(endpoint=endpoint, token_credential=identity)
        if endpoint:
            return sdk.SpeechConfig(endpoint=endpoint, subscription=self.key)
        return sdk.SpeechConfig(region=self.region, subscription=self.key)

    def _text_stream(self) -> str:
        if self.endpoint:
            # `http` becomes `ws`; an address with a path must name the socket's scheme.
            return f"ws{self.endpoint.removeprefix('http')}/tts{_TEXT_STREAM}"
        return f"wss://{self.region}.tts.speech.microsoft.com{_TEXT_STREAM}"

    def _identity(self) -> Any:
        if self.credential is not None:
            return self.credential
        from azure.identity import DefaultAzureCredential

        # Kept, because it keeps its tokens.
        object.__setattr__(self, "credential", DefaultAzureCredential())
        return self.credential


def account_of(settings: Settings) -> SpeechAccount:
    """Return the resource the settings name. Raises SettingsError if they name none."""
    key = settings.azure_speech_key.get_secret_value()
    if settings.azure_speech_endpoint:
        return SpeechAccount(endpoint=settings.azure_speech_endpoint, key=key)
    if settings.azure_speech_region and key:
        return SpeechAccount(region=settings.azure_speech_region, key=key)
    remedy = "Set it, or AZURE_SPEECH_REGION with AZURE_SPEECH_KEY."
    if settings.azure_speech_region:
        remedy = "An identity needs it. Set it, or AZURE_SPEECH_KEY."
    mistake = Mistake(name="AZURE_SPEECH_ENDPOINT", reason="is not set", remedy=remedy)
    raise SettingsError((mistake,))
