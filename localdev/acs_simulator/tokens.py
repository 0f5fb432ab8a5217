"""The identity of the service: the key that signs callback and media tokens, and its public face.

Lifetimes, issuer and audience are those of the real service: 5 minutes per callback, 24 hours per
media socket, RS256, audience = the immutable resource id.
"""

from __future__ import annotations

import time
import uuid
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

ISSUER = "https://acscallautomation.communication.azure.com"
CALLBACK_LIFE_S = 300
MEDIA_LIFE_S = 24 * 3600


class TokenIssuer:
    """Signs tokens with the newest of its keys; `jwks` is what verifiers need."""

    def __init__(self, audience: str, key: rsa.RSAPrivateKey | None = None) -> None:
        self._audience = audience
        self._keys = {uuid.uuid4().hex: key or _new_key()}

    def rotate(self) -> None:
        """Sign with a new key from now on; old ones stay published. Takes a tenth of a second."""
        self._keys[uuid.uuid4().hex] = _new_key()

    def callback_token(
        self, *, expired: bool = False, wrong_audience: bool = False, ahead_s: float = 0.0
    ) -> str:
        """Return a new token for one callback; `ahead_s`: by how much our clock is fast."""
        life = -2 * CALLBACK_LIFE_S if expired else CALLBACK_LIFE_S
        return self._sign(life, wrong_audience=wrong_audience, ahead_s=ahead_s)

    def media_token(self, *, wrong_audience: bool = False) -> str:
        """Return a new token for one media socket."""
        return self._sign(MEDIA_LIFE_S, wrong_audience=wrong_audience)

    def jwks(self) -> dict[str, Any]:
        """Return the public keys, as `GET /calling/keys` does."""
        published = []
        for key_id, key in self._keys.items():
            public = RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
            published.append(public | {"kid": key_id, "alg": "RS256", "use": "sig"})
        return {"keys": published}

    def openid(self, base_url: str) -> dict[str, Any]:
        """Return the OpenID configuration; only the keys' address is ours."""
        return {
            "issuer": ISSUER,
            "jwks_uri": f"{base_url}/calling/keys",
            "id_token_signing_alg_values_supported": ["RS256"],
        }

    def _sign(self, life_s: int, *, wrong_audience: bool, ahead_s: float = 0.0) -> str:
        now = int(time.time() + ahead_s)
        key_id, key = list(self._keys.items())[-1]
        claims = {
            "iss": ISSUER,
            "aud": str(uuid.uuid4()) if wrong_audience else self._audience,
            "jti": str(uuid.uuid4()),
            "nbf": min(now, now + life_s),
            "iat": min(now, now + life_s),
            "exp": now + life_s,
        }
        return jwt.encode(claims, key, algorithm="RS256", headers={"kid": key_id})


def _new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)
