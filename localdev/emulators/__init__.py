"""Servers of this machine that speak what Azure and OpenAI speak."""
