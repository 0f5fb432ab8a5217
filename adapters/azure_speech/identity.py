"""An identity instead of a key, as the SDK takes it."""

from __future__ import annotations

from typing import Any

from azure.core.credentials import AccessToken, TokenCredential
from azure.core.exceptions import AzureError, ClientAuthenticationError


class Identity:
    """Asks `credential` for tokens, and fails only in the way that the SDK can tell of.

    The SDK asks on a thread of its own. Whatever is no `AzureError` it would swallow.
    """

    def __init__(self, credential: TokenCredential) -> None:
        self._credential = credential

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        """Return a token. Raises `AzureError`."""
        try:
            return self._credential.get_token(*scopes, **options)
        except AzureError:
            raise
        except Exception as error:
            raise ClientAuthenticationError(type(error).__name__) from error
