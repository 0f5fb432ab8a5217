"""Who the caller is: proved by name and a secret, never by the number he calls from."""

from __future__ import annotations

from typing import Annotated

from core.bank import PROVED
from core.tools import CollectDigits, Remember, ToolResult
from registries import ToolContext, register_tool
from registries.said import SECRET, Day, LastFour, PersonName

ATTEMPTS_A_CALL = 3
ATTEMPTS_A_DAY = 10

VERIFIED = {PROVED: "verify_client_identity"}
"""What tools about a customer's own money require."""

_NAME_AGAIN = "What is your full name?"


@register_tool(
    side_effects=True,
    ask={
        "full_name": _NAME_AGAIN,
        "last_four": "And what are the last four digits of your social security number?",
    },
    say="Thank you, {{ caller_name }}. You are verified.",
    examples=(
        "verify my identity",
        "I want to verify who I am",
        "my name is and the last four of my social are",
        "you can check my identity",
        "let me identify myself",
    ),
)
def verify_client_identity(
    call: ToolContext,
    *,
    full_name: Annotated[PersonName, "First and last name, as the caller said it."],
    last_four: Annotated[
        LastFour | None, SECRET, "The last four digits of the social security number."
    ] = None,
    date_of_birth: Annotated[
        Day | None, SECRET, "Instead of the digits, if the caller prefers."
    ] = None,
) -> ToolResult:
    """Check who the caller is, by full name and the last four digits of the social security number.

    A wrong name and a wrong number get the same answer, and attempts are counted per call and,
    over all calls, per customer and day.
    """
    if PROVED in call.slots:
        return ToolResult(
            text="The caller is verified already.", data={"caller_name": call.customer.first_name}
        )
    if last_four is None and date_of_birth is None:
        return _refused("What are the last four digits of your social security number?")
    store = call.customers
    if not store.take_attempt(f"call/{call.call_id}", limit=ATTEMPTS_A_CALL):
        return _refused(
            "I could not verify you, and I may not try again in this call. "
            "Shall I connect you to a person?",
            error="locked",
        )
    customer = store.by_name(full_name)
    daily = f"customer/{customer.client_id}/{call.today}" if customer else ""
    if customer is None or not store.take_attempt(daily, limit=ATTEMPTS_A_DAY):
        return _mismatch()
    if not store.proves(customer.client_id, last_four=last_four, date_of_birth=date_of_birth):
        return _mismatch()
    store.forget_attempts(daily)
    known = {PROVED: customer.client_id, "caller_name": customer.first_name}
    return ToolResult(
        text=f"Verified. The caller is {customer.full_name}.",
        data={"caller_name": customer.first_name},
        effects=(Remember(slots=known),),
    )


@register_tool(
    # Another question than above: the scripted brain tells by it what was asked for.
    ask={"full_name": "Tell me your full name first, then you can key them in."},
    say="Please key in the last four digits of your social security number.",
    examples=(
        "I would rather type the digits",
        "can I enter it on my keypad",
        "let me use the keypad to verify",
        "I don't want to say the number out loud",
        "verify me by keypad",
    ),
)
def verify_by_keypad(
    call: ToolContext,
    *,
    full_name: Annotated[PersonName, "First and last name, as the caller said it."],
) -> tuple[str, CollectDigits]:
    """Let a caller who would rather not say the digits aloud key them in. You never see them."""
    return "Ask the caller to key in the four digits now, and wait.", CollectDigits(
        then="verify_client_identity",
        into="last_four",
        given={"full_name": full_name},
        max_digits=4,
        secret=True,
    )


@register_tool(
    requires=VERIFIED,
    say="You have been a customer since {{ member_since_year | year }}, at our {{ tier }} level.",
    examples=(
        "what do you know about me",
        "tell me about my profile",
        "how long have I been a customer",
        "what is my customer level",
    ),
)
def get_user_profile(call: ToolContext) -> ToolResult:
    """Return the verified caller's profile: name, customer level, member since."""
    customer = call.customer
    since = customer.member_since.year
    return ToolResult(
        text=f"{customer.full_name}, {customer.tier} level, customer since {since}.",
        data={
            "full_name": customer.full_name,
            "tier": customer.tier,
            "member_since_year": since,
        },
    )


def _mismatch() -> ToolResult:
    return _refused(f"That does not match what I have on file. Let's try again. {_NAME_AGAIN}")


def _refused(text: str, *, error: str = "not_verified") -> ToolResult:
    return ToolResult(ok=False, error=error, text=text)
