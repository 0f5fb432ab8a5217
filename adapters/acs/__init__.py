"""Azure Communication Services Call Automation behind the `CallControl` port."""

from adapters.acs.calls import AcsCalls
from adapters.acs.client import identity_client, key_client

__all__ = ["AcsCalls", "identity_client", "key_client"]
