"""Who the service says it is: tokens checked with what it publishes."""

from __future__ import annotations

import datetime as dt
from typing import Any

import aiohttp
import jwt
import pytest

from tests.acs_simulator.conftest import RESOURCE_ID, Bench

ISSUER = "https://acscallautomation.communication.azure.com"


async def published_key(url: str) -> Any:
    async with aiohttp.ClientSession() as http:
        openid_url = f"{url}/calling/.well-known/acsopenidconfiguration"
        openid = await (await http.get(openid_url)).json()
        keys = await (await http.get(openid["jwks_uri"])).json()
    assert openid["issuer"] == ISSUER
    return jwt.PyJWKSet.from_dict(keys).keys[0]


def verified(authorization: str, key: Any) -> dict[str, Any]:
    token = authorization.removeprefix("Bearer ")
    required = ["exp", "iss", "aud"]
    return jwt.decode(
        token,
        key,
        algorithms=["RS256"],
        audience=RESOURCE_ID,
        issuer=ISSUER,
        options={"require": required},
    )


async def test_callbacks_carry_a_new_token_of_five_minutes_each(bench: Bench) -> None:
    simulator = await bench.simulator()
    client = await bench.client(simulator)
    key = await published_key(simulator.url)
    await bench.answered(simulator, client)
    await bench.app.until(lambda: len(bench.app.callbacks) >= 3)

    claims = [verified(d.headers["Authorization"], key) for d in bench.app.callbacks]

    assert {claim["exp"] - claim["iat"] for claim in claims} == {300}
    assert len({claim["jti"] for claim in claims}) == len(claims)


async def test_the_media_socket_carries_a_token_of_a_day_and_names_its_call(bench: Bench) -> None:
    simulator = await bench.simulator()
    client = await bench.client(simulator)
    key = await published_key(simulator.url)

    call, _ = await bench.answered(simulator, client)
    socket = await bench.app.socket()

    claims = verified(socket.headers["Authorization"], key)
    assert claims["exp"] - claims["iat"] == dt.timedelta(hours=24).total_seconds()
    assert socket.headers["x-ms-call-connection-id"] == call.connection_id
    assert socket.headers["x-ms-call-correlation-id"] == call.correlation_id


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("callback_token_expired", jwt.ExpiredSignatureError),
        ("wrong_aud", jwt.InvalidAudienceError),
    ],
)
async def test_a_callback_s_token_can_be_bad(
    bench: Bench, fault: str, error: type[Exception]
) -> None:
    simulator = await bench.simulator()
    client = await bench.client(simulator)
    key = await published_key(simulator.url)
    await bench.answered(simulator, client, faults=(fault,))
    await bench.app.event("CallConnected")

    with pytest.raises(error):
        verified(bench.app.callbacks[0].headers["Authorization"], key)


async def test_a_media_token_can_be_another_resource_s(bench: Bench) -> None:
    simulator = await bench.simulator()
    client = await bench.client(simulator)
    key = await published_key(simulator.url)
    await bench.answered(simulator, client, faults=("wrong_aud",))
    socket = await bench.app.socket()

    with pytest.raises(jwt.InvalidAudienceError):
        verified(socket.headers["Authorization"], key)
