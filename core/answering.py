"""Who answered a call that we made: a person, a voicemail or a menu, told from what is heard.

People say "hello?" and wait; machines talk on, say what they always say, and beep.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, assert_never

from core.machine_words import patterns, plain

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
    a pause (of `pause_s`; shorter ones are breaths) is a machine. `watch_s`: so long a machine may
    still show itself to an agent who speaks. `beep_s`: after a greeting without a beep, such a
    silence is the place for a message; `greeting_s`: no greeting is longer. `languages`: those in
    which machines may speak, empty for all we know.
    """

    voicemail: VoicemailAction = "hang_up"
    menu: MenuAction = "go_on"
    detect: bool = True
    silence_s: float = 3.0
    long_s: float = 6.0
    watch_s: float = 20.0
    beep_s: float = 2.5
    greeting_s: float = 45.0
    pause_s: float = 0.5
    languages: tuple[str, ...] = ()

    def action(self, who: Answerer) -> Literal["", "hang_up", "leave_message", "go_on"]:
        """Return what is done about whoever answered; nothing about people."""
        match who:
            case Answerer.VOICEMAIL:
                return self.voicemail
            case Answerer.MENU:
                return self.menu
            case Answerer.PERSON | Answerer.NOBODY:
                return ""
            case _:
                assert_never(who)


_MUCH = 40
"""Letters. Somebody has said so many in `long_s`; who has not is drowned by noise."""


def told_by_words(
    text: str, languages: tuple[str, ...] = (), *, surely: bool = False
) -> Answerer | None:
    """Return the machine that says such words, None for words that anybody may say.

    `surely`: of words that a person may say as well ("she is not available"), return None too.
    """
    said = plain(text)
    voicemail, menu, machine = patterns(languages)
    if surely and not machine.search(said):
        return None
    if voicemail.search(said):
        return Answerer.VOICEMAIL
    return Answerer.MENU if menu.search(said) else None


def told(
    text: str,
    rules: AnsweringRules,
    *,
    over: bool,
    long: bool = False,
    before: Answerer | None = None,
) -> tuple[Answerer, By] | None:
    """Return who answered, None if this utterance does not tell.

    `text`: what was understood of it, `over`: it has ended, `long`: it went on for `long_s`
    without a pause. `before`: who it was taken for so far; what has spoken is given up as a person
    only for words that no person says.
    """
    spoken = before in (Answerer.PERSON, Answerer.MENU)
    machine = told_by_words(text, rules.languages, surely=spoken)
    if machine is not None and machine is not before:
        return machine, "words"
    if spoken:
        return None
    if long and len(text) >= _MUCH:
        return Answerer.VOICEMAIL, "length"
    if text.strip() and (over or long):
        return Answerer.PERSON, "words"
    return (Answerer.NOBODY, "silence") if long and before is None else None
