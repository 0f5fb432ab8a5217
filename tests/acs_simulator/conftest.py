"""A simulator and an app on loopback, in virtual time, with the real SDK between them."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any

import pytest
from azure.communication.callautomation import (
    AudioFormat,
    MediaStreamingAudioChannelType,
    MediaStreamingContentType,
    MediaStreamingOptions,
    StreamingTransportType,
)
from azure.communication.callautomation.aio import CallAutomationClient
from azure.core.credentials import AzureKeyCredential
from cryptography.hazmat.primitives.asymmetric import rsa

from localdev.acs_simulator import Call, Simulator, SimulatorSettings
from localdev.acs_simulator.tokens import TokenIssuer
from tests.acs_simulator.app import FakeApp
from tests.virtual_time import VIRTUAL

KEY = base64.b64encode(b"an access key of the simulator").decode()
CONTROL_TOKEN = "a control token"
RESOURCE_ID = "5f9c2b1e-1111-4222-8333-944455566677"


@pytest.fixture
def anyio_backend() -> Any:
    return VIRTUAL


@pytest.fixture(scope="session")
def signing_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
async def app() -> AsyncIterator[FakeApp]:
    async with FakeApp() as app:
        yield app


class Bench:
    """Starts simulators and clients that end with the test, and knows the app."""

    def __init__(self, app: FakeApp, signing_key: rsa.RSAPrivateKey, stack: AsyncExitStack) -> None:
        self.app = app
        self._signing_key = signing_key
        self._stack = stack

    async def simulator(self, **changes: Any) -> Simulator:
        settings = replace(
            SimulatorSettings(access_key=KEY, control_token=CONTROL_TOKEN, resource_id=RESOURCE_ID),
            **changes,
        )
        tokens = TokenIssuer(settings.resource_id, self._signing_key)
        return await self._stack.enter_async_context(Simulator(settings, tokens))

    async def client(self, simulator: Simulator, key: str = KEY, **changes: Any) -> Any:
        client = CallAutomationClient(
            simulator.url, AzureKeyCredential(key), **({"retry_total": 0} | changes)
        )
        return await self._stack.enter_async_context(client)

    def streaming(self, **changes: Any) -> MediaStreamingOptions:
        options: dict[str, Any] = {
            "transport_url": self.app.media_url,
            "transport_type": StreamingTransportType.WEBSOCKET,
            "content_type": MediaStreamingContentType.AUDIO,
            "audio_channel_type": MediaStreamingAudioChannelType.MIXED,
            "start_media_streaming": True,
            "enable_bidirectional": True,
            "audio_format": AudioFormat.PCM16_K_MONO,
            "enable_dtmf_tones": True,
        }
        return MediaStreamingOptions(**(options | changes))

    async def answered(
        self, simulator: Simulator, client: Any, *, faults: tuple[str, ...] = (), **changes: Any
    ) -> tuple[Call, Any]:
        """Ring and answer, with media; returns the call and the SDK's answer."""
        call = await simulator.ring(from_="+15550100", to="+15550199", faults=faults)
        answer = await client.answer_call(
            call.incoming_context,
            self.app.callback_url,
            **({"media_streaming": self.streaming(), "operation_context": "oc"} | changes),
        )
        return call, answer


@pytest.fixture
async def bench(app: FakeApp, signing_key: rsa.RSAPrivateKey) -> AsyncIterator[Bench]:
    async with AsyncExitStack() as stack:
        yield Bench(app, signing_key, stack)


Make = Callable[..., Any]
