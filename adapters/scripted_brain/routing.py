"""Which of several intents some words mean, by likeness to examples (TF-IDF, cosine).

Words and pairs of words carry the meaning, letters inside words forgive what a recognizer
misheard (`acount balence`).
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from itertools import pairwise

_CONTRACTIONS = (
    (r"n't\b", " not"),
    (r"'s\b", " is"),
    (r"\bwhats\b", "what is"),
    (r"'m\b", " am"),
    (r"'re\b", " are"),
    (r"'d\b", " would"),
    (r"'ll\b", " will"),
    (r"'ve\b", " have"),
)
_PLAN = re.compile(r"\b(?:401|four[\s-](?:oh|o|zero|hundred(?: and)?)[\s-]one)[\s-]?k\b")
_FILLERS = frozenset("um uh er well so please just okay ok the a an hey yeah yes oh".split())
# Words that carry sentences, not wishes.
_FUNCTION_WORDS = frozenset(
    "i me my you your we us it is am are was be been do does did have has had would will can could "
    "should shall may what which who how why when where that this there to of for from in on at "
    "and or with want like need get give tell let if not go going some any".split()
)
_WEIGHTS = {"w": 1.0, "p": 0.6, "c": 0.4}
_FUNCTION_WEIGHT = 0.35
_UNKNOWN_WEIGHT = 0.6
_NEARLY = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """Something a caller may want, known by examples of what callers say."""

    name: str
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """How much some words are like the examples of an intent, 0 to 1."""

    name: str
    score: float


def ranked(text: str, intents: tuple[Intent, ...]) -> list[Match]:
    """Return the intents, likeliest first."""
    return _router(intents).ranked(text)


class _Router:
    def __init__(self, intents: tuple[Intent, ...]) -> None:
        spoken = [(intent.name, _tokens(text)) for intent in intents for text in intent.examples]
        self._known = sorted({token for _, tokens in spoken for token in tokens})
        examples = [(name, _features(tokens)) for name, tokens in spoken]
        seen = Counter(feature for _, features in examples for feature in features)
        self._idf = {f: math.log((1 + len(examples)) / (1 + n)) + 1 for f, n in seen.items()}
        self._unseen = math.log(1 + len(examples)) + 1
        self._vectors = [(name, self._vector(features)) for name, features in examples]

    def ranked(self, text: str) -> list[Match]:
        said = self._vector(_features([self._mended(token) for token in _tokens(text)]))
        scores: dict[str, list[float]] = {}
        for name, vector in self._vectors:
            scores.setdefault(name, []).append(_cosine(said, vector))
        matches = [Match(name=name, score=_blend(found)) for name, found in scores.items()]
        return sorted(matches, key=lambda match: -match.score)

    def _mended(self, token: str) -> str:
        """Return the known word that a misheard one nearly is."""
        if token in self._known or token in _FUNCTION_WORDS or len(token) < 5:
            return token
        near = get_close_matches(token, self._known, n=3, cutoff=_NEARLY)
        return next((known for known in near if known[0] == token[0]), token)

    def _vector(self, features: Mapping[str, float]) -> dict[str, float]:
        raw = {f: weight * self._idf.get(f, self._unseen) for f, weight in features.items()}
        # What no example holds tells nothing about which intent it is; it only dilutes.
        for feature in raw.keys() - self._idf.keys():
            raw[feature] *= _UNKNOWN_WEIGHT
        norm = math.sqrt(sum(value * value for value in raw.values())) or 1.0
        return {feature: value / norm for feature, value in raw.items()}


@lru_cache(maxsize=64)
def _router(intents: tuple[Intent, ...]) -> _Router:
    return _Router(intents)


def _blend(scores: Iterable[float]) -> float:
    """Mostly the nearest example; the next two break ties between intents."""
    best = sorted(scores, reverse=True)[:3]
    return 0.85 * best[0] + 0.15 * sum(best) / len(best)


def _cosine(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    small, large = (one, other) if len(one) < len(other) else (other, one)
    return sum(value * large.get(feature, 0.0) for feature, value in small.items())


def _features(tokens: Sequence[str]) -> dict[str, float]:
    features: defaultdict[str, float] = defaultdict(float)
    for one, two in pairwise(tokens):
        features[f"p{one} {two}"] += _WEIGHTS["p"] * max(_weight(one), _weight(two))
    for token in tokens:
        features[f"w{token}"] += _WEIGHTS["w"] * _weight(token)
        padded = f"<{token}>"
        for at in range(len(padded) - 2):
            features[f"c{padded[at : at + 3]}"] += _WEIGHTS["c"] * _weight(token)
    return features


def _weight(token: str) -> float:
    return _FUNCTION_WEIGHT if token in _FUNCTION_WORDS else 1.0


def _tokens(text: str) -> list[str]:
    plain = text.lower().replace("\u2019", "'").replace("(k)", "k")
    plain = _PLAN.sub("401k", plain)
    for pattern, full in _CONTRACTIONS:
        plain = re.sub(pattern, full, plain)
    tokens = re.findall(r"[a-z0-9]+", plain)
    kept = [token for token in tokens if token not in _FILLERS] or tokens
    return [token[:-1] if len(token) > 4 and token.endswith("s") else token for token in kept]
