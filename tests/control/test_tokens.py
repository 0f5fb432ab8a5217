"""Whose tokens are believed."""

import asyncio
import base64
import hashlib
import hmac
import json
import time
from contextlib import asynccontextmanager

import jwt
import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from adapters.tokens import (
    ISSUER,
    TokenRefused,
    TokenVerifier,
    call_secret,
    fetch_jwks,
    same,
    session_token,
)

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PUBLIC = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


class Carrier:
    """Publishes one key, and counts how often it is asked."""

    def __init__(self, kid="k1"):
        self.kid = kid
        self.asked = 0
        self.now = 0.0

    async def fetch(self, url):
        self.asked += 1
        key = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key()))
        return {"keys": [{**key, "kid": self.kid}, {"kty": "EC", "kid": "other"}]}

    def verifier(self, audience="us"):
        return TokenVerifier(audience=audience, fetch=self.fetch, clock=lambda: self.now)


@asynccontextmanager
async def published(*pieces):
    """Serve a key set in pieces, as a network may bring it."""

    async def serve(request):
        answer = web.StreamResponse()
        await answer.prepare(request)
        for piece in pieces:
            await answer.write(piece)
            for _ in range(50):  # turns of the loop in which who asked may read
                await asyncio.sleep(0)
        return answer

    app = web.Application()
    app.router.add_get("/keys", serve)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/keys"
    finally:
        await runner.cleanup()


async def test_a_key_set_that_comes_in_pieces_is_read_whole():
    async with published(b'{"keys": [', b'{"kid": "k1"}', b"]}") as url:
        assert await fetch_jwks(url) == {"keys": [{"kid": "k1"}]}


async def test_a_key_set_without_end_is_refused():
    async with published(*[b" " * 64 * 1024] * 5) as url:
        with pytest.raises(TokenRefused):
            await fetch_jwks(url)


def claims(**more):
    return {"iss": ISSUER, "aud": "us", "exp": time.time() + 300, **more}


def token(payload=None, key=KEY, algorithm="RS256", kid="k1"):
    return "Bearer " + jwt.encode(
        payload or claims(), key, algorithm=algorithm, headers={"kid": kid}
    )


def without(name):
    return {key: value for key, value in claims().items() if key != name}


def signed_with_the_public_key():
    """HS256 with the published key as its secret, which the library will not make itself."""

    def part(value):
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=")

    text = part({"alg": "HS256", "kid": "k1"}) + b"." + part(claims())
    digest = hmac.new(PUBLIC, text, hashlib.sha256).digest()
    return "Bearer " + (text + b"." + base64.urlsafe_b64encode(digest).rstrip(b"=")).decode()


async def test_a_token_of_the_carrier_is_believed():
    verified = await Carrier().verifier().verify(token())

    assert verified["aud"] == "us"


REFUSED = {
    "none": lambda: None,
    "empty": lambda: "",
    "basic": lambda: "Basic abc",
    "garbage": lambda: "Bearer garbage",
    "endless": lambda: "Bearer " + "a" * 10_000,
    "another audience": lambda: token(claims(aud="them")),
    "another issuer": lambda: token(claims(iss="https://elsewhere.example")),
    "expired": lambda: token(claims(exp=time.time() - 120)),
    "no expiry": lambda: token(without("exp")),
    "no audience": lambda: token(without("aud")),
    "no issuer": lambda: token(without("iss")),
    "another's key": lambda: token(key=OTHER),
    "unknown key": lambda: token(kid="unknown"),
    "unsigned": lambda: token(key=None, algorithm="none"),
    "signed with the public key": signed_with_the_public_key,
}


@pytest.mark.parametrize("name", REFUSED)
async def test_nothing_else_is_believed(name):
    with pytest.raises(TokenRefused):
        await Carrier().verifier().verify(REFUSED[name]())


async def test_without_an_audience_nobody_is_believed():
    with pytest.raises(TokenRefused):
        await Carrier().verifier(audience="").verify(token())


async def test_unknown_keys_are_asked_for_once_a_minute():
    carrier = Carrier()
    verifier = carrier.verifier()
    for n in range(50):
        with pytest.raises(TokenRefused):
            await verifier.verify(token(kid=f"made-up-{n}"))
    first = carrier.asked

    carrier.kid = "rotated"
    carrier.now += 61
    await verifier.verify(token(kid="rotated"))

    assert (first, carrier.asked) == (2, 3)


async def test_a_key_that_is_new_right_after_the_first_fetch_is_found():
    carrier = Carrier()
    verifier = carrier.verifier()
    await verifier.verify(token())

    carrier.kid = "rotated"

    assert await verifier.verify(token(kid="rotated"))


def test_secrets_differ_by_purpose_call_and_key():
    secrets = {
        call_secret("key", "callback", "a"),
        call_secret("key", "media", "a"),
        call_secret("key", "callback", "b"),
        call_secret("other", "callback", "a"),
        session_token("key", "a", 1),
        session_token("key", "a", 2),
    }

    assert len(secrets) == 6
    assert all(len(secret) >= 22 for secret in secrets)
    assert call_secret("key", "media", "a") == call_secret("key", "media", "a")


def test_nothing_is_not_the_same_as_nothing():
    assert not same("", "")
    assert not same(None, "a")
    assert same("a", "a")
