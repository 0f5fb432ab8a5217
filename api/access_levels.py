"""The decision that every route declares: who may use it."""

from __future__ import annotations

from enum import StrEnum


class Access(StrEnum):
    """Who may use a route; `api.access` makes sure of it."""

    FUNCTION_KEY = "function_key"  # people and their programs: a key of the Functions app
    ACS_TOKEN = "acs_token"  # noqa: S105 the carrier: its signed token, and the call's secret
    RELAY_KEY = "relay_key"  # our relays: the shared key
    PUBLIC = "public"  # says nothing and does nothing that anybody may not know
