"""What the bank allows: refunds, card eligibility, and what a retirement withdrawal costs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from core.bank import CardProduct, Customer, Transaction

MAX_REFUND = 50_00
REFUNDS_A_YEAR = 2
REFUND_WINDOW = timedelta(days=90)
EARLY_WITHDRAWAL_PERCENT = 10
WITHHOLDING_PERCENT = 20
_BRACKETS = ((609_350_00, 37), (243_725_00, 35), (191_950_00, 32), (100_525_00, 24))
_LOW_BRACKETS = ((47_150_00, 22), (11_600_00, 12), (0, 10))


def refund_refusal(
    fee: Transaction | None, *, refunds_this_year: int, today: date, approved: bool = False
) -> str:
    """Say, for the caller's ear, why a fee is not given back; empty when it is.

    `approved`: a person has agreed, so the limits of what we may give do not count.
    """
    if fee is None:
        return "I don't see a fee like that on your accounts."
    if fee.refunded:
        return f"The {fee.fee} fee has already been refunded, so I can't refund it again."
    if approved:
        return ""
    if today - fee.on > REFUND_WINDOW:
        return "That fee is more than ninety days old, so only a person can look at it."
    if above_limit(fee):
        return "That fee is above what I may refund. I can connect you to a person."
    if refunds_this_year >= REFUNDS_A_YEAR:
        return "You have had the two refunds this year that I may give. A person can help you."
    return ""


def above_limit(fee: Transaction) -> bool:
    """Whether only a person may give this fee back."""
    return -fee.amount > MAX_REFUND


@dataclass(frozen=True, slots=True, kw_only=True)
class Eligibility:
    """Whether a customer may have a card, up to which limit in cents, or why not."""

    eligible: bool
    credit_limit: int = 0
    reason: str = ""


def eligibility(customer: Customer, card: CardProduct) -> Eligibility:
    """Judge by credit score and income; the limit grows with both, in steps of 500 dollars."""
    if customer.credit_score < card.min_score:
        return Eligibility(eligible=False, reason="the credit score it needs is higher")
    if customer.annual_income < card.min_income:
        return Eligibility(eligible=False, reason="the income it needs is higher")
    share = 10 + (customer.credit_score - card.min_score) // 10
    limit = customer.annual_income * share // 100
    return Eligibility(eligible=True, credit_limit=max(limit // 500_00, 1) * 500_00)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxImpact:
    """What moving or taking retirement money costs, in cents."""

    tax: int
    penalty: int
    withheld: int
    received: int


def tax_impact(*, amount: int, income: int, age: float, kind: str) -> TaxImpact:
    """Estimate for `direct rollover`, `roth conversion` or `cash out` (US federal, simplified)."""
    if kind == "direct rollover":
        return TaxImpact(tax=0, penalty=0, withheld=0, received=amount)
    tax = amount * marginal_percent(income) // 100
    if kind == "roth conversion":
        return TaxImpact(tax=tax, penalty=0, withheld=0, received=amount)
    penalty = amount * EARLY_WITHDRAWAL_PERCENT // 100 if age < 59.5 else 0
    withheld = amount * WITHHOLDING_PERCENT // 100
    return TaxImpact(
        tax=tax, penalty=penalty, withheld=withheld, received=max(amount - tax - penalty, 0)
    )


def marginal_percent(income: int) -> int:
    """Return the federal rate on the next dollar for a single filer (2024 brackets)."""
    return next(rate for floor, rate in (*_BRACKETS, *_LOW_BRACKETS) if income >= floor)
