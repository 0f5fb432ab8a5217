"""Which words end with a dot that ends no sentence, in some languages of Europe."""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Titles and the like: something always follows.
NEVER_LAST = _words(
    "mr mrs ms dr prof st jr sr vs hon rev gen sgt capt mt "  # English
    "hr fr frl bzw ca ggf evtl inkl exkl zzgl vgl z.b d.h u.a i.d.r "  # German
    "sra srta dra ud uds d.ª p.ej "  # Spanish
    "mme mlle mgr p.ex c.-à-d "  # French
    "sig sig.ra dott dott.ssa ing avv "  # Italian
    "dhr mevr drs bijv d.w.z"  # Dutch
)
# The end of a sentence only before a capital letter.
MAYBE_LAST = _words(
    "e.g i.e etc a.m p.m inc ltd co corp approx u.s u.k dept est usw u.s.w ecc cf resp"
)
# Not the end of a sentence before a number.
BEFORE_NUMBERS = _words(
    "no nr nos núm fig p pp art ext apt sec ch vol tel "
    "jan feb mar apr jun jul aug sep sept oct nov dec"
)
MONTHS_AFTER_A_DAY = _words(
    "januar februar märz april mai juni juli august september oktober november dezember jänner"
)
