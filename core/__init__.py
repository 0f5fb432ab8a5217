"""The rules of a call, a turn and a conversation. Pure: no IO, no clock, no chance, no logging."""
