"""What the parts of one call share: its session and settings, its journal and tasks."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from core.phrases import Phrases, phrases_in
from core.session import Session
from media_relay.call_settings import CallSettings
from media_relay.catalog import Catalog, Scene
from media_relay.journal import Journal


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """The place where a call is played. `tasks` owns every task of it."""

    session: Session
    catalog: Catalog
    journal: Journal
    settings: CallSettings
    tasks: asyncio.TaskGroup

    @property
    def scene(self) -> Scene:
        """Who speaks now, to whom, after what."""
        session, conversation = self.session, self.journal.conversation
        return Scene(
            call_id=session.call_id,
            scenario=session.scenario,
            agent=session.scenario.agent(conversation.agent),
            conversation=conversation,
            leg=session.leg,
        )

    @property
    def phrases(self) -> Phrases:
        """The relay's own words, in the language that is spoken now."""
        return phrases_in(self.scene.language, self.settings.phrases)
