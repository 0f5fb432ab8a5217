"""Retirement money: accounts, 401(k) details, rollover options and what moving money costs."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from core.bank import RetirementAccount
from core.bank_rules import WITHHOLDING_PERCENT, tax_impact
from core.spoken import listed, money
from core.tools import ToolResult
from registries import ToolContext, register_tool
from registries.said import Dollars
from registries.toolstore.identity import VERIFIED

Move = Literal["direct rollover", "roth conversion", "cash out"]


@register_tool(
    requires=VERIFIED,
    filler="Let me look at your retirement accounts.",
    say="You have {{ spoken }}. That is {{ total_cents | money }} in all.",
    examples=(
        "what retirement accounts do I have",
        "how much is in my retirement account",
        "how much have I saved for retirement",
        "what is in my IRA",
        "my retirement savings",
    ),
)
def get_retirement_accounts(call: ToolContext) -> ToolResult:
    """Return the verified caller's 401(k) plans and IRAs with balances."""
    found = call.customers.retirement_accounts(call.customer.client_id)
    if not found:
        return _nothing("retirement account")
    spoken = listed([f"{money(plan.balance)} in {_called(plan)}" for plan in found])
    return ToolResult(
        text="; ".join(f"{_called(plan)}: ${plan.balance // 100:,}" for plan in found),
        data={"spoken": spoken, "total_cents": sum(plan.balance for plan in found)},
    )


@register_tool(
    requires=VERIFIED,
    say=(
        "Your 401k at {{ employer }} holds {{ balance_cents | money }}, of which "
        "{{ vested_cents | money }} is vested."
        "{% if contribution_percent %} You put in {{ contribution_percent | percent }} and your "
        "employer adds {{ match_percent | percent }}.{% endif %}"
    ),
    examples=(
        "tell me about my 401k",
        "how much of my 401k is vested",
        "what do I contribute to my 401k",
        "does my employer match my 401k",
        "four oh one k details",
    ),
)
def get_401k_details(
    call: ToolContext,
    *,
    which: Annotated[
        Literal["current employer", "former employer"] | None, "Whose plan, if there are several."
    ] = None,
) -> ToolResult:
    """Return vesting, contribution and employer match of the verified caller's 401(k)."""
    plans = _plans(call)
    fitting = [plan for plan in plans if which in (None, _whose(plan))]
    if not fitting:
        return _nothing(f"401k of a {which}" if which else "401k")
    plan = max(fitting, key=lambda plan: plan.current_employer)
    return ToolResult(
        text=(
            f"{plan.employer} ({_whose(plan)}) at {plan.provider}: balance "
            f"${plan.balance // 100:,}, vested ${plan.vested // 100:,}, contribution "
            f"{plan.contribution_percent}%, match {plan.match_percent}%"
        ),
        data={
            "employer": plan.employer,
            "balance_cents": plan.balance,
            "vested_cents": plan.vested,
            "contribution_percent": plan.contribution_percent,
            "match_percent": plan.match_percent,
        },
    )


@register_tool(
    requires=VERIFIED,
    say=(
        "You could move {{ amount_cents | money }} from {{ employer }}. A direct rollover into an "
        "IRA costs no tax. You could also leave it where it is, or convert it to a Roth. "
        "Shall I work out the tax for one of them?"
    ),
    examples=(
        "can I roll over my old 401k",
        "what are my rollover options",
        "I left my job, what do I do with my 401k",
        "move my old 401k to an IRA",
        "how does a rollover work",
    ),
)
def get_rollover_options(call: ToolContext) -> ToolResult:
    """Return what the verified caller can do with the 401(k) of a former employer."""
    old = [plan for plan in _plans(call) if not plan.current_employer]
    if not old:
        return ToolResult(
            ok=False,
            error="not_found",
            text="I see no 401k of a former employer, so there is nothing to roll over yet.",
        )
    plan = old[0]
    return ToolResult(
        text=(
            f"{plan.employer}: ${plan.vested // 100:,} vested. Options: leave it, direct rollover "
            f"to an IRA (no tax), Roth conversion (taxed now), cash out ({WITHHOLDING_PERCENT}% "
            "withheld, taxed, 10% penalty before 59 and a half)."
        ),
        data={"amount_cents": plan.vested, "employer": plan.employer},
    )


@register_tool(
    requires=VERIFIED,
    ask={
        "kind": "Is it a direct rollover, a Roth conversion, or would you take the cash?",
        "amount": "How much would you move?",
        "age": "And how old are you?",
    },
    say=(
        "For {{ amount_cents | money }} as a {{ kind }}, the tax would be about "
        "{{ tax_cents | money }}{% if penalty_cents %}, plus a penalty of "
        "{{ penalty_cents | money }}{% endif %}. You would keep {{ received_cents | money }}. "
        "This is an estimate, not tax advice."
    ),
    examples=(
        "how much tax would I pay",
        "what would it cost to cash out my 401k",
        "calculate the tax impact",
        "what is the tax if I convert to a roth",
        "what is the penalty for taking the money out early",
        "work out the tax",
        "shall I work out the tax for one of them",
    ),
)
def calculate_tax_impact(
    call: ToolContext,
    *,
    kind: Annotated[Move, "How the money moves."],
    amount: Annotated[Dollars, "How much, in US dollars."],
    age: Annotated[int, Field(ge=18, le=110), "The caller's age in years."],
) -> ToolResult:
    """Estimate tax and penalty of moving retirement money, from the verified caller's income."""
    available = sum(plan.vested for plan in call.customers.retirement_accounts(_client(call)))
    if amount > available:
        text = f"You have {money(available)} that you may move, so that is too much."
        return ToolResult(ok=False, error="too_much", text=text)
    impact = tax_impact(amount=amount, income=call.customer.annual_income, age=age, kind=kind)
    return ToolResult(
        text=(
            f"{kind} of ${amount // 100:,}: tax ${impact.tax // 100:,}, penalty "
            f"${impact.penalty // 100:,}, withheld at first ${impact.withheld // 100:,}, keeps "
            f"${impact.received // 100:,}. An estimate, not tax advice."
        ),
        data={
            "kind": kind,
            "amount_cents": amount,
            "tax_cents": impact.tax,
            "penalty_cents": impact.penalty,
            "received_cents": impact.received,
        },
    )


def _client(call: ToolContext) -> str:
    return call.customer.client_id


def _plans(call: ToolContext) -> list[RetirementAccount]:
    found = call.customers.retirement_accounts(_client(call))
    return [plan for plan in found if plan.kind == "401k"]


def _whose(plan: RetirementAccount) -> str:
    return "current employer" if plan.current_employer else "former employer"


def _called(plan: RetirementAccount) -> str:
    return f"the 401k from {plan.employer}" if plan.kind == "401k" else f"your {plan.kind}"


def _nothing(what: str) -> ToolResult:
    return ToolResult(ok=False, error="not_found", text=f"I don't see a {what} in your name.")
