"""How tools close a call: hang up or hand it to a person, once the words for it were heard."""

from __future__ import annotations

from collections.abc import Iterable

from core.facts import HangUpRequested, TransferAnnounced, TransferRequested
from core.tools import Effect, HangUp, TransferCall
from core.turn import Closing


class Closings:
    """The closings one session promised. `prefix` makes its transfer requests unique."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._count = 0
        self._reason = ""
        self._transfers: dict[str, TransferCall] = {}
        self._failed: set[str] = set()

    def wanted(self, effects: Iterable[Effect]) -> list[Closing]:
        """Return what effects do to the call at the end of the reply; mostly nothing."""
        closings = (self._closing(effect) for effect in effects)
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

    def _closing(self, effect: Effect) -> Closing | None:
        match effect:
            case HangUp(reason=reason):
                self._reason = reason
                return Closing(kind="hang_up")
            case TransferCall():
                self._count += 1
                ref = f"{self._prefix}-{self._count}"
                self._transfers[ref] = effect
                return Closing(kind="transfer", ref=ref)
            case _:
                return None
