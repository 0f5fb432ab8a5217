"""Everyday banking: balances, recent transactions, and giving back a fee."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from core.bank import Account, Customer, FeeKind, Refund
from core.spoken import listed, money
from core.tools import AskApproval, ToolResult
from registries import ToolContext, register_tool
from registries.toolstore.identity import VERIFIED

AccountKind = Literal["checking", "savings", "credit card"]
Fee = Literal[
    "overdraft",
    "foreign transaction",
    "monthly maintenance",
    "late payment",
    "wire transfer",
    "not said",
]

_WHICH_FEE = "Which fee do you mean?"


@register_tool(
    requires=VERIFIED,
    filler="Let me look that up.",
    say="{{ spoken }}",
    examples=(
        "what's my balance",
        "what is my account balance",
        "how much money do I have",
        "how much money do I have in checking",
        "how much is in my savings account",
        "tell me the balance of my checking account",
        "check my balance please",
        "what do I owe on my credit card",
        "give me an overview of my accounts",
        "account summary",
        "check my accounts",
        "how much is left",
        "what have I got in the bank",
    ),
)
def get_account_summary(
    call: ToolContext,
    *,
    account: Annotated[
        AccountKind | None, "Only this kind of account; leave out for all of them."
    ] = None,
) -> ToolResult:
    """Return the balances of the verified caller's accounts."""
    found = [
        known
        for known in call.customers.accounts(call.customer.client_id)
        if account in (None, known.kind)
    ]
    if not found:
        return ToolResult(
            ok=False, error="not_found", text=f"I don't see a {account} account in your name."
        )
    spoken = f"{listed([_spoken(known) for known in found])}."
    rows = [
        {"kind": known.kind, "last_four": known.last_four, "balance_cents": known.balance}
        for known in found
    ]
    text = "; ".join(
        f"{known.kind} {known.last_four}: {_figures(known.balance)}" for known in found
    )
    return ToolResult(text=text, data={"accounts": rows, "spoken": spoken[0].upper() + spoken[1:]})


@register_tool(
    requires=VERIFIED,
    filler="One moment, I am looking at your transactions.",
    say=(
        "{% if transactions %}Your latest transactions are: "
        "{% for t in transactions[:3] %}{{ t.description }}, {{ t.amount_cents | abs | money }}"
        "{{ ' received' if t.amount_cents > 0 }}, on {{ t.on | date }}"
        "{{ '; ' if not loop.last }}{% endfor %}."
        "{% else %}I see no transactions there.{% endif %}"
    ),
    examples=(
        "show me my recent transactions",
        "what are my last transactions",
        "what did I spend recently",
        "what was my last purchase",
        "what did I buy",
        "what happened on my account",
        "read me my recent charges",
        "transaction history",
        "what fees did I pay",
    ),
)
def get_recent_transactions(
    call: ToolContext,
    *,
    account: Annotated[AccountKind | None, "Only of this kind of account."] = None,
    limit: Annotated[int, Field(ge=1, le=20), "How many, newest first."] = 5,
) -> ToolResult:
    """Return the verified caller's newest transactions, fees included."""
    found = call.customers.transactions(call.customer.client_id, kind=account, limit=limit)
    lines = [
        f"{moved.on} {moved.description} {_figures(moved.amount)} ({moved.account})"
        for moved in found
    ]
    rows = [
        {
            "on": moved.on.isoformat(),
            "description": moved.description,
            "amount_cents": moved.amount,
            "account": moved.account,
            "fee": moved.fee,
            "refunded": moved.refunded,
        }
        for moved in found
    ]
    return ToolResult(text="\n".join(lines) or "No transactions.", data={"transactions": rows})


def refund_as_approved(call: ToolContext, details: Mapping[str, Any]) -> ToolResult:
    """Give back the very fee that a person approved."""
    refund = call.customers.refund_approved(
        key=call.idempotency_key,
        client_id=details["client_id"],
        transaction_id=details["transaction_id"],
        today=call.today,
    )
    if refund.refusal:
        return ToolResult(ok=False, error="refused", text=refund.refusal)
    return ToolResult(text=f"{money(refund.amount)} went back to the account.")


@register_tool(
    requires=VERIFIED,
    side_effects=True,
    on_approved=refund_as_approved,
    filler="Let me see what I can do about that fee.",
    ask={"fee": _WHICH_FEE},
    say=(
        "{% if asked %}{{ asked }} Is there anything else meanwhile?{% else %}"
        "Done. I refunded the {{ fee }} fee of {{ amount_cents | money }}. "
        "Is there anything else I can do for you?{% endif %}"
    ),
    examples=(
        "refund my fee",
        "can you refund the overdraft fee",
        "I was charged an overdraft fee, please give it back",
        "I want my fee back",
        "why did you charge me a fee, take it off",
        "waive the foreign transaction fee",
        "remove the late payment fee",
        "give me back the fee",
        "please reverse the monthly maintenance fee",
    ),
)
def refund_fee(
    call: ToolContext,
    *,
    fee: Annotated[Fee, "Which fee the caller means, if he said so."] = "not said",
    reason: Annotated[str, Field(max_length=300), "Why the caller wants it back."] = "",
) -> ToolResult:
    """Give back one fee to the verified caller, or ask a person when it is above the limit."""
    if fee == "not said" and len(open_fees := _open_fees(call)) > 1:
        which = f"I see {listed(open_fees)}. {_WHICH_FEE}"
        return ToolResult(ok=False, error="which_fee", text=which)
    refund = call.customers.refund_fee(
        key=call.idempotency_key,
        client_id=call.customer.client_id,
        fee=None if fee == "not said" else FeeKind(fee),
        today=call.today,
    )
    if refund.above_limit:
        return _ask_for(refund, call.customer, reason)
    if refund.refusal:
        return ToolResult(ok=False, error="refused", text=refund.refusal)
    return ToolResult(
        text=f"Refunded {refund.description} {_figures(refund.amount)}; "
        f"the balance is now {_figures(refund.balance)}.",
        data={
            "asked": "",
            "fee": refund.fee,
            "amount_cents": refund.amount,
            "balance_cents": refund.balance,
        },
    )


def _ask_for(refund: Refund, customer: Customer, reason: str) -> ToolResult:
    asked = "I may not refund that much, so I asked a colleague. I will tell you as soon as I know."
    return ToolResult(
        text=f"Not refunded yet. {asked}",
        data={"asked": asked},
        effects=(
            AskApproval(
                subject=f"the refund of your {refund.fee} fee of {money(refund.amount)}",
                details={
                    "client_id": customer.client_id,
                    "customer": customer.full_name,
                    "transaction_id": refund.transaction_id,
                    "fee": refund.fee,
                    "amount_cents": refund.amount,
                    "reason": reason,
                },
            ),
        ),
    )


def _open_fees(call: ToolContext) -> list[str]:
    moved = call.customers.transactions(call.customer.client_id, limit=100)
    fees = [charge for charge in moved if charge.fee and not charge.refunded]
    return [f"the {charge.fee} fee of {money(-charge.amount)}" for charge in fees]


def _spoken(account: Account) -> str:
    if account.kind == "credit card":
        return f"you owe {money(-account.balance)} on your credit card"
    if account.balance < 0:
        return f"your {account.kind} account is overdrawn by {money(-account.balance)}"
    return f"your {account.kind} account has {money(account.balance)}"


def _figures(cents: int) -> str:
    return f"{'-' if cents < 0 else ''}${abs(cents) // 100:,}.{abs(cents) % 100:02}"
