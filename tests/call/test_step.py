"""The life of a call, fact by fact."""

import pytest

from core import call as c
from core import facts as f
from core.facts import Direction, LegState

LIMITS = c.Limits()


class Told:
    """A call and what it was told; `commands` are those of the last fact."""

    def __init__(self, *facts: f.Fact) -> None:
        self.state = c.CallState(call_id="call")
        self.commands: tuple[c.Command, ...] = ()
        self.at = 1000.0
        for fact in facts:
            self.tell(fact)

    def tell(self, fact: f.Fact, *, late: bool = False) -> "Told":
        n = self.state.cursor + 1
        entry = f.LogEntry(n=n, at=self.at, source="t", source_id=str(n), fact=fact, late=late)
        self.state, self.commands = c.step(self.state, entry)
        return self

    def miss(self, deadline: c.Deadline) -> "Told":
        due = self.state.deadlines[deadline]
        self.at = due
        return self.tell(f.Overdue(deadline=deadline.value, due=due))

    @property
    def asked(self) -> list[str]:
        return [command.name for command in self.commands]


OFFERED = f.Offered(direction=Direction.INBOUND)
REFUSED = f.AnswerRefused(reason="8587")
ANSWERED = f.Answered(connection_id="leg")
CONNECTED = f.Connected(connection_id="leg")
SESSION = f.SessionOpened(epoch=1, relay_id="r")
TALKING = (OFFERED, ANSWERED, CONNECTED, SESSION)
TRANSFER = f.TransferRequested(request_id="t1", target="desk")
SILENTLY = f.Answered(connection_id="leg", streaming=False)
WAITING = (OFFERED, SILENTLY, CONNECTED)
NO_ROOM = f.TurnedAway(how="busy")
MESSAGE = f.TurnedAway(how="message")
TOLD_BUSY = (OFFERED, MESSAGE, SILENTLY, CONNECTED)
RINGING_OUT = f.Offered(direction=Direction.OUTBOUND)
HANG_UP = f.HangUpRequested(by="agent")
GONE = f.Reconciled(state=LegState.GONE)
HERE = f.Reconciled(state=LegState.CONNECTED)
UNATTENDED = f.Reconciled(state=LegState.CONNECTED, attended=False)


def done(command: str, outcome: f.CommandOutcome = "ok") -> f.CommandDone:
    return f.CommandDone(command_id="1.0", command=command, outcome=outcome)


