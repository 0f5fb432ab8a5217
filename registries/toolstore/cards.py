"""Credit cards: finding one, what it offers, whether the caller may have it, and applying."""

from __future__ import annotations

from typing import Annotated, Literal

from core.bank import PROVED, CardProduct, Customer
from core.bank_rules import Eligibility, eligibility
from core.spoken import listed, money
from core.tools import ToolResult
from registries import ToolContext, register_tool
from registries.toolstore.identity import VERIFIED

Purpose = Literal["cash back", "travel", "low interest", "no annual fee", "building credit"]
Card = Literal[
    "Everyday Cash",
    "Travel Rewards",
    "Premium World",
    "Low Rate",
    "Simple Card",
    "Fresh Start",
]

_WHICH = "Which card do you mean?"
_SHALL_I_SEND = "Shall I send you the agreement?"
_SHALL_I_FINISH = "Do you agree, and shall I finish the application?"


@register_tool(
    say=(
        "For {{ purpose or 'every day' }} I would look at {{ names | listed }}. "
        "{{ first }} gives you {{ rewards }}. Would you like to know if you qualify?"
    ),
    examples=(
        "which credit card would suit me",
        "what cards do you have",
        "I'm interested in a new credit card",
        "I want a card with cash back",
        "I travel a lot, which card is good for travel",
        "recommend me a card",
        "do you have a card with no annual fee",
        "I need a card with a low interest rate",
        "what is the best card for groceries",
        "show me other cards",
        "I don't want to pay a yearly fee",
    ),
)
def search_card_products(
    call: ToolContext,
    *,
    purpose: Annotated[Purpose | None, "What the card should be good for."] = None,
) -> ToolResult:
    """Find credit cards, those that the caller qualifies for first."""
    cards = call.customers.card_products()
    found = [card for card in cards if _serves(card, purpose)]
    if PROVED in call.slots:
        customer = call.customer
        found.sort(key=lambda card: not eligibility(customer, card).eligible)
    names = [card.name for card in found[:2]]
    return ToolResult(
        text="\n".join(map(_line, found)),
        data={
            "purpose": purpose,
            "names": names,
            "first": names[0],
            "card": names[0],
            "rewards": found[0].rewards,
        },
    )


@register_tool(
    ask={"card": _WHICH},
    say=(
        "{{ card }} gives you {{ rewards }}. The yearly fee is "
        "{{ annual_fee_cents | money if annual_fee_cents else 'nothing' }}, "
        "and the interest rate is {{ apr | percent }}. Would you like to know if you qualify?"
    ),
    examples=(
        "tell me more about that card",
        "what is the annual fee of the travel rewards card",
        "what is the interest rate on that card",
        "details of the everyday cash card",
        "what does the card offer",
    ),
)
def get_card_details(call: ToolContext, *, card: Annotated[Card, "The card's name."]) -> ToolResult:
    """Return fee, interest rate and rewards of one card."""
    found = _card(call, card)
    return ToolResult(
        text=_line(found),
        data={
            "card": found.name,
            "rewards": found.rewards,
            "annual_fee_cents": found.annual_fee,
            "apr": found.apr,
        },
    )


@register_tool(
    requires=VERIFIED,
    filler="Let me check that for you.",
    ask={"card": _WHICH},
    say=(
        "Good news. You qualify for {{ card }}, with a limit of {{ limit_cents | money }}. "
        + _SHALL_I_SEND
    ),
    examples=(
        "am I eligible for that card",
        "do I qualify",
        "would I get approved for the travel rewards card",
        "can I have the everyday cash card",
        "check my eligibility",
        "I would like to know if I qualify",
        "would you like to know if you qualify",
        "yes check if I qualify",
        "what limit would I get",
    ),
)
def evaluate_card_eligibility(
    call: ToolContext, *, card: Annotated[Card, "The card's name."]
) -> ToolResult:
    """Check whether the verified caller may have a card, and up to which limit."""
    customer, found = call.customer, _card(call, card)
    verdict = eligibility(customer, found)
    if not verdict.eligible:
        return _not_eligible(call, customer, found, verdict)
    return ToolResult(
        text=f"Eligible for {card} with a limit of {money(verdict.credit_limit)}.",
        data={"card": card, "limit_cents": verdict.credit_limit},
    )


