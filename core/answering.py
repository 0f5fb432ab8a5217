"""Who answered a call that we made: a person, a voicemail or a menu, told from what is heard.

People say "hello?" and wait; machines talk on, say what they always say, and beep.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

VoicemailAction = Literal["hang_up", "leave_message", "go_on"]
MenuAction = Literal["hang_up", "go_on"]
By = Literal["words", "length", "beep", "silence"]


class Answerer(StrEnum):
    """Who, or what, is at the other end."""

    PERSON = "person"
    VOICEMAIL = "voicemail"
    MENU = "menu"  # an interactive voice response
    NOBODY = "nobody"  # the line is up and nothing is heard


@dataclass(frozen=True, slots=True, kw_only=True)
class AnsweringRules:
    """What is done about machines, and how they are known, in seconds.

    `silence_s`: so long is waited for a first word. `long_s`: whoever speaks on for so long without
    a pause is a machine. `watch_s`: so long a machine may still show itself to an agent who
    greeted. `beep_s`: after a greeting without a beep, such a silence is the place for a message;
    `greeting_s`: no greeting is longer.
    """

    voicemail: VoicemailAction = "hang_up"
    menu: MenuAction = "go_on"
    detect: bool = True
    silence_s: float = 3.0
    long_s: float = 6.0
    watch_s: float = 20.0
    beep_s: float = 2.5
    greeting_s: float = 45.0


_VOICEMAIL = re.compile(
    r"\b(?:voice ?mail|answering machine|mailbox|leave (?:me |us )?(?:a|your|an?y?) (?:\w+ )?"
    r"(?:message|name)|after the (?:tone|beep|sound)|at the (?:tone|beep)|record your message|"
    r"(?:can'?t|cannot|can not|unable to|not able to) (?:come to|get to|take|answer|reach) "
    r"(?:the|your|my) (?:phone|call)|(?:is|am|are|'m|'s|'re) (?:not|currently un|un) ?available|"
    r"missed your call|away from (?:the|my) (?:phone|desk)|get back to you)\b"
)
_MENU = re.compile(
    r"\b(?:press (?:\d|one|two|three|four|five|six|seven|eight|nine|zero|star|pound)|main menu|"
    r"following options|listen carefully|for (?:english|spanish|sales|support|billing)\b|"
    r"para espa\u00f1ol|say or press|your party'?s extension|dial (?:by name|\d)|"
    r"hours of operation|calls? (?:may|will) be (?:recorded|monitored))\b"
)


def told_by_words(text: str) -> Answerer | None:
    """Return the machine that says such words, None for words that anybody may say."""
    plain = " ".join(text.casefold().replace("\u2019", "'").split())
    if _VOICEMAIL.search(plain):
        return Answerer.VOICEMAIL
    return Answerer.MENU if _MENU.search(plain) else None


def told(
    text: str, spoken_s: float, rules: AnsweringRules, *, over: bool
) -> tuple[Answerer, By] | None:
    """Return who answered, None while it cannot be told.

    `text`: all that was understood, `spoken_s`: how long they have spoken without a break, `over`:
    they have stopped.
    """
    machine = told_by_words(text)
    if machine is not None:
        return machine, "words"
    if spoken_s >= rules.long_s:
        return Answerer.VOICEMAIL, "length"
    return (Answerer.PERSON, "words") if over and text.strip() else None