@pytest.mark.parametrize(
    ("before", "fact", "phase", "asked"),
    [
        ((), OFFERED, "offered", []),
        ((OFFERED,), ANSWERED, "answered", []),
        ((OFFERED,), CONNECTED, "talking", []),
        ((OFFERED,), SESSION, "talking", []),
        ((OFFERED,), REFUSED, "offered", []),
        ((OFFERED, REFUSED), ANSWERED, "answered", []),
        ((OFFERED, REFUSED), CONNECTED, "talking", []),
        ((OFFERED, REFUSED), SESSION, "talking", []),
        ((OFFERED, SESSION), REFUSED, "talking", []),
        ((OFFERED, ANSWERED), f.AnswerRefused(reason="409"), "answered", []),
        ((OFFERED, ANSWERED), f.ConnectFailed(), "ended", ["archive"]),
        ((OFFERED, ANSWERED), f.Disconnected(), "ended", ["archive"]),
        ((OFFERED, ANSWERED, CONNECTED), f.MediaFailed(), "talking", ["start_media"]),
        ((OFFERED, ANSWERED, CONNECTED), f.MediaStopped(), "talking", []),
        (TALKING, f.MediaFailed(), "talking", []),
        (TALKING, f.MediaStopped(), "talking", []),
        ((*TALKING, f.MediaDetached(epoch=1)), f.MediaStopped(), "talking", ["start_media"]),
        ((*TALKING, f.MediaDetached(epoch=1), HERE), f.MediaStopped(), "talking", []),
        (TALKING, HANG_UP, "ending", ["hang_up"]),
        ((*TALKING, HANG_UP), done("hang_up", "gone"), "ended", ["archive"]),
        ((*TALKING, HANG_UP), done("hang_up", "failed"), "ending", []),
        ((*TALKING, HANG_UP), SESSION, "ending", []),
        ((*TALKING, HANG_UP), HERE, "ending", []),
        (TALKING, TRANSFER, "transferring", ["transfer"]),
        ((*TALKING, TRANSFER), TRANSFER, "transferring", []),
        ((*TALKING, TRANSFER), f.TransferFailed(request_id="t1"), "talking", ["tell_relay"]),
        ((*TALKING, TRANSFER), f.TransferFailed(request_id="t0"), "transferring", []),
        ((*TALKING, TRANSFER), HANG_UP, "ending", ["hang_up"]),
        (TALKING, GONE, "ended", ["archive"]),
        (TALKING, HERE, "talking", []),
        (TALKING, UNATTENDED, "talking", ["start_media"]),
        ((OFFERED,), NO_ROOM, "ended", ["archive"]),
        ((OFFERED,), MESSAGE, "offered", []),
        ((OFFERED, MESSAGE), SILENTLY, "answered", []),
        ((OFFERED, MESSAGE, SILENTLY), CONNECTED, "ending", ["say_busy"]),
        ((OFFERED, MESSAGE, CONNECTED), SILENTLY, "ending", []),
        ((*TOLD_BUSY,), HERE, "ending", []),
        ((*TOLD_BUSY,), f.PromptPlayed(ok=True, context="busy"), "ending", ["hang_up"]),
        ((*TOLD_BUSY,), done("say_busy", "failed"), "ending", ["hang_up"]),
        ((OFFERED, ANSWERED), NO_ROOM, "answered", []),
        ((OFFERED,), SILENTLY, "answered", []),
        ((OFFERED, SILENTLY), CONNECTED, "talking", ["reassure", "wake"]),
        ((OFFERED, CONNECTED), SILENTLY, "talking", ["reassure", "wake"]),
        ((OFFERED, SILENTLY), HERE, "talking", ["reassure", "wake"]),
        (WAITING, HERE, "talking", []),
        (WAITING, done("wake"), "talking", ["start_media"]),
        (WAITING, done("wake", "failed"), "talking", ["reconcile", "wake"]),
        (WAITING, f.MediaFailed(), "talking", []),
        (WAITING, SESSION, "talking", []),
        (WAITING, HANG_UP, "ending", ["hang_up"]),
        (WAITING, f.Disconnected(), "ended", ["archive"]),
        ((*WAITING, SESSION), done("wake"), "talking", []),
        ((*WAITING, done("wake")), done("wake"), "talking", []),
        ((*WAITING, HANG_UP), done("wake"), "ending", []),
        ((RINGING_OUT, SILENTLY), CONNECTED, "talking", ["reassure", "wake"]),
        ((RINGING_OUT,), SILENTLY, "answered", ["wake"]),
        ((RINGING_OUT, SILENTLY), done("wake", "failed"), "answered", ["wake"]),
        ((RINGING_OUT, SILENTLY, done("wake")), CONNECTED, "talking", ["start_media"]),
        (TALKING, f.MediaDetached(epoch=1, handed_on=True), "talking", ["start_media"]),
        (TALKING, f.RelayLost(epoch=1), "talking", ["start_media"]),
        (TALKING, f.RelayLost(epoch=0), "talking", []),
        ((*TALKING, f.RelayLost(epoch=1)), f.RelayLost(epoch=1), "talking", []),
        ((*TALKING, f.RelayLost(epoch=1)), f.MediaFailed(), "talking", []),
        ((*TALKING, TRANSFER), f.RelayLost(epoch=1), "transferring", []),
        ((*TALKING, HANG_UP), f.RelayLost(epoch=1), "ending", []),
        ((*TALKING, f.MediaDetached(epoch=1)), HERE, "talking", ["start_media"]),
        ((*TALKING, f.MediaDetached(epoch=0)), HERE, "talking", []),
        ((OFFERED, ANSWERED), f.Reconciled(state=LegState.CONNECTING), "answered", []),
        (TALKING, f.PromptPlayed(ok=True, context="other"), "talking", []),
        (TALKING, f.PromptPlayed(ok=True, context="apology"), "ending", ["hang_up"]),
        (TALKING, done("apologise", "failed"), "ending", ["hang_up"]),
        ((*TALKING, f.Disconnected()), done("archive"), "ended", []),
        ((*TALKING, f.Disconnected()), done("archive", "failed"), "ended", ["archive"]),
        ((*TALKING, f.Disconnected()), SESSION, "ended", []),
        (TALKING, f.OtherEvent(type="New"), "talking", []),
        (TALKING, f.Recognised(ok=True), "talking", []),
        (TALKING, f.ToneHeard(sequence=1), "talking", []),
    ],
)
def test_every_fact_leads_where_it_should(before, fact, phase, asked):
    call = Told(*before)

    call.tell(fact)

    assert (call.state.phase, call.asked) == (phase, asked)


