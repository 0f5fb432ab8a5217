"""What a relay reports is kept as it may be kept."""

from contextlib import aclosing

from core import facts as f
from core.tools import HangUp, TransferCall
from tests.control.fakes import FakeDurable, plane_of
from tests.control.test_resent import report
from tests.control.test_store import CALL


async def test_a_desk_that_is_no_name_of_ours_is_not_written_down():
    effects = (TransferCall(target="+15550142"), TransferCall(target="call_center"), HangUp())
    told = f.ToolFinished(turn=1, id="1-1", name="connect", ok=True, effects=effects)
    async with aclosing(plane_of(lambda: 1000.0)) as plane:
        await plane.store.claim(CALL)
        await plane.store.open_session(CALL.call_id, "r1")

        await report(plane, FakeDurable(), told)

        log = (await plane.store.log(CALL.call_id)).entries
        (entry,) = (each for each in log if isinstance(each.fact, f.ToolFinished))
        unknown, known, end = entry.fact.effects
        assert (unknown.target, known.target, end) == ("unknown", "call_center", HangUp())
