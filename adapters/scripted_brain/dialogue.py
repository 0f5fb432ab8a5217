"""Where a conversation stands, read from its messages alone.

The brain keeps no state: what it asked, what was answered and which wish waits are all found in
what was said and done, so another process can go on after any message.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from core.chat import AgentSaid, ChatRequest, Message, Note, ToolReturned, ToolsCalled, UserSaid
from core.conversation import WHISPERED
from core.heard import words
from core.tools import ToolCall, ToolSpec

CUT_WORDS = 3


@dataclass(slots=True, kw_only=True)
class Exchange:
    """What the agent said, what the caller answered, and what was done about it."""

    before: str = ""
    said: str = ""
    unanswered: str = ""
    calls: list[ToolCall] = field(default_factory=list)
    results: list[ToolReturned] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """The agent asked for one parameter of one tool."""

    tool: str
    parameter: str
    text: str


def exchanges_of(messages: tuple[Message, ...]) -> list[Exchange]:
    """Split a conversation at the caller's words; the first exchange has none."""
    found = [Exchange()]
    said: list[str] = []
    for message in messages:
        match message:
            case AgentSaid():
                said.append(message.text)
            case UserSaid():
                last = found[-1]
                silent = bool(last.said) and not said and not last.calls
                found.append(
                    Exchange(
                        before=" ".join(said) or (last.before if silent else ""),
                        said=message.text,
                        unanswered=last.said if silent else "",
                    )
                )
                said = []
            case ToolsCalled():
                found[-1].calls += message.calls
            case ToolReturned():
                found[-1].results.append(message)
            case Note():
                pass
    return found


def last_said(messages: tuple[Message, ...]) -> str:
    """Return what the agent said last."""
    texts = (message.text for message in reversed(messages) if isinstance(message, AgentSaid))
    return next(texts, "")


def greeted_with(request: ChatRequest) -> str:
    """Return the words with which this agent has taken over, if the caller has said none since."""
    for message in reversed(request.messages):
        match message:
            case AgentSaid(text=text, agent=agent):
                return text if agent == request.agent.name else ""
            case UserSaid():
                return ""
            case _:
                pass
    return ""


def told_now(messages: tuple[Message, ...]) -> str:
    """Return what the caller is to be told before anything else."""
    news: list[str] = []
    for message in reversed(messages):
        if not isinstance(message, Note):
            break
        news.append(message.say)
    return " ".join(filter(None, reversed(news)))


def whisper_in(messages: tuple[Message, ...]) -> str:
    """Return what a supervisor has whispered since the caller's words before the last ones."""
    turns = 0
    for message in reversed(messages):
        turns += isinstance(message, UserSaid)
        if turns == 2:
            break
        if isinstance(message, Note) and message.text.startswith(WHISPERED):
            return message.text.removeprefix(WHISPERED).strip()
    return ""


def was_handed_over(messages: tuple[Message, ...]) -> bool:
    """Whether the caller came to this agent after he spoke last, and nothing was done since."""
    for message in reversed(messages):
        match message:
            case UserSaid():
                return False
            case Note() if message.text.startswith(WHISPERED):
                pass
            case Note() if re.search(r"\bhand(?:ed|off|ing)?\b", message.text, re.IGNORECASE):
                return True
            case ToolReturned():
                return message.ok and message.name.startswith("handoff_")
            case _:
                pass
    return False


def blocked_wish(messages: tuple[Message, ...], provider: str) -> ToolCall | None:
    """Return the tool call that was refused until `provider` has run, if it is still wanted."""
    refused = {
        message.call_id
        for message in messages
        if isinstance(message, ToolReturned) and message.data.get("first") == provider
    }
    calls = [c for m in messages if isinstance(m, ToolsCalled) for c in m.calls]
    other = [call for call in calls if call.name != provider]
    return other[-1] if other and other[-1].id in refused else None


def remembered_value(request: ChatRequest, name: str, schema: Mapping[str, Any]) -> Any:
    """Return the latest value of a choice that came up under this name (`that card`)."""
    choices = schema.get("enum", ())
    for message in reversed(request.messages):
        values = [message.data] if isinstance(message, ToolReturned) else []
        if isinstance(message, ToolsCalled):
            values = [call.arguments for call in message.calls]
        found = next((value[name] for value in values if value.get(name) in choices), None)
        if found is not None:
            return found
    return None


# --- questions ------------------------------------------------------------------------------------


def questions_of(tool: ToolSpec) -> dict[str, str]:
    """Return a question per parameter that the caller must be asked for, in order."""
    properties = tool.parameters.get("properties", {})
    asked = dict(tool.ask)
    for name in tool.parameters.get("required", ()):
        if name in properties and name not in asked:
            asked[name] = f"What is the {name.replace('_', ' ')}?"
    return asked


def question_in(text: str, tools: tuple[ToolSpec, ...]) -> Question | None:
    """Find the last question that the agent asked in `text`, also when it was cut short."""
    said = words(text)
    best: tuple[int, Question] | None = None
    for tool in tools:
        for parameter, question in questions_of(tool).items():
            at = _ends_at(said, words(question))
            if at and (best is None or at > best[0]):
                best = at, Question(tool=tool.name, parameter=parameter, text=question)
    return best[1] if best else None


def _ends_at(said: list[str], question: list[str]) -> int:
    """Return after which word the question ends in what was said, 0 where it is not in there."""
    size = len(question)
    for start in range(len(said) - size, -1, -1):
        if said[start : start + size] == question:
            return start + size
    for size in range(len(question) - 1, CUT_WORDS - 1, -1):
        if said[-size:] == question[:size]:
            return len(said)
    return 0


def answers_to(
    question: Question, exchanges: list[Exchange], tools: tuple[ToolSpec, ...]
) -> Iterator[tuple[str, str]]:
    """Yield (parameter, words) from the wish that began it to the newest answer.

    The parameter is empty for the wish itself.
    """
    run: list[tuple[str, str]] = []
    for exchange in reversed(exchanges):
        if any(call.name == question.tool for call in exchange.calls):
            break
        asked = question_in(exchange.before, tools)
        mine = asked is not None and asked.tool == question.tool
        run.append((asked.parameter if mine and asked else "", exchange.said))
        if not mine:
            break
    yield from reversed(run)