def test_a_caller_waits_so_long_for_a_relay_that_wakes_and_then_hears_the_truth():
    call = Told(*WAITING)
    asked = []

    while call.state.phase is c.Phase.TALKING and call.at < 1000.0 + LIMITS.wake_s:
        call.at += 2
        asked += call.tell(done("wake", "failed")).asked
    call.miss(c.Deadline.WAKE)

    assert asked.count("wake") >= LIMITS.wake_s / 2 - 1
    assert 2 <= asked.count("reassure") <= 3
    assert (call.state.phase, call.asked) == (c.Phase.ENDING, ["apologise"])
    assert call.at == 1000.0 + LIMITS.wake_s


def test_a_relay_that_woke_late_has_the_usual_time_to_join():
    call = Told(*WAITING)
    call.at += LIMITS.wake_s - 1
    call.tell(done("wake"))

    call.tell(f.MediaFailed())
    call.miss(c.Deadline.RECONCILE)

    assert call.tell(HERE).asked == ["start_media", "reassure"]


@pytest.mark.parametrize("facts", [(OFFERED, NO_ROOM), (*TOLD_BUSY, f.Disconnected())])
def test_a_call_without_room_ends_as_refused(facts):
    call = Told(*facts)

    assert (call.state.outcome, call.state.ended_by) == (c.Outcome.REFUSED, "limit")


def test_a_leg_that_outlives_its_hang_up_is_hung_up_again():
    call = Told(*TALKING, HANG_UP).miss(c.Deadline.RECONCILE)

    assert (call.asked, call.tell(HERE).asked) == (["reconcile"], ["hang_up"])


def test_a_question_from_before_does_not_cut_an_apology_short():
    call = Told(*WAITING, done("wake", "failed")).miss(c.Deadline.WAKE)

    assert (call.asked, call.tell(HERE).asked) == (["apologise"], [])


def test_a_call_that_was_taken_over_ends_as_transferred():
    call = Told(*TALKING, TRANSFER, f.TransferAccepted(request_id="t1"))

    call.tell(f.Disconnected())

    assert (call.state.outcome, call.state.ended_by) == (c.Outcome.TRANSFERRED, "transfer")


@pytest.mark.parametrize(
    ("before", "code", "sub_code", "outcome"),
    [
        ((TRANSFER,), 200, 7015, c.Outcome.TRANSFERRED),
        ((TRANSFER, f.TransferFailed(request_id="t1")), 200, 7015, c.Outcome.TRANSFERRED),
        ((TRANSFER,), 200, 7000, c.Outcome.TRANSFERRED),
        ((TRANSFER, HANG_UP), 200, 7000, c.Outcome.COMPLETED),
        ((TRANSFER,), 0, 560000, c.Outcome.COMPLETED),
        ((), 200, 7000, c.Outcome.COMPLETED),
    ],
)
def test_the_end_of_a_leg_tells_who_was_taken_over_though_nothing_else_did(
    before, code, sub_code, outcome
):
    call = Told(*TALKING, *before)

    call.tell(f.Disconnected(code=code, sub_code=sub_code))

    assert call.state.outcome is outcome


