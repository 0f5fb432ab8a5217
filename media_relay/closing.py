"""How tools close a call: hang up or hand it to a person, once the words for it were heard."""

from __future__ import annotations

from collections.abc import Iterable

from core.conversation import Owed
from core.facts import HangUpRequested, TransferAnnounced, TransferRequested
from core.tools import HangUp, TransferCall
from core.turn import Closing


class Closings:
    """The closings one session promised. A transfer is named by the tool call that wants it, so
    that it is the same one if another relay asks for it again.
    """

    def __init__(self, call_id: str) -> None:
        self._call_id = call_id
        self._reason = ""
        self._transfers: dict[str, TransferCall] = {}
        self._failed: set[str] = set()

    def wanted(self, owed: Iterable[Owed]) -> list[Closing]:
        """Return what effects do to the call at the end of the reply; mostly nothing."""
        closings = (self._closing(each) for each in owed)
        return [closing for closing in closings if closing is not None]

    def fact(self, closing: Closing) -> HangUpRequested | TransferRequested | TransferAnnounced:
        """Return the report with which the control plane is asked for it.

        A transfer is asked for once; one that was asked for before, or elsewhere, is announced.
        """
        if closing.kind == "transfer":
            wanted = self._transfers.pop(closing.ref, None)
            if wanted is None:
                return TransferAnnounced(request_id=closing.ref)
            return TransferRequested(
                request_id=closing.ref,
                target=wanted.target,
                summary=wanted.summary or wanted.reason,
            )
        return HangUpRequested(by=closing.by, reason=self._reason if closing.by == "agent" else "")

    def failed(self, ref: str) -> bool:
        """Note that a transfer failed; False if that was told before."""
        fresh = ref not in self._failed
        self._failed.add(ref)
        return fresh

    def _closing(self, owed: Owed) -> Closing | None:
        match owed.effect:
            case HangUp(reason=reason):
                self._reason = reason
                return Closing(kind="hang_up")
            case TransferCall() as effect:
                ref = f"{self._call_id}-{owed.tool}"
                self._transfers[ref] = effect
                return Closing(kind="transfer", ref=ref)
            case _:
                return None
