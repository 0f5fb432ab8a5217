"""Azure Communication Services, as far as Call Automation goes, without Azure.

The real SDK talks to it; it rings, answers, streams audio in real time, plays what comes back to
a simulated caller and records it. It proves our side of the contract: what its docstrings call
assumed is documented nowhere and must be tried against a real resource before a release.
"""

from localdev.acs_simulator.call import Call
from localdev.acs_simulator.callee import Behaviour, Manner
from localdev.acs_simulator.faults import FAULTS, Fault, UnknownFault, parse_faults
from localdev.acs_simulator.settings import GridSchema, SimulatorSettings
from localdev.acs_simulator.simulator import Simulator, serve

__all__ = [
    "FAULTS",
    "Behaviour",
    "Call",
    "Fault",
    "GridSchema",
    "Manner",
    "Simulator",
    "SimulatorSettings",
    "UnknownFault",
    "parse_faults",
    "serve",
]
