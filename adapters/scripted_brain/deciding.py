"""What the scripted brain says or does next."""

from __future__ import annotations

import re
from collections.abc import Iterable

from adapters.scripted_brain.dialogue import (
    Exchange,
    Question,
    answers_to,
    blocked_wish,
    exchanges_of,
    greeted_with,
    question_in,
    told_now,
    was_handed_over,
    whisper_in,
)
from adapters.scripted_brain.filling import Decision, Wish, heard_arguments, pursued, schema_of
from adapters.scripted_brain.routing import Intent, Match, ranked
from adapters.scripted_brain.saying import spoken_result, spoken_talk
from adapters.scripted_brain.slots import Kind, kind_of
from core.callbacks import CAN_CALL_BACK
from core.chat import AgentSaid, ChatRequest, Note, ToolReturned, ToolsCalled, UserSaid
from core.heard import only_yes_or_no, yes_or_no
from core.tools import ToolSpec

UNDERSTOOD = 0.3
PROBABLE = 0.45
SURE = 0.6
MAX_ASKED = 3

_END = "end_call"
_OPEN_QUESTIONS = ("anything else", "can I do", "help you", "What else", "would you like?")
_HANDOFF = "handoff_"
_SMALL_TALK = "small talk "
_DECLINES = re.compile(r"\b(?:no|not|nothing|none|never)\b|n't\b", re.IGNORECASE)
_ANYTHING_ELSE = "Is there anything else I can do for you?"
_CALL_BACK = "schedule_callback"
_OFFER_CALL = "Shall we call you back?"
_MORE = f"All right. {_ANYTHING_ELSE}"


def decide(request: ChatRequest) -> Decision:
    """Decide the next step of a conversation from its messages and the tools there are."""
    return _Mind(request).next_step()


