"""What the control plane wants of a live call: people decide, whisper, and take the caller."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import assert_never

from core import turn as t
from core.facts import ApprovalDecided, ConsultAnswered, TransferFailed, Whispered
from core.session import Directive
from core.speech import HearingEvent
from core.transfers import CODES
from core.turn import Purpose
from media_relay.closing import Closings
from media_relay.consult import GENERATION, Consultation
from media_relay.fixed_words import FixedWords
from media_relay.playout import Playout
from media_relay.speaking import Mouth
from media_relay.stage import Stage
from media_relay.turn_driver import TurnDriver


class People:
    """Does what directives say of one call."""

    def __init__(
        self,
        stage: Stage,
        turns: TurnDriver,
        *,
        closings: Closings,
        fixed: FixedWords,
        mouth: Mouth,
        playout: Playout,
        end: Callable[[str], None],
    ) -> None:
        self._stage = stage
        self._journal = stage.journal
        self._turns = turns
        self._closings = closings
        self._fixed = fixed
        self._mouth = mouth
        self._playout = playout
        self._end = end
        self._consultation: Consultation | None = None
        self._loop = asyncio.get_running_loop()

    def obey(self, directive: Directive) -> None:
        """Do what is wanted; a second telling does nothing."""
        match directive.kind:
            case "end":
                self._end("ended")
            case "announce":
                self._announce(directive.ref, directive.text)
            case "consult":
                self._consult(directive.ref, directive.text)
            case "transfer_failed":
                self._transfer_failed(directive.ref, directive.text)
            case "whisper":
                if directive.whispered is not None:
                    self._whispered(directive.whispered)
            case "time_is_short":
                self._turns.feed(t.NewsCame(at=self._loop.time(), purpose=Purpose.TIME))
            case "approval_decided":
                if directive.decided is not None:
                    self._decided(directive.decided)
            case _:
                assert_never(directive.kind)

    def heard(self, event: HearingEvent) -> bool:
        """Take what is heard if it is not the caller who speaks."""
        if self._consultation is not None:
            self._consultation.heard(event)
        return self._consultation is not None

    def pressed(self, key: str) -> bool:
        """Take a key if it is not the caller's."""
        if self._consultation is not None:
            self._consultation.pressed(key)
        return self._consultation is not None

    def speaks(self, generation: int) -> bool:
        """Whether audio of this generation is for somebody else than the caller."""
        return generation == GENERATION

    def close(self) -> None:
        """Speak to nobody any more."""
        if self._consultation is not None:
            self._consultation.end()

    # --- inside ----------------------------------------------------------------------------------

    def _announce(self, ref: str, text: str) -> None:
        """Tell the caller that he is transferred; the report follows when he has heard it."""
        at = self._loop.time()
        self._fixed.notice = text
        self._turns.feed(t.SpeechWanted(at=at, purpose=Purpose.NOTICE))
        closing = t.Closing(kind="transfer", ref=ref)
        self._turns.feed(
            t.ClosingWanted(at=at, generation=self._turns.state.generation, closing=closing)
        )

    def _consult(self, ref: str, text: str) -> None:
        if self._consultation is not None:
            return
        self._turns.feed(t.SilenceWanted(at=self._loop.time()))
        self._consultation = Consultation(
            self._mouth,
            self._playout,
            agent=self._stage.scene.agent,
            tasks=self._stage.tasks,
            on_answer=lambda taken: self._answered(ref, taken=taken),
        )
        self._consultation.begin(text)

    def _answered(self, ref: str, *, taken: bool) -> None:
        self._journal.write(ConsultAnswered(request_id=ref, taken=taken), urgent=True)

    def _transfer_failed(self, ref: str, why: str) -> None:
        """Tell the caller that nobody took him, and go on."""
        if not self._closings.failed(ref):
            return
        if self._consultation is not None:
            self._consultation.end()
            self._consultation = None
        self._journal.note(TransferFailed(request_id=ref, code=CODES.get(why, 0)))
        now = self._loop.time()
        self._turns.feed(t.TransferOver(at=now))
        self._turns.feed(t.SpeechWanted(at=now, purpose=Purpose.ANSWER))

    def _whispered(self, note: Whispered) -> None:
        self._journal.note(note)

    def _decided(self, decided: ApprovalDecided) -> None:
        """Tell the caller, as soon as nobody speaks, what came of a request."""
        if decided.request_id not in self._journal.conversation.decided:
            self._journal.note(decided)
            self._turns.feed(t.NewsCame(at=self._loop.time()))
