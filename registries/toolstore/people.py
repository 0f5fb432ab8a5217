"""When the agent is not enough: a person takes over, or the call is over."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from core.tools import HangUp, TransferCall
from registries import ToolContext, register_tool

CALL_CENTER = "call_center"

Reason = Annotated[str, Field(max_length=300), "Why, in a few words."]

_STAY = "I am connecting you to a person now. Please stay on the line."


@register_tool(
    transfers_to=CALL_CENTER,
    say=_STAY,
    examples=(
        "speak to a person",
        "I want to talk to a human",
        "can I speak to a representative",
        "let me talk to an agent",
        "connect me to a real person",
        "get me a human being",
        "I want to talk to somebody",
        "operator please",
        "a human please",
        "agent",
        "customer service representative",
        "is there a person I can talk to",
        "give me a supervisor",
    ),
)
def escalate_human(
    call: ToolContext,
    *,
    reason: Reason,
    summary: Annotated[str, Field(max_length=600), "What the person should know."] = "",
) -> tuple[str, TransferCall]:
    """Connect the caller to a person, when he asks for one or you can not help."""
    return "The caller is being connected to a person.", TransferCall(
        target=CALL_CENTER, reason=reason, summary=summary
    )


@register_tool(
    transfers_to=CALL_CENTER,
    say=_STAY,
    examples=(
        "transfer me to the call center",
        "transfer my call",
        "put me through to the call center",
    ),
)
def transfer_call_to_call_center(
    call: ToolContext, *, reason: Reason = ""
) -> tuple[str, TransferCall]:
    """Transfer the call to the call center."""
    return "The call is being transferred to the call center.", TransferCall(
        target=CALL_CENTER, reason=reason
    )


@register_tool(
    say="Thank you for calling. Goodbye.",
    examples=(
        "goodbye",
        "good bye",
        "bye bye",
        "that's all thank you",
        "no that's all",
        "that is everything, thanks",
        "no thank you, that's it",
        "I'm done, thanks for your help",
        "you can hang up now",
        "nothing else",
        "I think we are done here",
        "have a nice day, bye",
    ),
)
def end_call(call: ToolContext, *, reason: Reason = "done") -> tuple[str, HangUp]:
    """End the call, after the caller has said goodbye or needs nothing more. Say goodbye."""
    return "The call ends after your goodbye.", HangUp(reason=reason)
