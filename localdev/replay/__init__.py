"""A call once more: its log folded again, and its caller's lines with other agents."""
