"""Engines in a row, for each kind: when one cannot do its work, the next one does it."""

from adapters.fallback.chat import ChatChain
from adapters.fallback.hearing import HearingChain
from adapters.fallback.links import EngineState, Link, Links, links_of, troubles
from adapters.fallback.speaking import SpeakingChain

__all__ = [
    "ChatChain",
    "EngineState",
    "HearingChain",
    "Link",
    "Links",
    "SpeakingChain",
    "links_of",
    "troubles",
]
