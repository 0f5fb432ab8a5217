"""When the agent is not enough: a person takes over, or the call is over."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from core.moments import moment_heard
from core.spoken import clock, moment, number
from core.tools import CallBack, DropCallBacks, HangUp, Remember, ToolResult, TransferCall
from registries import ToolContext, register_tool

CALL_CENTER = "call_center"
PLANNED = "callback_planned"  # the slot that says when, as it is said

Reason = Annotated[str, Field(max_length=300), "Why, in a few words."]

_WHEN = "When shall we call you?"
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
    side_effects=True,
    ask={"when": _WHEN},
    say="All right. We call you back {{ spoken }}. Is there anything else I can do for you?",
    examples=(
        "call me back",
        "can you call me back tomorrow",
        "please call me tomorrow at ten",
        "I have no time now, call me later",
        "give me a call back",
        "ring me this afternoon",
    ),
)
def schedule_callback(
    call: ToolContext,
    *,
    when: Annotated[str, Field(max_length=200), "Day and time, in the caller's words or ISO."],
    reason: Annotated[str, Field(max_length=200), "What the call is about."] = "",
) -> ToolResult | tuple[ToolResult, CallBack, Remember]:
    """Promise to call the caller back on this number, on a day at a time."""
    if call.now is None or not call.callbacks.allow(call.caller):
        text = "I am sorry, I can not arrange a call back to this number. You can call us any time."
        return ToolResult(ok=False, error="not_possible", text=text)
    at = moment_heard(when, call.now)
    hours = call.callbacks.window(call.caller).hours
    if at is None:
        text = f"I need the day and the time. {_WHEN}"
        return ToolResult(ok=False, error="which_time", text=text)
    if at <= call.now:
        text = f"That time is over already. {_WHEN}"
        return ToolResult(ok=False, error="over", text=text)
    farthest = call.callbacks.farthest_days
    if at > call.now + timedelta(days=farthest):
        days = "day" if farthest == 1 else f"{number(farthest)} days"
        text = f"I can only plan calls within the next {days}. {_WHEN}"
        return ToolResult(ok=False, error="too_far", text=text)
    if not hours.allow(at):
        between = f"{clock(hours.opens)} and {clock(hours.closes)}"
        text = f"We call people between {between} only. {_WHEN}"
        return ToolResult(ok=False, error="not_then", text=text)
    spoken = moment(at)
    promised = ToolResult(text=f"A call back is planned {spoken}.", data={"spoken": spoken})
    return promised, CallBack(at=at.timestamp(), topic=reason), Remember(slots={PLANNED: spoken})


@register_tool(
    side_effects=True,
    say="All right. We do not call you back. Is there anything else I can do for you?",
    examples=(
        "you do not need to call me back",
        "cancel the call back",
        "I do not need the call back any more",
        "no need to call me back any more",
        "please don't call me back",
    ),
)
def cancel_callback(
    call: ToolContext,
) -> ToolResult | tuple[str, DropCallBacks, Remember]:
    """Call off the call that was promised to this caller, when he does not need it any more."""
    if not call.slots.get(PLANNED):
        text = "I see no call back that is planned for this number."
        return ToolResult(ok=False, error="nothing_planned", text=text)
    text = "The call back is cancelled."
    return text, DropCallBacks(), Remember(slots={PLANNED: None})


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
