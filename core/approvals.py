"""How an agent hears, and tells, what a person decided about a tool's request."""

from __future__ import annotations

from core.chat import Note
from core.facts import ApprovalDecided


def note_of(decided: ApprovalDecided) -> Note:
    """Return what the agent is to tell the caller now."""
    what = decided.subject or "what you asked a person for"
    reason = f" Reason given: {decided.reason}" if decided.reason else ""
    match decided.decision, decided.ok:
        case "approved", True:
            text = f"A person approved: {what}.{reason} It is done. {decided.text}"
            say = f"I have good news. {_capital(what)} was approved, and it is done."
        case "approved", False:
            text = f"A person approved: {what}. But it could not be done: {decided.text}"
            say = f"{_capital(what)} was approved, but it did not work. {decided.text}"
        case "denied", _:
            text = f"A person did not approve: {what}.{reason} Nothing was done."
            say = f"I am sorry, {what} was not approved."
        case _:
            text = f"Nobody decided in time: {what}. Nothing was done. Offer a person."
            say = f"I am sorry, nobody has decided about {what} in time. A person can help you."
    text = " ".join(f"{text} Tell the caller now, in your own words.".split())
    return Note(text=text, say=" ".join(say.split()))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
