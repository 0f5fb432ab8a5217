"""A control plane in memory: it takes every report at once and keeps it as a log."""

from __future__ import annotations

from core.facts import LogEntry
from core.session import Acknowledged, Directives, Heartbeat, OpenSession, Report, Session


class MemoryPlane:
    """A `ControlPlane` with one call, whose `log` it keeps."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.log: list[LogEntry] = []

    async def open_session(self, call_id: str, request: OpenSession) -> Session:
        return self._session

    async def report(self, call_id: str, token: str, report: Report) -> Acknowledged:
        self.log += [
            LogEntry(
                n=len(self.log) + place,
                at=event.at,
                source=f"{call_id}/{report.epoch}",
                source_id=str(event.seq),
                fact=event.fact,
            )
            for place, event in enumerate(report.events, start=1)
        ]
        return Acknowledged(seq=report.events[-1].seq)

    async def heartbeat(self, relay_id: str, beat: Heartbeat) -> Directives:
        return Directives()
