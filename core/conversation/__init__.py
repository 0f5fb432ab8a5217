"""What was said, done and remembered in a call, as a fold over its facts."""

from core.conversation.fold import apply, rebuild
from core.conversation.handoffs import PASSED_ON
from core.conversation.people import WHISPERED
from core.conversation.state import UNFINISHED, Conversation, OpenTool, Owed, begin

__all__ = [
    "PASSED_ON",
    "UNFINISHED",
    "WHISPERED",
    "Conversation",
    "OpenTool",
    "Owed",
    "apply",
    "begin",
    "rebuild",
]
