"""What a log line says, and what it leaves out."""

import logging

from adapters.logs import FactsFormatter


def line(message, **extra):
    record = logging.makeLogRecord({"name": "relay", "levelname": "INFO", "msg": message, **extra})
    return FactsFormatter().format(record).partition(" INFO ")[2]


def test_facts_stand_behind_the_sentence():
    assert line("call left", call="c1", reason="socket closed") == (
        "relay: call left call=c1 reason='socket closed'"
    )


def test_what_is_personal_is_left_out():
    assert line("handoff", to="cards", **{"pii.reason": "my divorce"}) == (
        "relay: handoff to=cards"
    )


def test_one_record_is_one_line():
    assert "\n" not in line("odd", text="a\nb", empty="")
