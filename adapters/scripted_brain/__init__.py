"""A brain without a language model: it routes words by example and fills slots by rule.

It is honest about that: it can do what the agent's tools, handoffs and small talk can do, and says
so when it did not understand. It never makes up a fact, because it only speaks tool results.
"""

from adapters.scripted_brain.brain import ScriptedBrain

__all__ = ["ScriptedBrain"]
