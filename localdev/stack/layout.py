"""Where the parts of a local stack listen and keep their files, and the settings that follow."""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
CARRIER = ("ACS_ENDPOINT", "ACS_CONNECTION_STRING")  # a real one, in place of the simulator
SECRETS = ("CALL_SIGNING_KEY", "RELAY_SHARED_KEY")
PORTS = {"host": 7071, "relay": 8085, "simulator": 8090}
OUR_NUMBER = "+15550199"
CALLER_NUMBER = "+15550100001"


def home() -> Path:
    """Return the folder of local state: `ARTVOICE_HOME`, else `.artvoice` in the checkout."""
    return Path(os.environ.get("ARTVOICE_HOME") or ROOT / ".artvoice")


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Ports and folders of one stack. `home` holds keys, stores, logs and recordings."""

    home: Path = field(default_factory=home)
    ports: Mapping[str, int] = field(default_factory=lambda: dict(PORTS))

    def url(self, part: str) -> str:
        """Return the loopback address of a part, without a slash at its end."""
        return f"http://127.0.0.1:{self.ports[part]}"

    def with_port(self, part: str, port: int) -> Layout:
        """Return the layout with one part listening elsewhere."""
        return replace(self, ports={**self.ports, part: port})

    def with_relays(self, count: int) -> Layout:
        """Return the layout with room for so many relays behind the address of the relay."""
        ports = dict(self.ports)
        for n in range(1, count + 1):
            ports[f"relay-{n}"] = self.ports["relay"] + 100 + n
        return replace(self, ports=ports)

    def apart(self) -> Layout:
        """Return the layout with ports far from the usual ones: other stacks start there, too."""
        far = 20 * (1 + os.getpid() % 900)
        return replace(self, ports={part: port + far for part, port in self.ports.items()})

    def with_free_ports(self, parts: Iterable[str]) -> Layout:
        """Return the layout with these parts moved off ports that something else listens on."""
        ports = dict(self.ports)
        for part in parts:
            others = {port for name, port in ports.items() if name != part}
            ports[part] = _free_port(ports[part], others)
        return replace(self, ports=ports)


def is_free(port: int) -> bool:
    """Whether nobody listens on this port of the loopback."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _free_port(wanted: int, taken: set[int]) -> int:
    for port in (*range(wanted, wanted + 20), 0):
        if port in taken:
            continue
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise OSError(f"no free port near {wanted}")


def local_settings(layout: Layout, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the settings of every part: the laptop's defaults, overridden by `environ`.

    With an ACS endpoint in `environ` the simulator's settings stay out, since two forms of
    credentials at once are an error.
    """
    defaults = {
        "FUNCTIONS_BASE_URL": layout.url("host"),
        "RELAY_BASE_URL": layout.url("relay"),
        "AGENT_SCENARIO": "banking",
        "SCENARIO_FROM_HEADER": "true",
        "CHAT": "scripted",
        "STT": "embedded",
        "TTS": "embedded",
        "STORE": "sqlite",
        "STORE_PATH": str(layout.home / "store"),
        "BLOBS": "folder",
        "BLOB_PATH": str(layout.home / "blobs"),
        "TASK_HUB_NAME": "artvoice",
        "PROFILE": "warm",  # here the relay always runs
        "TRANSFER_TARGETS": "call_center=+15550150",
        "ACS_SOURCE_PHONE_NUMBER": OUR_NUMBER,
        **keys(layout.home),
    }
    if not any(environ.get(name) for name in CARRIER):
        defaults |= _simulated_carrier(layout, defaults["CALL_SIGNING_KEY"])
    return {**defaults, **{name: value for name, value in environ.items() if value}}


def _simulated_carrier(layout: Layout, seed: str) -> dict[str, str]:
    """Return what a resource of the simulator looks like; it follows from this laptop's own key."""

    def derived(purpose: str) -> bytes:
        return hashlib.sha256(f"{seed}|{purpose}".encode()).digest()

    resource = derived("resource").hex()
    guid = "-".join(
        (resource[:8], resource[8:12], resource[12:16], resource[16:20], resource[20:32])
    )
    return {
        "ACS_ENDPOINT": layout.url("simulator"),
        "ACS_ACCESS_KEY": base64.b64encode(derived("access")).decode(),
        "ACS_RESOURCE_ID": guid,
        "ACS_JWKS_URL": f"{layout.url('simulator')}/calling/keys",
        # The simulator writes where the blobs are, whatever it is told.
        "RECORDING_CONTAINER_URL": f"{layout.url('simulator')}/container",
        "EMULATOR_TOKEN": derived("control").hex(),
    }


def keys(folder: Path) -> dict[str, str]:
    """Return this laptop's secrets, made once; only this user may read the file."""
    path = folder / "keys.env"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        made = {
            name: secrets.token_urlsafe(32) for name in ("CALL_SIGNING_KEY", "RELAY_SHARED_KEY")
        }
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        with os.fdopen(os.open(path, flags, 0o600), "w") as file:
            file.writelines(f"{name}={value}\n" for name, value in made.items())
    pairs = (line.partition("=") for line in path.read_text().splitlines() if "=" in line)
    return {name: value for name, _, value in pairs}
