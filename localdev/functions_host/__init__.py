"""The local development host: the real `function_app.py` on a laptop, without Azure."""

from .durable.clock import VirtualClock
from .durable.engine import Delivery, Engine
from .errors import StartError
from .host import Host, serve

__all__ = ["Delivery", "Engine", "Host", "StartError", "VirtualClock", "serve"]
