"""What host.json and local.settings.json of an app say, as far as this host understands it."""

import json
import re
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .durable.dispatch import Limits
from .errors import StartError


@dataclass(frozen=True, slots=True, kw_only=True)
class HostSettings:
    """`route_prefix` stands before every HTTP route, `task_hub` in management URLs."""

    route_prefix: str
    task_hub: str
    limits: Limits


def load_local_settings(app_dir: Path, environ: MutableMapping[str, str]) -> None:
    """Put `Values` of local.settings.json where the environment has nothing yet."""
    path = app_dir / "local.settings.json"
    if not path.exists():
        return
    values = _read(path).get("Values", {})
    for name, value in values.items():
        if not isinstance(value, str):
            raise StartError(f"{path}: Values.{name} must be a text")
        environ.setdefault(name, value)


def load_host_settings(app_dir: Path, environ: Mapping[str, str]) -> HostSettings:
    """Read host.json; `%NAME%` is looked up in the environment. Raises `StartError`."""
    path = app_dir / "host.json"
    if not path.exists():
        raise StartError(f"{path} is missing")
    extensions = _read(path).get("extensions", {})
    durable = extensions.get("durableTask", {})
    return HostSettings(
        route_prefix=str(extensions.get("http", {}).get("routePrefix", "api")).strip("/"),
        task_hub=_resolve(str(durable.get("hubName", "TestHubName")), environ, path),
        limits=Limits(
            orchestrators=_limit(durable, "maxConcurrentOrchestratorFunctions", path),
            activities=_limit(durable, "maxConcurrentActivityFunctions", path),
            entities=_limit(durable, "maxConcurrentEntityFunctions", path),
        ),
    )


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise StartError(f"{path} is not JSON: {error}") from error
    if not isinstance(content, dict):
        raise StartError(f"{path} must hold a JSON object")
    return content


def _resolve(text: str, environ: Mapping[str, str], path: Path) -> str:
    def value(found: re.Match[str]) -> str:
        name = found[1]
        if name not in environ:
            raise StartError(f"{path}: %{name}% is not set in the environment")
        return environ[name]

    return re.sub(r"%([^%]+)%", value, text)


def _limit(durable: Mapping[str, Any], name: str, path: Path) -> int:
    limit = durable.get(name, 10)
    if not isinstance(limit, int) or limit < 1:
        raise StartError(f"{path}: {name} must be a whole number above 0")
    return limit
