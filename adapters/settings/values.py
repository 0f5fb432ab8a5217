"""How one setting is read from text, and what is said of one that cannot be."""

from __future__ import annotations

import ipaddress
import json
import re
from dataclasses import dataclass, replace
from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BeforeValidator, Field, PlainValidator, SecretStr

from core.dialling import Country
from core.hours import Hours

E164 = re.compile(r"\+[1-9][0-9]{6,14}")
PREFIX = re.compile(r"\+[1-9][0-9]{0,14}")
NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """One setting that cannot be used, and what to do about it."""

    name: str
    reason: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.name}: {self.reason}. {self.remedy}"


class SettingsError(Exception):
    """All mistakes of an environment, one line each."""

    def __init__(self, mistakes: tuple[Mistake, ...]) -> None:
        super().__init__("\n".join(str(mistake) for mistake in mistakes))
        self.mistakes = mistakes


class Wrong(ValueError):
    """A value that does not do; pydantic carries it to `Settings.read`."""

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(reason)
        self.reason, self.remedy = reason, remedy


def is_loopback(url: str) -> bool:
    """Whether a URL's host is a literal loopback address (a name could be made to lie)."""
    try:
        return ipaddress.ip_address(urlsplit(url).hostname or "").is_loopback
    except ValueError:
        return False


def _url(value: str) -> str:
    value = value.rstrip("/")
    try:
        parts = urlsplit(value)
        parts.port  # noqa: B018 raises for a port that is none
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.username:
        raise Wrong("is not a URL", "Give it as https://host[:port].")
    if parts.scheme == "http" and not is_loopback(value):
        raise Wrong("http goes to a loopback address only", "Use https.")
    return value


def _webhook(value: str) -> str:
    """Check an address that may hold a secret, in its path or its query."""
    value = value.strip()
    _url(value.partition("?")[0])
    return value


def _number(value: str) -> str:
    value = value.strip()
    if not E164.fullmatch(value):
        raise Wrong("is not a phone number", "Give it in E.164 form, like +15550100.")
    return value


def _names(value: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in value.split(",") if part.strip())


def _numbers(value: str) -> tuple[str, ...]:
    return tuple(_number(part) for part in _names(value))


def _prefixes(value: str) -> tuple[str, ...]:
    prefixes = _names(value)
    if any(not PREFIX.fullmatch(prefix) for prefix in prefixes):
        raise Wrong("has a prefix that is none", "Give prefixes like +1555,+4420.")
    return prefixes


def pairs(value: str) -> dict[str, str]:
    """Read `{"name": "value"}` or `name=value;name=value`."""
    if value.lstrip().startswith("{"):
        try:
            parsed = json.loads(value)
        except ValueError:
            parsed = None
        if not isinstance(parsed, dict) or not all(isinstance(v, str) for v in parsed.values()):
            raise Wrong("is not a JSON object of texts", 'Write {"name": "value"}.')
        return parsed
    parts = [part.partition("=") for part in re.split(r"[;\n]", value) if part.strip()]
    if not all(separator and name.strip() for name, separator, _ in parts):
        raise Wrong("is not a list of pairs", "Write name=value;name=value.")
    return {name.strip(): text.strip() for name, _, text in parts}


def hours_of(value: object) -> Hours:
    """Read hours like `9-20`. Raises Wrong."""
    if isinstance(value, Hours):
        return value
    found = re.fullmatch(r"\s*([0-9]{1,2})\s*-\s*([0-9]{1,2})\s*", str(value))
    if not found or not 0 <= int(found[1]) < int(found[2]) <= 24:
        raise Wrong("is not a span of hours", "Give full hours, like 9-20.")
    return Hours(opens=int(found[1]), closes=int(found[2]))


def _countries(value: object) -> tuple[Country, ...]:
    if isinstance(value, tuple):
        return value
    return tuple(_country(prefix, rule) for prefix, rule in pairs(str(value)).items())


def _country(prefix: str, rule: str) -> Country:
    """Read `denied`, `premium`, hours and a zone, in any order."""
    if not PREFIX.fullmatch(prefix):
        raise Wrong("has a prefix that is none", "Write +49=9-20 Europe/Berlin;+1900=denied.")
    country = Country(prefix=prefix)
    for word in rule.split():
        match word:
            case "denied":
                country = replace(country, denied=True)
            case "premium":
                country = replace(country, premium=True)
            case _ if word[0].isdigit():
                country = replace(country, hours=hours_of(word))
            case _:
                country = replace(country, zone=ZoneInfo(_zone(word)))
    return country


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        raise Wrong("is not a time zone", "Give a name like Europe/Berlin.") from None
    return value


Url = Annotated[str, BeforeValidator(_url)]
Number = Annotated[str, BeforeValidator(_number)]
Names = Annotated[tuple[str, ...], BeforeValidator(_names)]
Numbers = Annotated[tuple[str, ...], BeforeValidator(_numbers)]
Prefixes = Annotated[tuple[str, ...], BeforeValidator(_prefixes)]
Pairs = Annotated[dict[str, str], BeforeValidator(pairs)]
CallHours = Annotated[Hours, BeforeValidator(hours_of)]
Countries = Annotated[tuple[Country, ...], PlainValidator(_countries)]
Zone = Annotated[str, BeforeValidator(_zone)]
Webhook = Annotated[SecretStr, BeforeValidator(_webhook), Field(default=SecretStr(""))]
Secret = Annotated[SecretStr, Field(default=SecretStr(""))]


def connection(text: str) -> tuple[str, str] | None:
    """Read endpoint and key of `endpoint=...;accesskey=...`, or nothing."""
    pairs = {
        name.strip().casefold(): value.strip()
        for name, _, value in (part.partition("=") for part in text.split(";"))
    }
    endpoint, key = pairs.get("endpoint", ""), pairs.get("accesskey", "")
    try:
        return (_url(endpoint), key) if key else None
    except Wrong:
        return None