@register_tool(
    requires=VERIFIED,
    side_effects=True,
    ask={"wanted": _SHALL_I_SEND, "card": _WHICH},
    say=(
        "I have sent the agreement for {{ card }} to the email address we have on file. "
        + _SHALL_I_FINISH
    ),
    examples=(
        "I want to apply for that card",
        "send me the agreement",
        "please send the card agreement",
        "I would like to apply",
    ),
)
def send_card_agreement(
    call: ToolContext,
    *,
    card: Annotated[Card, "The card's name."],
    wanted: Annotated[bool, "Whether the caller asked for it."] = True,
) -> ToolResult:
    """Send the agreement of a card to the verified caller, which opens an application."""
    if not wanted:
        return ToolResult(text="Nothing was sent.", ok=False, error="declined")
    customer = call.customer
    verdict = eligibility(customer, _card(call, card))
    if not verdict.eligible:
        return _not_eligible(call, customer, _card(call, card), verdict)
    application = call.customers.send_agreement(
        key=call.idempotency_key, client_id=customer.client_id, card=card
    )
    return ToolResult(
        text=f"Agreement sent, application {application.application_id}.",
        data={"card": card, "application_id": application.application_id},
    )


@register_tool(
    requires=VERIFIED,
    side_effects=True,
    ask={"agreed": _SHALL_I_FINISH, "card": _WHICH},
    say=(
        "Congratulations. {{ card }} is yours, with a limit of {{ limit_cents | money }}. "
        "It will be in the mail within five business days. Is there anything else?"
    ),
    examples=(
        "finish my application",
        "I agree, complete the application",
        "finalize the card application",
    ),
)
def finalize_card_application(
    call: ToolContext,
    *,
    card: Annotated[Card, "The card's name."],
    agreed: Annotated[bool, "Whether the caller agreed to the terms, in so many words."],
) -> ToolResult:
    """Finish an application after the verified caller has agreed to the terms that were sent."""
    if not agreed:
        return ToolResult(ok=False, error="declined", text="All right, I leave it open for now.")
    customer = call.customer
    verdict = eligibility(customer, _card(call, card))
    application = call.customers.approve_application(
        key=call.idempotency_key,
        client_id=customer.client_id,
        card=card,
        credit_limit=verdict.credit_limit,
    )
    if application is None:
        text = "The agreement has to be sent to you first."
        return ToolResult(ok=False, error="no_agreement", text=text)
    return ToolResult(
        text=f"Application {application.application_id} is {application.status}.",
        data={"card": application.card, "limit_cents": application.credit_limit},
    )


def _card(call: ToolContext, name: str) -> CardProduct:
    return next(card for card in call.customers.card_products() if card.name == name)


def _serves(card: CardProduct, purpose: Purpose | None) -> bool:
    if purpose == "no annual fee":
        return card.annual_fee == 0
    return purpose is None or card.best_for == purpose


def _line(card: CardProduct) -> str:
    return (
        f"{card.name}: best for {card.best_for}; {card.rewards}; "
        f"${card.annual_fee // 100} a year; {card.apr}% APR"
    )


def _not_eligible(
    call: ToolContext, customer: Customer, card: CardProduct, verdict: Eligibility
) -> ToolResult:
    others = [
        other.name
        for other in call.customers.card_products()
        if eligibility(customer, other).eligible
    ]
    instead = f" You do qualify for {listed(others[:2])}." if others else ""
    text = f"I am sorry, {card.name} is not possible right now, because {verdict.reason}.{instead}"
    data = {"card": others[0]} if others else {}
    return ToolResult(ok=False, error="not_eligible", text=text, data=data)