def test_a_call_nobody_answered_is_not_a_failure():
    call = Told(OFFERED).miss(c.Deadline.CONNECT)

    call.tell(GONE)

    assert call.state.outcome is c.Outcome.UNANSWERED


def test_a_ring_that_we_were_refused_and_nobody_else_answered_is_over():
    call = Told(OFFERED, REFUSED).miss(c.Deadline.CONNECT)

    assert (call.state.outcome, call.asked) == (c.Outcome.UNANSWERED, ["archive"])


def test_a_refusal_that_only_echoed_our_own_answer_leaves_the_usual_deadlines():
    call = Told(OFFERED, REFUSED, ANSWERED).miss(c.Deadline.CONNECT)

    assert (call.state.phase, call.asked) == (c.Phase.ANSWERED, ["reconcile"])


def test_a_transfer_that_takes_too_long_gives_the_caller_back():
    call = Told(*TALKING, TRANSFER)

    call.miss(c.Deadline.TRANSFER)

    assert (call.state.phase, call.asked) == (c.Phase.TALKING, ["tell_relay"])


def test_a_relay_that_cannot_be_reached_is_dialled_again_until_patience_ends():
    call = Told(OFFERED, ANSWERED, CONNECTED)

    asked = [call.tell(f.MediaFailed()).asked]
    while call.state.phase is c.Phase.TALKING:
        call.tell(f.MediaFailed())
        call.miss(c.Deadline.RECONCILE)
        asked.append(call.tell(HERE).asked)

    assert asked[:3] == [["start_media"], ["start_media", "reassure"], ["start_media"]]
    assert asked[-1] == ["apologise"]
    assert LIMITS.speechless_s <= call.at - 1000.0 < LIMITS.speechless_s + LIMITS.redial_s


def test_a_relay_that_never_answers_in_any_way_is_apologised_for_soon():
    call = Told(OFFERED, ANSWERED)

    while call.state.phase is not c.Phase.ENDING:
        deadline, _ = call.state.next_deadline() or pytest.fail("stuck")
        call.miss(deadline)
        call.tell(HERE)

    assert call.asked == ["apologise"]
    assert call.at - 1000.0 <= LIMITS.speechless_s + LIMITS.attach_s


def test_a_relay_that_lets_go_at_once_again_and_again_is_apologised_for():
    call = Told(OFFERED, ANSWERED, CONNECTED)

    for epoch in range(1, 20):
        call.tell(f.SessionOpened(epoch=epoch, relay_id="r"))
        call.tell(f.MediaDetached(epoch=epoch))
        call.miss(c.Deadline.RECONCILE)
        if "apologise" in call.tell(HERE).asked:
            break

    assert call.state.phase is c.Phase.ENDING
    assert call.at - 1000.0 < LIMITS.speechless_s + LIMITS.attach_s


@pytest.mark.parametrize(("unheard", "phase"), [(True, c.Phase.ENDING), (False, c.Phase.TALKING)])
def test_a_caller_who_can_be_sent_nothing_is_given_up_however_long_each_session_was(unheard, phase):
    call = Told(OFFERED, ANSWERED, CONNECTED)

    for epoch in range(1, 6):
        call.tell(f.SessionOpened(epoch=epoch, relay_id="r"))
        call.at += LIMITS.unattended_s + 1
        call.tell(f.MediaDetached(epoch=epoch, unheard=unheard))
        call.miss(c.Deadline.RECONCILE)
        if "apologise" in call.tell(HERE).asked:
            break

    assert call.state.phase is phase


def test_a_relay_that_dies_in_a_long_session_is_replaced_at_once():
    call = Told(*TALKING)
    call.at += 30

    call.tell(f.MediaFailed())

    assert (call.state.media, call.asked) == (c.Media.LOST, ["start_media"])


