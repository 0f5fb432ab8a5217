"""Who may speak to us: tokens of the carrier, secrets of a call, tokens of a relay session.

The carrier's tokens are RS256 JWTs whose keys are the same for all its customers: only the
audience (the immutable resource id) tells ours from others, so it is never learned from a token.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Literal

ISSUER = "https://acscallautomation.communication.azure.com"
JWKS_URL = f"{ISSUER}/calling/keys"
LEEWAY_S = 60
REFRESH_S = 60.0
MAX_JWKS_BYTES = 256 * 1024
MAX_TOKEN_CHARS = 8192

Fetch = Callable[[str], Awaitable[Mapping[str, Any]]]
Purpose = Literal["callback", "media"]


class TokenRefused(Exception):
    """A token that proves nothing. The reason names the check, never the token."""


async def fetch_jwks(url: str) -> Mapping[str, Any]:
    """Fetch a key set; bounded in time and size. Raises TokenRefused."""
    import aiohttp  # only a process that verifies tokens needs it

    try:
        timeout = aiohttp.ClientTimeout(total=5)
        async with aiohttp.ClientSession(timeout=timeout) as session, session.get(url) as answer:
            answer.raise_for_status()
            body = bytearray()
            async for some in answer.content.iter_any():  # it may come in pieces
                body += some
                if len(body) > MAX_JWKS_BYTES:
                    raise TokenRefused("the carrier's key set is too large")
            keys: Mapping[str, Any] = json.loads(body)
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        raise TokenRefused("the carrier's keys cannot be fetched") from error
    return keys


class TokenVerifier:
    """Verifies the carrier's tokens; keys are cached, fetched anew at most once a minute."""

    def __init__(
        self,
        *,
        audience: str,
        jwks_url: str = JWKS_URL,
        issuer: str = ISSUER,
        fetch: Fetch = fetch_jwks,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._audience = audience
        self._jwks_url = jwks_url
        self._issuer = issuer
        self._fetch = fetch
        self._clock = clock
        self._keys: dict[str, Any] = {}
        self._next_fetch = float("-inf")
        self._fetching: asyncio.Lock | None = None

    async def verify(self, authorization: str | None) -> Mapping[str, Any]:
        """Return the claims of an `Authorization: Bearer` header. Raises TokenRefused."""
        import jwt

        token = bearer(authorization)
        if not token or len(token) > MAX_TOKEN_CHARS:
            raise TokenRefused("no bearer token")
        if not self._audience:
            raise TokenRefused("no audience is configured")
        try:
            kid = jwt.get_unverified_header(token).get("kid")
            key = await self._key(str(kid))
            claims: Mapping[str, Any] = jwt.decode(
                token,
                key,
                algorithms=["RS256"],
                audience=self._audience,
                issuer=self._issuer,
                leeway=LEEWAY_S,
                options={"require": ["exp", "iss", "aud"]},
            )
        except (jwt.PyJWTError, RecursionError) as error:  # a thousand brackets are no header
            raise TokenRefused(type(error).__name__) from error
        return claims

    async def warm(self) -> None:
        """Fetch the keys unless they are there. Raises TokenRefused when that fails."""
        if not self._keys:
            await self._refresh("")
        if not self._keys:
            raise TokenRefused("the carrier has no keys")

    async def _key(self, kid: str) -> Any:
        if kid not in self._keys:
            await self._refresh(kid)
        if kid not in self._keys:
            raise TokenRefused("unknown key")
        return self._keys[kid]

    async def _refresh(self, kid: str) -> None:
        # Made here because a lock belongs to the loop that first waits for it.
        self._fetching = self._fetching or asyncio.Lock()
        async with self._fetching:
            # A flood of made-up key ids must not become a flood of our requests. The first fetch
            # starts no pause: the carrier may change its keys right after it.
            if kid in self._keys or self._clock() < self._next_fetch:
                return
            if self._keys:
                self._next_fetch = self._clock() + REFRESH_S
            try:
                self._keys = _rsa_keys(await self._fetch(self._jwks_url))
            except TokenRefused:
                self._next_fetch = self._clock() + 1.0  # the next caller may have better luck
                raise


def _rsa_keys(jwks: Mapping[str, Any]) -> dict[str, Any]:
    import jwt

    keys = jwks.get("keys")
    if not isinstance(keys, list):
        raise TokenRefused("the carrier's key set is malformed")
    return {
        str(key["kid"]): jwt.PyJWK(dict(key), algorithm="RS256").key
        for key in keys
        if isinstance(key, Mapping) and key.get("kty") == "RSA" and "kid" in key
    }


def bearer(authorization: str | None) -> str:
    """Return the token of an `Authorization: Bearer` header, or nothing."""
    scheme, _, token = (authorization or "").partition(" ")
    return token.strip() if scheme.casefold() == "bearer" and token.isascii() else ""


def call_secret(signing_key: str, purpose: Purpose, call_id: str) -> str:
    """Derive the secret in a call's callback or media path: 192 bits, urlsafe, never stored."""
    return _derive(signing_key, f"{purpose}|{call_id}")


def session_token(signing_key: str, call_id: str, epoch: int) -> str:
    """Derive the token that binds a relay's reports to a call and an epoch."""
    return _derive(signing_key, f"session|{call_id}|{epoch}")


def same(given: str | None, expected: str) -> bool:
    """Compare two secrets in constant time; an empty one never matches."""
    if not given or not expected or not given.isascii():
        return False
    return hmac.compare_digest(given.encode(), expected.encode())


def _derive(signing_key: str, purpose: str) -> str:
    digest = hmac.new(signing_key.encode(), purpose.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest[:24]).decode()
