"""The page about a call's states says what the code does."""

import pytest

from core.call import Phase
from core.call.phases import TABLE, Move
from core.result_codes import Cause, cause_of
from scripts.call_states import PAGE, page


def test_the_page_is_made_of_the_codes_own_tables():
    assert PAGE.read_text() == page(), "run `make docs`"


def test_every_phase_but_the_last_can_end():
    assert all((Move.END in TABLE[phase]) is (phase is not Phase.ENDED) for phase in Phase)


def test_every_phase_can_be_reached():
    reached = {there for moves in TABLE.values() for there in moves.values()}

    assert reached | {Phase.OFFERED} == set(Phase)


@pytest.mark.parametrize(
    ("code", "sub_code", "cause"),
    [
        (200, 7000, Cause.BY_US),
        (0, 7000, Cause.BY_US),
        (200, 7015, Cause.TRANSFERRED),
        (200, 5002, Cause.DECLINED),
        (0, 560000, Cause.HUNG_UP),
        (486, 560486, Cause.BUSY),
        (487, 10004, Cause.NO_ANSWER),
        (487, 10024, Cause.DECLINED),
        (403, 510403, Cause.BLOCKED),
        (404, 8587, Cause.TOO_LATE),
        (500, 1, Cause.FAULT),
        (0, 0, Cause.UNKNOWN),
    ],
)
def test_a_result_of_the_carrier_has_one_meaning(code, sub_code, cause):
    assert cause_of(code, sub_code) is cause
