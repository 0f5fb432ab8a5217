"""A mouth that speaks fast, so that the matrix takes no longer than it must."""

from adapters.scripted import ScriptedSpeaking
from adapters.settings import Settings

MS_PER_CHAR = 15


def speaking(settings: Settings) -> ScriptedSpeaking:
    """Return the mouth of `TTS=tests.reliability.brisk:speaking`."""
    return ScriptedSpeaking(ms_per_char=MS_PER_CHAR)
