"""An identity instead of a key: tokens, refusals as values, and nothing left of it."""

import asyncio
import gc
from itertools import repeat

import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError

from adapters.azure_speech import AzureHearing, AzureSpeaking, SpeechAccount
from core.errors import Cause, EngineFailed
from core.speech import FinalHeard, HearingFailed, Voice
from localdev.emulators.azure_speech import Refuse, SpeechEmulator
from tests.engines.azure_service import heard


class Known:
    """An identity that the service knows."""

    def __init__(self) -> None:
        self.scopes: tuple[str, ...] = ()

    def get_token(self, *scopes: str, **_: object) -> AccessToken:
        self.scopes = scopes
        return AccessToken("entra-token", 4_000_000_000)


class Unknown:
    """An identity that gets no token."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def get_token(self, *scopes: str, **_: object) -> AccessToken:
        raise self._error


async def test_an_identity_is_asked_for_a_token_instead_of_a_key() -> None:
    identity = Known()
    async with SpeechEmulator() as service:
        account = SpeechAccount(endpoint=service.url, credential=identity)
        hearing, speaking = AzureHearing(account), AzureSpeaking(account)
        final = await heard(hearing)
        async with asyncio.timeout(60):
            said = [event async for event in speaking.speak("Hello.", Voice())]
        await hearing.aclose()
        await speaking.aclose()

    assert isinstance(final, FinalHeard)
    assert said
    assert identity.scopes == ("https://cognitiveservices.azure.com/.default",)
    sent = {each.headers["Authorization"] for each in (*service.heard, *service.spoke)}
    assert sent == {"Bearer entra-token"}


@pytest.mark.parametrize(
    "error",
    [ClientAuthenticationError("expired"), ValueError("odd")],
    ids=lambda e: type(e).__name__,
)
async def test_an_identity_without_a_token_is_refused_as_a_wrong_key_is(error: Exception) -> None:
    unauthorized = repeat(Refuse(status=401))
    async with SpeechEmulator(hearing_faults=unauthorized, speaking_faults=unauthorized) as service:
        account = SpeechAccount(endpoint=service.url, credential=Unknown(error))
        hearing, speaking = AzureHearing(account), AzureSpeaking(account)
        failure = await heard(hearing)
        with pytest.raises(EngineFailed) as mute:
            await anext(speaking.speak("Hello.", Voice()))
        await hearing.aclose()
        await speaking.aclose()

    assert isinstance(failure, HearingFailed)
    assert (failure.error.cause, mute.value.error.cause) == (Cause.AUTH, Cause.AUTH)


def natives() -> int:
    import azure.cognitiveservices.speech as sdk

    kinds = (sdk.SpeechRecognizer, sdk.SpeechSynthesizer)
    return sum(isinstance(each, kinds) for each in gc.get_objects())


async def test_what_an_identity_was_asked_for_is_freed_without_the_collector() -> None:
    """Which runs on the loop as soon as anywhere, and would wait there for the SDK."""
    async with SpeechEmulator() as service:
        account = SpeechAccount(endpoint=service.url, credential=Known())
        hearing, speaking = AzureHearing(account), AzureSpeaking(account)
        gc.collect()
        before = natives()
        gc.disable()
        try:
            await heard(hearing)
            async for _ in speaking.speak("Hello.", Voice()):
                pass
            await hearing.aclose()
            await speaking.aclose()
            left = natives() - before
        finally:
            gc.enable()

    assert left <= 0
