"""A caller on his way to a person: what has been done, what came of it, and what is next.

Everything is in the call's log; `progress` folds it and `next_step` decides, so a review may be
repeated, doubled or late. Cold: the carrier passes the caller on. Warm: the caller is held, the
person is rung into the call and told what it is about by the agent, and only when he takes it the
caller comes back from hold and we leave the two alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from core import facts as f
from core.call import CallState, Phase, fold
from core.destinations import Destination
from core.promises import Wait

ANNOUNCE_S = 8.0  # a sentence; a relay that is silent for longer will not say it
LOOK_S = 10.0  # events of a call with three in it may be lost: ask who is there
MAX_SUMMARY = 600
HERE, LEFT = "here", "left"  # where the person is, when we look

Do = Literal[
    "announce",
    "transfer",  # cold: pass the caller on
    "hold",
    "invite",
    "consult",
    "look",
    "withdraw",  # the invitation, or the person himself
    "unhold",
    "accept",
    "leave",
    "fail",
    "over",
]
Next = Wait | Do
Why = Literal["busy", "declined", "no_answer", "unavailable"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a transfer is. `done`: what came of each step, and when. Times are epoch seconds.

    `stirred`: somebody came or went since we looked who is there.
    """

    request: f.TransferRequested | None = None
    asked_at: float = 0.0
    live: bool = False
    accepted: bool = False
    done: Mapping[str, tuple[f.TransferStepped, float]] = field(default_factory=dict)
    announced: bool = False
    joined: bool = False
    refused: f.PersonRefused | None = None
    answered: bool | None = None
    stirred: bool = False

    def at(self, step: Do) -> float | None:
        """When a step was done; None if it was not, or not with success."""
        stepped = self.done.get(step)
        return stepped[1] if stepped and stepped[0].outcome == "ok" else None

    @property
    def invitation(self) -> str:
        """What the carrier calls the invitation."""
        return self.done["invite"][0].ref if "invite" in self.done else ""


def progress(call_id: str, request_id: str, log: Iterable[f.LogEntry]) -> Progress:
    """Fold a call's log into the progress of one transfer."""
    entries = tuple(log)
    it = Progress()
    for entry in entries:
        if isinstance(entry.fact, f.ParticipantsChanged):
            it = replace(it, stirred=True)
        elif not entry.late and getattr(entry.fact, "request_id", "") == request_id:
            it = _after(it, entry.fact, entry.at)
    call = fold(CallState(call_id=call_id), entries)
    mine = call.transfer_id == request_id and call.phase is Phase.TRANSFERRING
    return replace(it, live=mine, accepted=mine and call.accepted)


def _after(it: Progress, fact: f.Fact, at: float) -> Progress:
    match fact:
        case f.TransferRequested() if it.request is None:
            return replace(it, request=fact, asked_at=at)
        case f.TransferStepped(step="look", code=code):
            looked = {**it.done, "look": (fact, at)}
            return replace(it, done=looked, stirred=False, joined=it.joined or code == HERE)
        case f.TransferStepped(step=step):
            return replace(it, done={**it.done, step: (fact, at)})
        case f.TransferAnnounced():
            return replace(it, announced=True)
        case f.PersonJoined():
            return replace(it, joined=True)
        case f.PersonRefused():
            return replace(it, refused=fact)
        case f.ConsultAnswered(taken=taken) if it.answered is None:
            return replace(it, answered=taken)
        case _:
            return it


def next_step(it: Progress, to: Destination | None, now: float, usual_s: float) -> Next:
    """Return what a transfer needs now. `usual_s`: how long one may take that says nothing else."""
    if it.request is None or not it.live:
        return "over"
    if it.accepted:
        warm = it.at("accept") is not None
        return "leave" if warm and "leave" not in it.done else "over"
    if to is None:
        return "fail"
    waits = _announcement(it, to, now)
    if waits is not None:
        return waits
    seconds = usual_s if to.seconds is None else to.seconds
    return _cold(it, now, seconds) if to.kind == "cold" else _warm(it, now, seconds)


def _announcement(it: Progress, to: Destination, now: float) -> Next | None:
    by_supervisor = it.request is not None and it.request.by == "supervisor"
    if it.announced or not (to.announcement or by_supervisor):
        return None
    asked = it.at("announce")
    if asked is None:
        return None if "announce" in it.done else "announce"
    return Wait(until=asked + ANNOUNCE_S) if now < asked + ANNOUNCE_S else None


def _cold(it: Progress, now: float, seconds: float) -> Next:
    if "transfer" not in it.done:
        return "transfer"
    asked = it.at("transfer")
    if asked is None:
        return "fail"
    return Wait(until=asked + seconds) if now < asked + seconds else _looked(it, asked + seconds)


def _looked(it: Progress, due: float) -> Next:
    """Give up, but not before the carrier was asked: the caller may be gone, or taken."""
    looked = it.done.get("look")
    return "fail" if looked is not None and looked[1] >= due else "look"


def _warm(it: Progress, now: float, seconds: float) -> Next:
    for step in ("hold", "invite"):
        if step not in it.done:
            return "hold" if step == "hold" else "invite"
        if it.at(step) is None:
            return _back(it)
    if it.stirred:
        return "look"
    due = (it.at("invite") or 0.0) + seconds
    if it.answered is not None:
        return _joined(it) if it.answered and not _left(it) else _back(it)
    if it.refused is not None or now >= due or _left(it):
        return _back(it)
    if it.joined and "consult" not in it.done:
        return "consult"
    looked = max((at for _, at in it.done.values()), default=now)
    return "look" if now >= looked + LOOK_S else Wait(until=min(due, looked + LOOK_S))


def _left(it: Progress) -> bool:
    """Whether the person was in the call and is no more."""
    looked = it.done.get("look")
    return it.joined and looked is not None and looked[0].code == LEFT


def _joined(it: Progress) -> Next:
    return "accept" if "unhold" in it.done else "unhold"


def _back(it: Progress) -> Next:
    """Let the caller come back to his agent; the person, wanted or not, goes first."""
    refused = it.refused is not None and not it.joined
    if it.invitation and not refused and not _left(it) and "withdraw" not in it.done:
        return "withdraw"
    if it.at("hold") is not None and "unhold" not in it.done:
        return "unhold"
    return "fail"


# --- words ----------------------------------------------------------------------------------------

_BUSY, _DECLINED = frozenset({486, 600}), frozenset({603, 403})
_NOBODY = frozenset({408, 480, 487, 504})
LATE, DECLINED, IMPOSSIBLE = 408, 603, 500


def why(code: int, sub_code: int) -> Why:
    """Return in a word why nobody took the caller."""
    if code in _BUSY:
        return "busy"
    if code in _DECLINED or sub_code == 5002:
        return "declined"
    return "no_answer" if code in _NOBODY else "unavailable"


CODES: Mapping[str, int] = {"busy": 486, "declined": 603, "no_answer": 408, "unavailable": 500}
TOLD: Mapping[Why, str] = {
    "busy": "the line is busy",
    "declined": "nobody there can take the call right now",
    "no_answer": "nobody answered",
    "unavailable": "the call could not be put through",
}
TAKING_OVER = "A colleague of mine takes over now. One moment, please."


def briefing(summary: str) -> str:
    """Return what a person hears before he takes a caller."""
    about = f" It is about: {summary.strip().rstrip('.')}." if summary.strip() else ""
    return f"Hello, this is the voice assistant. I have a caller for you.{about} {HOW_TO_ANSWER}"


HOW_TO_ANSWER = "Say yes or press one to take the call. Say no or press two if you can not."