def test_a_detach_of_a_session_that_is_being_replaced_changes_nothing():
    call = Told(*TALKING)
    call.at += 30
    call.tell(f.MediaFailed())
    before = call.state.deadlines

    call.tell(f.MediaDetached(epoch=1))

    assert (call.state.deadlines, call.asked) == (before, [])


def test_a_call_that_is_slow_to_come_up_is_asked_for_and_waited_for():
    call = Told(OFFERED, ANSWERED)

    call.miss(c.Deadline.RECONCILE)
    looked = call.asked
    call.tell(f.Reconciled(state=LegState.CONNECTING))

    waited = call.state.phase
    call.miss(c.Deadline.CONNECT)
    call.tell(f.Reconciled(state=LegState.CONNECTING))

    assert (looked, waited) == (["reconcile"], c.Phase.ANSWERED)
    assert (call.asked, call.state.phase) == (["hang_up"], c.Phase.ENDING)


def test_a_relay_that_died_in_silence_is_replaced():
    call = Told(*TALKING, f.MediaFailed())

    call.miss(c.Deadline.RECONCILE)
    looked = call.asked
    call.tell(UNATTENDED)

    assert (looked, call.asked) == (["reconcile"], ["start_media"])


def test_an_end_nobody_told_of_is_looked_for():
    call = Told(*TALKING)

    call.miss(c.Deadline.WATCH)

    assert call.asked == ["reconcile"]
    assert c.Deadline.WATCH in call.state.deadlines


def test_a_call_is_bounded_in_time():
    call = Told(*TALKING)
    call.state.deadlines.pop(c.Deadline.WATCH)

    call.miss(c.Deadline.DURATION)

    assert (call.state.ended_by, call.asked) == ("limit", ["hang_up"])


def test_a_deadline_that_was_moved_is_not_missed():
    call = Told(OFFERED, ANSWERED)
    due = call.state.deadlines[c.Deadline.CONNECT]
    call.tell(CONNECTED)

    call.tell(f.Overdue(deadline="connect", due=due))

    assert call.asked == []


def test_words_of_a_replaced_relay_change_nothing():
    call = Told(*TALKING)

    call.tell(HANG_UP, late=True)

    assert (call.state.phase, call.asked) == (c.Phase.TALKING, [])


def test_before_a_long_call_is_cut_its_relay_is_told_that_time_is_short():
    told = Told(*TALKING)

    told.miss(c.Deadline.WARNING)

    (tell,) = told.commands
    assert (tell.name, tell.directive) == ("tell_relay", "time_is_short")
    assert told.state.deadlines[c.Deadline.DURATION] - told.at == LIMITS.warning_s


def test_a_call_shorter_than_the_warning_is_not_warned():
    state = c.CallState(call_id="call", limits=c.Limits(duration_s=30, warning_s=60))
    entry = f.LogEntry(n=1, at=0.0, source="t", source_id="1", fact=CONNECTED)

    state, _ = c.step(state, entry)

    assert c.Deadline.WARNING not in state.deadlines


def test_a_call_that_is_hung_up_is_not_warned_any_more():
    told = Told(*TALKING, HANG_UP)

    assert c.Deadline.WARNING not in told.state.deadlines


def test_events_of_a_later_version_are_counted_and_change_nothing_else():
    known = f.OtherEvent(type="PlayStarted", known=True)
    told = Told(*TALKING, known, f.OtherEvent(type="New"), f.OtherEvent(type="Newer"))

    assert (told.state.unknown_events, told.state.phase) == (2, c.Phase.TALKING)


def test_a_call_is_bounded_by_what_its_log_says_whoever_folds_it():
    brief = f.Offered(direction=Direction.INBOUND, limits={"duration_s": 25.0, "from_later": 1.0})
    call = Told(brief, ANSWERED, CONNECTED, SESSION)

    ended = call.miss(c.Deadline.DURATION)

    assert call.at == 1000.0 + 25.0
    assert (ended.state.phase, ended.state.ended_by) == (c.Phase.ENDING, "limit")
    assert ended.state.limits.watch_s == LIMITS.watch_s
