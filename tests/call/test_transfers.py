"""What holds for every transfer, whatever is told, lost, doubled or late."""

from hypothesis import given, settings
from hypothesis import strategies as st

from core import call as c
from core import facts as f
from core import transfers as t
from core.destinations import Destination
from core.promises import Wait

LAWS = settings(max_examples=120, deadline=None, derandomize=True)
KINDS = st.sampled_from(["cold", "warm"])
BY = st.sampled_from(["agent", "supervisor"])
R = "t1"
EVENTS = st.sampled_from(
    [
        f.TransferAccepted(request_id=R),
        f.TransferFailed(request_id=R, code=486),
        f.PersonJoined(request_id=R),
        f.PersonRefused(request_id=R, code=486),
        f.PersonJoined(request_id="another"),
        f.TransferAnnounced(request_id=R),
        f.ConsultAnswered(request_id=R, taken=True),
        f.ConsultAnswered(request_id=R, taken=False),
        f.ParticipantsChanged(count=3),
        f.ParticipantsChanged(count=2),
        f.HangUpRequested(by="api"),
        f.Disconnected(),
        f.MediaDetached(epoch=1),
    ]
)
# What the world does between two steps: tells something, twice, or lets time pass; and how the
# carrier answers steps.
MOVES = st.lists(st.one_of(EVENTS, st.tuples(EVENTS), st.floats(1, 40)), max_size=12)
ANSWERS = st.lists(st.sampled_from(["ok", "ok", "ok", "failed", "here", "left"]), max_size=12)


class World:
    """A call with a transfer, and a carrier that answers each step as it is told to."""

    def __init__(self, kind, by, answers, seconds=30.0):
        self.log = []
        self.at = 1000.0
        self.steps = []
        self.answers = list(answers)
        self.to = Destination(name="desk", address="+15550142", kind=kind, seconds=seconds)
        asked = f.TransferRequested(request_id=R, target="desk", by=by)
        connected = f.Connected(connection_id="leg")
        for fact in (connected, f.SessionOpened(epoch=1, relay_id="r"), asked):
            self.tell(fact)

    def tell(self, fact):
        n = len(self.log) + 1
        entry = f.LogEntry(n=n, at=self.at, source="w", source_id=str(n), fact=fact)
        self.log.append(entry)

    @property
    def call(self):
        return c.fold(c.CallState(call_id="call"), self.log)

    def review(self):
        """Do what is due, as the activity does; return when to look again."""
        for _ in range(60):
            it = t.progress("call", R, self.log)
            step = t.next_step(it, self.to, self.at, 60.0)
            if isinstance(step, Wait):
                assert step.until > self.at
                return step.until
            if step == "over":
                return None
            self.do(step)
        raise AssertionError(f"a review does not end: {self.steps}")

    def do(self, step):
        if step == "fail":
            self.steps.append(step)
            self.tell(f.TransferFailed(request_id=R, code=408))
            return
        answer = self.answers.pop(0) if self.answers else "ok"
        outcome = "failed" if answer == "failed" and step not in ("unhold", "leave") else "ok"
        code = answer if step == "look" and answer in (t.HERE, t.LEFT) else ""
        self.steps.append(f"{step}!" if outcome == "failed" else step)
        self.tell(f.TransferStepped(request_id=R, step=step, outcome=outcome, code=code))
        if step == "accept":
            self.tell(f.TransferAccepted(request_id=R))

    def live(self, moves):
        again = self.review()
        for move in moves:
            match move:
                case float():
                    self.at += move
                case (fact,):
                    self.tell(fact)
                    self.tell(fact)
                case fact:
                    self.tell(fact)
            again = self.review()
        for _ in range(40):
            if again is None:
                return
            self.at = max(self.at, again)
            again = self.review()
        raise AssertionError("a transfer does not end")


def lived(kind, by, moves, answers):
    world = World(kind, by, answers)
    world.live(moves)
    return world


@given(KINDS, BY, MOVES, ANSWERS)
@LAWS
def test_every_transfer_comes_to_an_end_within_its_time(kind, by, moves, answers):
    world = World(kind, by, answers)
    waited = sum(move for move in moves if isinstance(move, float))

    world.live(moves)

    assert world.at - 1000.0 <= waited + t.ANNOUNCE_S + 30.0 + t.LOOK_S


@given(KINDS, BY, MOVES, ANSWERS)
@LAWS
def test_nobody_is_left_on_hold(kind, by, moves, answers):
    world = lived(kind, by, moves, answers)

    if world.call.phase is c.Phase.TALKING and not any(
        isinstance(move, f.TransferFailed) for move in flat(moves)
    ):
        assert ("hold" in world.steps) <= ("unhold" in world.steps)


@given(KINDS, BY, MOVES, ANSWERS)
@LAWS
def test_we_leave_a_call_only_to_somebody_who_said_that_he_takes_it(kind, by, moves, answers):
    world = lived(kind, by, moves, answers)
    accepted = [e.fact for e in world.log if isinstance(e.fact, f.ConsultAnswered)]

    if "leave" in world.steps:
        assert kind == "warm"
        assert accepted[0].taken
        assert world.steps.index("unhold") < world.steps.index("leave")


@given(KINDS, BY, MOVES, ANSWERS)
@LAWS
def test_each_step_is_done_once_and_its_failure_told_once(kind, by, moves, answers):
    world = lived(kind, by, moves, answers)
    once = [step.rstrip("!") for step in world.steps if not step.startswith("look")]

    assert len(set(once)) == len(once)
    assert not {"fail", "accept"} <= set(once)


@given(KINDS, BY, MOVES, ANSWERS)
@LAWS
def test_a_hang_up_ends_a_transfer_at_once(kind, by, moves, answers):
    world = World(kind, by, answers)
    world.live([])
    before = len(world.steps)

    world.tell(f.HangUpRequested(by="api"))

    assert world.review() is None
    assert len(world.steps) == before


def flat(moves):
    return [move[0] if isinstance(move, tuple) else move for move in moves]


def test_a_person_who_answers_after_we_gave_up_has_taken_the_caller():
    world = World("cold", "agent", [])
    world.live([])
    given_up = world.call.phase

    world.tell(f.TransferAccepted(request_id=R))
    world.tell(f.Disconnected())

    assert given_up is c.Phase.TALKING
    assert (world.call.outcome, world.call.ended_by) == (c.Outcome.TRANSFERRED, "transfer")
