"""Why the host could not start, in words for the developer who started it."""


class StartError(Exception):
    """The app cannot be run as it is."""
