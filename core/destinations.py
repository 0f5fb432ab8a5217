"""Whom callers may be connected to: a name, an address, and how it is done there.

Limits of the carrier (Azure Communication Services): over SIP at most five `X-MS-Custom-*` headers
and `User-To-User`, names of at most 64 characters, values of at most 256; to a user of the
service any names, values of at most 1024.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

USER = re.compile(r"8:acs:[0-9A-Za-z_-]{1,200}")
E164 = re.compile(r"\+[1-9][0-9]{6,14}")
CUSTOM = "x-ms-custom-"
USER_TO_USER = "user-to-user"
MAX_CUSTOM = 5
MAX_HEADERS = 20
MAX_NAME = 64
MAX_SIP_VALUE = 256
MAX_USER_VALUE = 1024
MAX_ANNOUNCEMENT = 300
LEAST_S, MOST_S = 5.0, 180.0  # the carrier lets nobody's telephone ring longer

_HEADER = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*")
_PLACE = re.compile(r"\{([a-z_]+)\}")
PLACES = frozenset({"call_id", "summary"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """One name. `address`: an E.164 number, or a user of the carrier (`8:acs:...`).

    `cold`: the caller is passed on; `warm`: the person is asked first, told what it is about, and
    then joined. `seconds`: for somebody to take the caller; None: as long as the call allows.
    `headers` may hold `{call_id}` and `{summary}`.
    """

    name: str
    address: str
    kind: Literal["cold", "warm"] = "cold"
    seconds: float | None = None
    announcement: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_number(self) -> bool:
        return self.address.startswith("+")

    def filled(self, places: Mapping[str, str]) -> dict[str, str]:
        """Return the headers of one transfer, fit for the wire; empty ones are left out."""
        limit = MAX_SIP_VALUE if self.is_number else MAX_USER_VALUE
        sent = {
            name: _printable(_PLACE.sub(lambda found: places.get(found[1], ""), text))[:limit]
            for name, text in self.headers.items()
        }
        return {name: text for name, text in sent.items() if text}


def mistakes(destination: Destination) -> list[str]:
    """Return what is wrong with a destination, each as `field: reason`."""
    found = []
    if not (E164.fullmatch(destination.address) or USER.fullmatch(destination.address)):
        found.append("to: must be a number like +15550100 or a user like 8:acs:...")
    if destination.seconds is not None and not LEAST_S <= destination.seconds <= MOST_S:
        found.append(f"seconds: must be from {LEAST_S:g} to {MOST_S:g}")
    if len(destination.announcement) > MAX_ANNOUNCEMENT:
        found.append(f"announcement: must have at most {MAX_ANNOUNCEMENT} characters")
    return found + [f"headers: {reason}" for reason in _header_mistakes(destination)]


def _header_mistakes(destination: Destination) -> list[str]:
    names = [name.casefold() for name in destination.headers]
    found = []
    for name, text in destination.headers.items():
        if not _HEADER.fullmatch(name) or len(name) > MAX_NAME:
            found.append(f"`{name[:MAX_NAME]}` is no header name of at most {MAX_NAME} characters")
        unknown = set(_PLACE.findall(text)) - PLACES
        if unknown:
            found.append(f"`{name}` holds `{{{min(unknown)}}}`; there are {{call_id}}, {{summary}}")
    if destination.is_number:
        strange = [n for n in names if not n.startswith(CUSTOM) and n != USER_TO_USER]
        if strange:
            found.append(f"`{strange[0]}` is neither X-MS-Custom-... nor User-To-User")
        if sum(name.startswith(CUSTOM) for name in names) > MAX_CUSTOM:
            found.append(f"at most {MAX_CUSTOM} X-MS-Custom-... headers")
    if len(names) > MAX_HEADERS:
        found.append(f"at most {MAX_HEADERS}")
    return found


def _printable(text: str) -> str:
    """Return one line of plain ASCII: what a header can carry, and no second header."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return " ".join("".join(c if c.isprintable() else " " for c in plain).split())