class _Mind:
    """One request, read."""

    def __init__(self, request: ChatRequest) -> None:
        self._request = request
        self._tools = {tool.name: tool for tool in request.tools}
        self._exchanges = exchanges_of(request.messages)

    def next_step(self) -> Decision:
        messages = self._request.messages
        if was_handed_over(messages):
            return self._opening()
        if messages and isinstance(messages[-1], Note) and "transfer failed" in messages[-1].text:
            return self._nobody_came(messages[-1])
        news = told_now(messages)
        if news:
            return Decision(say=f"{news} {_ANYTHING_ELSE}")
        last = next((m for m in reversed(messages) if not isinstance(m, Note | AgentSaid)), None)
        if isinstance(last, ToolReturned):
            return self._after_tools()
        return self._heeding(self._answer()) if isinstance(last, UserSaid) else self._fallback()

    def _nobody_came(self, failed: Note) -> Decision:
        """Tell the caller, and offer to call him back where that can be done."""
        sorry = failed.say or "I am sorry, nobody could take your call."
        can = _CALL_BACK in self._tools and self._request.slots.get(CAN_CALL_BACK)
        return Decision(say=f"{sorry} {_OFFER_CALL if can else _ANYTHING_ELSE}")

    def _heeding(self, decision: Decision) -> Decision:
        """Do as a supervisor whispers, where the caller's words do not say what to do."""
        note = whisper_in(self._request.messages)
        if not note or decision != self._fallback():
            return decision
        match = self._best(note, tools_only=True)
        return self._do(match, note) if match.score >= UNDERSTOOD else decision

    # --- after tools ------------------------------------------------------------------------------

    def _after_tools(self) -> Decision:
        """Say what the tools of the last step came to, and go on with what waited for them."""
        exchange = self._exchanges[-1]
        said: list[str] = []
        for result in self._latest_results():
            if not result.ok and result.name.startswith(_HANDOFF):
                return self._fallback()
            provider = self._tools.get(str(result.data.get("first", "")))
            if not result.ok and provider is not None:
                return self._first(provider, exchange)
            tool = self._tools.get(result.name)
            said.append(spoken_result(result, tool.say if tool else "", self._request))
            waiting = blocked_wish(self._request.messages, result.name) if result.ok else None
            if waiting is not None:
                wish = Wish(name=waiting.name, arguments=waiting.arguments)
                return Decision(say=" ".join(said), calls=(wish,))
        more = self._second_wish(exchange)
        return Decision(say=" ".join(said), calls=more.calls)

    def _second_wish(self, exchange: Exchange) -> Decision:
        """Find another thing that the caller asked for in the same breath."""
        done = {call.name for call in exchange.calls}
        clauses = _clauses(exchange.said)
        if len(clauses) > 1 and _END not in done:
            matches = [(self._best(part, without=done, tools_only=True), part) for part in clauses]
            match, clause = max(matches, key=lambda found: found[0].score)
            if match.score >= SURE:
                return self._do(match, clause)
        return Decision()

    def _latest_results(self) -> list[ToolReturned]:
        results: list[ToolReturned] = []
        for message in self._request.messages:
            match message:
                case ToolsCalled() | UserSaid():
                    results = []
                case ToolReturned():
                    results.append(message)
        return results

    def _first(self, provider: ToolSpec, exchange: Exchange) -> Decision:
        """Do what must come first, with what the caller has said so far."""
        step = self._pursue(provider, [("", exchange.said)])
        if step.calls:
            return step
        return Decision(say=f"I can do that once I know who you are. {step.say}")

    # --- the caller spoke -------------------------------------------------------------------------

    def _answer(self) -> Decision:
        exchange = self._exchanges[-1]
        question = question_in(exchange.before, self._request.tools)
        match = self._best(exchange.said)
        if question is not None:
            return self._answer_to(question, match)
        lingering = self._lingering_question()
        if lingering is not None and match.score < SURE and self._fills(lingering, exchange.said):
            return self._go_on(lingering, lingering=True)
        if match.score >= UNDERSTOOD and only_yes_or_no(exchange.said) is None:
            return self._do(match, exchange.said)
        offered = self._answer_to_offer(exchange)
        if offered is not None:
            return offered
        if exchange.unanswered:
            joined = f"{exchange.unanswered} {exchange.said}"
            match = max(match, self._best(joined), key=lambda found: found.score)
        return self._do(match, exchange.said) if match.score >= UNDERSTOOD else self._fallback()

    def _answer_to(self, question: Question, match: Match) -> Decision:
        said = self._exchanges[-1].said
        tool = self._tools[question.tool]
        kind = kind_of(question.parameter, schema_of(tool, question.parameter))
        elsewhere = match.score >= SURE and match.name != question.tool
        if elsewhere and (kind in (Kind.PERSON, Kind.WORDS) or only_yes_or_no(said) is None):
            return self._do(match, said)
        if kind is Kind.AGREEMENT and yes_or_no(said) is False:
            return Decision(say=_MORE)
        if self._fills(question, said):
            return self._go_on(question)
        if match.score >= UNDERSTOOD and match.name != question.tool:
            return self._do(match, said)
        return self._ask_again(question)

    def _ask_again(self, question: Question) -> Decision:
        times = 0
        for exchange in reversed(self._exchanges):
            if question_in(exchange.before, self._request.tools) != question:
                break
            times += 1
        if times >= MAX_ASKED:
            return self._fallback()
        return Decision(say=f"Sorry, I did not get that. {question.text}")

    def _answer_to_offer(self, exchange: Exchange) -> Decision | None:
        """Understand a bare yes or no by the question it answers."""
        agreed = only_yes_or_no(exchange.said)
        *_, offer = exchange.before.rstrip().rsplit(". ", 1)
        if agreed is None:
            return None
        if not offer.endswith("?"):
            return Decision(say=_MORE)
        if not agreed:
            ends = "anything else" in offer
            return (self._end() if ends else None) or Decision(say=_MORE)
        if any(phrase in offer for phrase in _OPEN_QUESTIONS):
            return Decision(say="Of course. What is it?")
        match = self._best(offer, tools_only=True)
        return self._do(match, offer) if match.score >= UNDERSTOOD else None

    def _end(self) -> Decision | None:
        return Decision(calls=(Wish(name=_END),)) if _END in self._tools else None

    def _lingering_question(self) -> Question | None:
        """Find a question that small talk came between."""
        if len(self._exchanges) < 2 or self._exchanges[-2].calls:
            return None
        return question_in(self._exchanges[-2].before, self._request.tools)

    # --- intents ----------------------------------------------------------------------------------

    def _best(self, said: str, *, without: Iterable[str] = (), tools_only: bool = False) -> Match:
        left_out = set(without)
        intents = tuple(
            intent
            for intent in _intents(self._request)
            if intent.name not in left_out
            and not (tools_only and intent.name.startswith(_SMALL_TALK))
        )
        found = ranked(said, intents)
        return found[0] if found else Match(name="", score=0.0)

    def _do(self, match: Match, said: str) -> Decision:
        if match.name.startswith(_SMALL_TALK):
            talk = self._request.agent.small_talk[int(match.name.removeprefix(_SMALL_TALK))]
            return Decision(say=spoken_talk(talk.say, self._request))
        if match.name == _END:
            match, said = self._one_more_wish(said) or (match, said)
        return self._pursue(self._tools[match.name], [("", said)])

    def _one_more_wish(self, said: str) -> tuple[Match, str] | None:
        """Find what else a caller wants who seems to say goodbye: "no thank you, but ..."."""
        clauses = [part for part in _clauses(said) if not _DECLINES.search(part)]
        found = [(self._best(part), part) for part in clauses]
        wishes = [
            (match, clause)
            for match, clause in found
            if match.score >= PROBABLE and match.name in self._tools and match.name != _END
        ]
        return max(wishes, key=lambda wish: wish[0].score, default=None)

    def _opening(self) -> Decision:
        """Go on, as a new agent, with what the caller wanted; never send him away at once."""
        said = next((e.said for e in reversed(self._exchanges) if e.said), "")
        away = [tool.name for tool in self._request.tools if _sends_away(tool)]
        match = self._best(said, without=away, tools_only=True)
        if match.score >= UNDERSTOOD:
            return self._do(match, said)
        asked = greeted_with(self._request).rstrip().endswith("?")
        return Decision() if asked else Decision(say="What can I do for you?")

    def _fallback(self) -> Decision:
        text = self._request.agent.fallback or "Sorry, I did not understand that."
        return Decision(say=spoken_talk(text, self._request))

    # --- slots ------------------------------------------------------------------------------------

    def _pursue(self, tool: ToolSpec, heard: list[tuple[str, str]]) -> Decision:
        return pursued(self._request, tool, heard)

    def _go_on(self, question: Question, *, lingering: bool = False) -> Decision:
        heard = list(answers_to(question, self._exchanges, self._request.tools))
        if lingering:
            before = answers_to(question, self._exchanges[:-1], self._request.tools)
            heard = [*before, (question.parameter, self._exchanges[-1].said)]
        return self._pursue(self._tools[question.tool], heard)

    def _fills(self, question: Question, said: str) -> bool:
        return bool(heard_arguments(self._tools[question.tool], question.parameter, said))


def _clauses(said: str) -> list[str]:
    return re.split(r"[.,;!?]\s|\band\b", said)


def _is_handoff(tool: ToolSpec) -> bool:
    return "handoff" in tool.tags or tool.name.startswith(_HANDOFF)


def _sends_away(tool: ToolSpec) -> bool:
    transfers = any(tag.startswith("transfer:") for tag in tool.tags)
    return _is_handoff(tool) or transfers or tool.name == _END


def _intents(request: ChatRequest) -> Iterable[Intent]:
    """Yield what may be meant here: tools and handoffs by example, then the agent's small talk."""
    for tool in request.tools:
        if tool.examples:
            yield Intent(name=tool.name, examples=tool.examples)
        elif not _is_handoff(tool):
            spelled = tool.name.replace("_", " ")
            yield Intent(name=tool.name, examples=(spelled, tool.description))
    for at, talk in enumerate(request.agent.small_talk):
        yield Intent(name=f"{_SMALL_TALK}{at}", examples=talk.examples)
