"""Named variants of the engines' settings: a second region, a smaller model.

`AZURE_OPENAI_DEPLOYMENT__SMALL` is the deployment of `azure_openai@small`; what a profile does not
set is as without it. A profile with an address of its own has credentials of its own too: a key is
never sent to another resource than the one it was given for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_NAME = re.compile(r"([A-Z0-9_]+?)__([A-Z0-9]{1,32})")
# Address settings, of which a profile keeps only its own, and what goes with them.
_ADDRESSES: Mapping[str, tuple[str, ...]] = {
    "azure_openai_endpoint": ("azure_openai_key",),
    "openai_base_url": ("openai_api_key",),
    "azure_speech_endpoint": ("azure_speech_region", "azure_speech_key"),
    "azure_speech_region": ("azure_speech_endpoint", "azure_speech_key"),
}
_PREFIXES = ("azure_openai_", "openai_", "azure_speech_")


def is_engine_setting(name: str) -> bool:
    """Whether a setting (in lower case) may differ in a profile."""
    return name.startswith(_PREFIXES)


def profiles_in(environ: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Return the settings of each profile, all names in lower case."""
    profiles: dict[str, dict[str, str]] = {}
    for key, value in environ.items():
        found = _NAME.fullmatch(key)
        if found and value.strip() and is_engine_setting(found[1].lower()):
            profiles.setdefault(found[2].lower(), {})[found[1].lower()] = value
    return profiles


def overlaid(given: Mapping[str, str], profile: Mapping[str, str]) -> dict[str, str]:
    """Return what is given with a profile's settings over it."""
    foreign = {name for address in _ADDRESSES if address in profile for name in _ADDRESSES[address]}
    return {**{name: text for name, text in given.items() if name not in foreign}, **profile}


def suffixed(name: str, profile: str) -> str:
    """Return the variable that sets this setting in a profile."""
    return f"{name.upper()}__{profile.upper()}"
