"""Twins of the engines that need no model: what is said is written into the sound itself.

A test that speaks to a call with `spoken("hello")` is recognised word for word, and one that
records the call finds with `decode_spoken` what was heard and when.
"""

from adapters.scripted.chat import ScriptedChat
from adapters.scripted.hearing import ScriptedHearing, ScriptedStream
from adapters.scripted.marked_audio import decode_spoken, spoken
from adapters.scripted.speaking import ScriptedSpeaking

__all__ = [
    "ScriptedChat",
    "ScriptedHearing",
    "ScriptedSpeaking",
    "ScriptedStream",
    "decode_spoken",
    "spoken",
]
