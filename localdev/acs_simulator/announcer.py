"""Files that the app lets the service play: fetched, mixed into the line, and reported."""

from __future__ import annotations

from collections.abc import Callable

import aiohttp

from localdev.acs_simulator.bodies import Play
from localdev.acs_simulator.happenings import DONE, Operation, Raise
from localdev.acs_simulator.line import Line
from localdev.acs_simulator.play import PlayFailed, fetch_prompt
from localdev.acs_simulator.prompts import Prompt
from localdev.acs_simulator.timeline import Timeline


class Announcer:
    """Plays to one call; `send` raises its events."""

    def __init__(
        self, http: aiohttp.ClientSession, timeline: Timeline, send: Callable[[Raise], None]
    ) -> None:
        self._http = http
        self._timeline = timeline
        self._send = send

    async def play(self, line: Line, play: Play) -> None:
        """Fetch the files and begin to play them, or report that they cannot be played."""
        operation = Operation(context=play.operation_context, callback=play.operation_callback_uri)
        try:
            pcm = await fetch_prompt(self._http, play.files(), line.rate)
        except PlayFailed as error:
            data = {"failedPlaySourceIndex": error.index}
            self._send(
                Raise(type="PlayFailed", result=error.result, operation=operation, data=data)
            )
            return
        if play.interrupt_call_media_operation:
            self.cancel(line)
        self._timeline.note("prompt_started")
        line.prompts.add(Prompt(pcm=pcm, operation=operation, loop=play.play_options.loop))
        self._send(Raise(type="PlayStarted", result=DONE, operation=operation))

    def cancel(self, line: Line) -> None:
        """Stop everything that plays or waits to."""
        for prompt in line.prompts.cancel():
            self._timeline.note("prompt_cancelled")
            self._send(Raise(type="PlayCanceled", result=DONE, operation=prompt.operation))

    def prompt_ended(self, prompt: Prompt) -> None:
        """Report that a prompt was heard to its end."""
        self._timeline.note("prompt_ended")
        self._send(Raise(type="PlayCompleted", result=DONE, operation=prompt.operation))
