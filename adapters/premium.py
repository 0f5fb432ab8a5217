"""Which numbers cost a premium, by the numbering plans of all countries (libphonenumber)."""

from __future__ import annotations


def is_premium(number: str) -> bool:
    """Whether an E.164 number is in a premium range of its country."""
    import phonenumbers  # 0.1 s, and only who calls out needs it

    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return False  # no number of any country: the carrier will not ring it
    return phonenumbers.number_type(parsed) == phonenumbers.PhoneNumberType.PREMIUM_RATE
