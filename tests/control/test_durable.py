"""A call's orchestration is found, woken, or given birth to again."""

from types import SimpleNamespace

import pytest

from adapters.durable import DurableCalls
from core.control_ports import OrchestrationTrouble


class Client:
    """A Durable client whose instance has a status, and which refuses everything else."""

    def __init__(self, status):
        self._status = status

    async def start_new(self, name, instance_id, order):
        raise Exception("refused")  # noqa: TRY002 the SDK raises nothing more exact

    raise_event = start_new

    async def get_status(self, instance_id):
        known = SimpleNamespace(value=self._status) if self._status else None
        return SimpleNamespace(runtime_status=known)


@pytest.mark.parametrize(
    ("status", "there"),
    [(None, False), ("Failed", False), ("Completed", True), ("Terminated", True)],
)
async def test_only_an_orchestration_that_was_lost_or_failed_is_missing(status, there):
    poked = await DurableCalls(Client(status)).poke("call")

    assert poked is there


class Newborn(Client):
    """An instance that is born just after it was not found."""

    missed = 0

    async def raise_event(self, instance_id, name, data):
        if not self.missed:
            self.missed += 1
            raise Exception("No instance found")  # noqa: TRY002 as the SDK says it


async def test_an_orchestration_that_is_born_meanwhile_is_poked():
    assert await DurableCalls(Newborn("Pending")).poke("call") is True


async def test_a_live_orchestration_that_cannot_be_poked_is_trouble():
    with pytest.raises(OrchestrationTrouble):
        await DurableCalls(Client("Running")).poke("call")


@pytest.mark.parametrize("status", ["Running", "Pending", "Completed"])
async def test_an_orchestration_that_is_there_need_not_be_started(status):
    await DurableCalls(Client(status)).start({"call_id": "call"})


@pytest.mark.parametrize("status", [None, "Failed"])
async def test_one_that_is_missing_and_cannot_be_started_is_trouble(status):
    with pytest.raises(OrchestrationTrouble):
        await DurableCalls(Client(status)).start({"call_id": "call"})
