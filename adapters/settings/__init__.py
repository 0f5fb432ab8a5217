"""Every setting there is, in groups: the only reader of the environment, and its judge."""

from adapters.settings.environment import Settings
from adapters.settings.values import Mistake, SettingsError

__all__ = ["Mistake", "Settings", "SettingsError"]
