"""Tokens of Microsoft Entra for a service that takes them in place of a key."""

from __future__ import annotations

from typing import Any

from core.errors import Cause, EngineError, EngineFailed

COGNITIVE_SERVICES = "https://cognitiveservices.azure.com/.default"


class EntraTokens:
    """Gives a fresh token whenever called; the identity is the process's own.

    Raises ImportError where `azure-identity` is not installed.
    """

    def __init__(self, scope: str = COGNITIVE_SERVICES) -> None:
        # 0.3 s of import, for deployments without keys.
        from azure.identity.aio import DefaultAzureCredential, get_bearer_token_provider

        self._credential: Any = DefaultAzureCredential()
        self._provide: Any = get_bearer_token_provider(self._credential, scope)

    async def __call__(self) -> str:
        """Return a token, kept while it is good. Raises `EngineFailed`."""
        from azure.core.exceptions import AzureError, ClientAuthenticationError

        try:
            token: str = await self._provide()
        except ClientAuthenticationError as error:
            failure = EngineError(cause=Cause.AUTH, detail="no identity to get a token with")
            raise EngineFailed(failure) from error
        except AzureError as error:
            failure = EngineError(cause=Cause.UNAVAILABLE, detail="the identity service is away")
            raise EngineFailed(failure) from error
        return token

    async def aclose(self) -> None:
        """Close the connections to the identity service."""
        await self._credential.close()
