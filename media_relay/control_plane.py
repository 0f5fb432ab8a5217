"""The relay's way to the control plane, as a port; see `core.session` for the contract."""

from __future__ import annotations

from typing import Protocol

from core.session import Acknowledged, Directives, Heartbeat, OpenSession, Report, Session


class ControlRefused(Exception):
    """The control plane said no; asking again would not help. `status` is its HTTP status."""

    def __init__(self, status: int) -> None:
        super().__init__(f"refused with {status}")
        self.status = status


class ControlUnavailable(Exception):
    """The control plane did not answer, or not sensibly. Ask again later."""


class ControlPlane(Protocol):
    """All three raise ControlRefused or ControlUnavailable, within a bounded time."""

    async def open_session(self, call_id: str, request: OpenSession) -> Session: ...

    async def report(self, call_id: str, token: str, report: Report) -> Acknowledged: ...

    async def heartbeat(self, relay_id: str, beat: Heartbeat) -> Directives: ...
