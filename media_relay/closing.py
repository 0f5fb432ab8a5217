"""How tools close a call: hang up or hand it to a person, once the words for it were heard."""

from __future__ import annotations

from core.facts import HangUpRequested, TransferRequested
from core.floor import Closing
from core.tools import Effect, HangUp, TransferCall


class Closings:
    """The closings one session promised. `prefix` makes its transfer requests unique."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._count = 0
        self._reason = ""
        self._transfers: dict[str, TransferCall] = {}

    def closing(self, effect: Effect) -> Closing | None:
        """Return what an effect does to the call at the end of the reply; None: nothing."""
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

    def fact(self, closing: Closing) -> HangUpRequested | TransferRequested:
        """Return the report with which the control plane is asked for it."""
        if closing.kind == "transfer":
            wanted = self._transfers[closing.ref]
            return TransferRequested(
                request_id=closing.ref, target=wanted.target, summary=wanted.summary
            )
        return HangUpRequested(by=closing.by, reason=self._reason if closing.by == "agent" else "")

    def failed(self, ref: str) -> bool:
        """Forget a transfer that failed; False if it is not one of ours, or was told before."""
        return self._transfers.pop(ref, None) is not None
