"""What people say when they are asked for a time."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from core.hours import Hours
from core.moments import moment_heard

ZONE = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 3, 18, 14, 5, tzinfo=ZONE)  # a Wednesday


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("tomorrow at ten", "2026-03-19T10:00"),
        ("Tomorrow at 10:30, please", "2026-03-19T10:30"),
        ("call me tomorrow at ten in the morning", "2026-03-19T10:00"),
        ("the day after tomorrow at three", "2026-03-20T15:00"),
        ("today at 4 pm", "2026-03-18T16:00"),
        ("at 4 p.m.", "2026-03-18T16:00"),
        ("at eleven", "2026-03-19T11:00"),
        ("at half past ten on Friday", "2026-03-20T10:30"),
        ("Wednesday at nine", "2026-03-25T09:00"),
        ("tomorrow at quarter to nine", "2026-03-19T08:45"),
        ("tomorrow at ten forty five", "2026-03-19T10:45"),
        ("tomorrow afternoon", "2026-03-19T15:00"),
        ("tomorrow at noon", "2026-03-19T12:00"),
        ("in two hours", "2026-03-18T16:05"),
        ("in half an hour", "2026-03-18T14:35"),
        ("in 20 minutes", "2026-03-18T14:25"),
        ("2026-03-21T10:15", "2026-03-21T10:15"),
        ("2026-03-21T10:15+01:00", "2026-03-21T10:15"),
        ("2026-03-21 at 10:15", "2026-03-21T10:15"),
        ("in an hour and a half", "2026-03-18T15:35"),
        ("in one and a half hours", "2026-03-18T15:35"),
        ("in a couple of hours", "2026-03-18T16:05"),
        ("in three quarters of an hour", "2026-03-18T14:50"),
        ("in three days at ten", "2026-03-21T10:00"),
        ("in a week", "2026-03-25T14:05"),
        ("at five to ten tomorrow", "2026-03-19T09:55"),
        ("tomorrow at ten past nine", "2026-03-19T09:10"),
        ("at twenty-five minutes to four", "2026-03-18T15:35"),
        ("tomorrow at ten oh five", "2026-03-19T10:05"),
        ("tomorrow at 1030", "2026-03-19T10:30"),
        ("tomorrow between nine and ten", "2026-03-19T09:00"),
        ("after five tomorrow", "2026-03-19T17:00"),
        ("April third at ten", "2026-04-03T10:00"),
        ("on the 2nd of April, four p.m.", "2026-04-02T16:00"),
        ("March 3 at ten", "2027-03-03T10:00"),
        ("on the twenty-first at ten", "2026-03-21T10:00"),
        ("you may call me at ten", "2026-03-19T10:00"),
        ("next week Friday at ten", "2026-03-27T10:00"),
        ("tomorrow, no, Friday at ten", "2026-03-20T10:00"),
        ("tomorrow night at eight", "2026-03-19T20:00"),
    ],
)
def test_a_moment_is_understood(said: str, meant: str) -> None:
    assert moment_heard(said, NOW) == datetime.fromisoformat(meant).replace(tzinfo=ZONE)


@pytest.mark.parametrize(
    "said",
    [
        "",
        "tomorrow",
        "sometime",
        "2026-03-21",
        "at fifty",
        "call me",
        "April third",
        "next week at ten",
        "next month on the third at ten",
        "in a few hours",
        "in 5000000 days at ten",
        "in a hundred million weeks at ten",
        "in 99999999999 hours",
    ],
)
def test_half_a_moment_is_none(said: str) -> None:
    assert moment_heard(said, NOW) is None


@pytest.mark.parametrize(
    ("at", "then"),
    [("09:00", "18T09:00"), ("19:59", "18T19:59"), ("20:00", "19T09:00"), ("06:30", "18T09:00")],
)
def test_who_may_not_be_called_now_is_called_when_the_hours_begin(at: str, then: str) -> None:
    moment = datetime.fromisoformat(f"2026-03-18T{at}").replace(tzinfo=ZONE)

    assert Hours().next(moment) == datetime.fromisoformat(f"2026-03-{then}").replace(tzinfo=ZONE)
