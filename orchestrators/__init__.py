"""Orchestrator functions and what they are made of."""

from orchestrators.history_times import read_quickly

read_quickly()
