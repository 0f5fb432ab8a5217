"""Hearing and speaking with Azure Speech, through its SDK.

The SDK has threads of its own. They hand plain data to the event loop and do nothing else; what
may wait for them (making, stopping, letting go) runs on threads kept for that.
"""

from adapters.azure_speech.account import SpeechAccount, account_of
from adapters.azure_speech.hearing import AzureHearing
from adapters.azure_speech.speaking import AzureSpeaking

__all__ = ["AzureHearing", "AzureSpeaking", "SpeechAccount", "account_of"]
