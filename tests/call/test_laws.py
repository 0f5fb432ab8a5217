"""What holds for every call, whatever happens to it and in whatever order."""

from typing import get_args

from hypothesis import given, settings
from hypothesis import strategies as st

from core import call as c
from core import facts as f
from core.transfers import Do

EPOCHS = st.integers(0, 3)
REQUESTS = st.sampled_from(["t1", "t2"])
STEPS = st.sampled_from(get_args(Do))
OUTCOMES = st.sampled_from(get_args(f.CommandOutcome))
# Every fact that a call's life can be told, and of what it may consist.
TOLD = {
    f.Answered: st.builds(f.Answered, connection_id=st.just("leg"), streaming=st.booleans()),
    f.AnswerRefused: st.just(f.AnswerRefused(reason="8587")),
    f.TurnedAway: st.builds(f.TurnedAway, how=st.sampled_from(["busy", "message"])),
    f.Connected: st.just(f.Connected(connection_id="leg")),
    f.ConnectFailed: st.just(f.ConnectFailed()),
    f.Disconnected: st.just(f.Disconnected()),
    f.ParticipantsChanged: st.builds(f.ParticipantsChanged, count=st.integers(0, 3)),
    f.MediaStarted: st.just(f.MediaStarted()),
    f.MediaStopped: st.just(f.MediaStopped()),
    f.MediaFailed: st.just(f.MediaFailed()),
    f.TransferAccepted: st.builds(f.TransferAccepted, request_id=REQUESTS),
    f.TransferFailed: st.builds(f.TransferFailed, request_id=REQUESTS),
    f.PersonJoined: st.builds(f.PersonJoined, request_id=REQUESTS),
    f.PersonRefused: st.builds(f.PersonRefused, request_id=REQUESTS),
    f.PromptPlayed: st.builds(
        f.PromptPlayed, ok=st.booleans(), context=st.sampled_from(["", "apology", "busy"])
    ),
    f.OtherEvent: st.just(f.OtherEvent(type="New")),
    f.Recognised: st.builds(f.Recognised, ok=st.booleans()),
    f.ToneHeard: st.builds(f.ToneHeard, sequence=st.integers(1, 9)),
    f.SessionOpened: st.builds(f.SessionOpened, epoch=EPOCHS, relay_id=st.just("r")),
    f.MediaDetached: st.builds(f.MediaDetached, epoch=EPOCHS, handed_on=st.booleans()),
    f.RelayLost: st.builds(f.RelayLost, epoch=EPOCHS),
    f.HandedOff: st.just(f.HandedOff(from_agent="a", to_agent="b")),
    f.TransferRequested: st.builds(
        f.TransferRequested, request_id=REQUESTS, target=st.just("desk")
    ),
    f.TransferStepped: st.builds(
        f.TransferStepped, request_id=REQUESTS, step=STEPS, outcome=OUTCOMES
    ),
    f.TransferAnnounced: st.builds(f.TransferAnnounced, request_id=REQUESTS),
    f.ConsultAnswered: st.builds(f.ConsultAnswered, request_id=REQUESTS, taken=st.booleans()),
    f.HangUpRequested: st.builds(
        f.HangUpRequested, by=st.sampled_from(["agent", "api", "silence"])
    ),
    f.ApprovalRequested: st.builds(f.ApprovalRequested, request_id=REQUESTS),
    f.ApprovalDecided: st.builds(
        f.ApprovalDecided, request_id=REQUESTS, decision=st.just("denied")
    ),
    f.CallbackRequested: st.builds(f.CallbackRequested, request_id=REQUESTS),
    f.Whispered: st.builds(f.Whispered, id=REQUESTS),
    f.ConsentDecided: st.builds(
        f.ConsentDecided, decision=st.sampled_from(get_args(f.ConsentDecision))
    ),
    f.SecretAwaited: st.builds(f.SecretAwaited, awaited=st.booleans()),
    f.RecordingStarted: st.builds(
        f.RecordingStarted, recording_id=st.just("rec"), paused=st.booleans()
    ),
    f.RecordingChanged: st.builds(
        f.RecordingChanged, state=st.sampled_from(["active", "inactive", "failed"])
    ),
    f.RecordingKept: st.builds(f.RecordingKept, name=st.just("rec.wav")),
}
# What the world below makes by itself: the ring, answers to commands, and time.
MADE = {f.Offered, f.CommandDone, f.Reconciled, f.Overdue}
FACTS = st.one_of(*TOLD.values(), st.just(f.CallerSaid(turn=1, text="hello")))
# What the world does next: tells something, answers the oldest command, or lets time pass.
ANSWERS = st.sampled_from(["ok", "gone", "failed", "here", "unattended", "connecting"])
MOVES = st.lists(st.one_of(FACTS, ANSWERS, st.just("wait"), st.tuples(FACTS)), max_size=40)
LAWS = settings(max_examples=150, deadline=None, derandomize=True)


class World:
    """Keeps a call's log, answers its commands and misses its deadlines."""

    def __init__(self) -> None:
        self.log: list[f.LogEntry] = []
        self.state = c.CallState(call_id="call")
        self.todo: list[c.Command] = []
        self.asked: list[c.Command] = []
        self.at = 1000.0
        self.tell(f.Offered(direction=f.Direction.INBOUND))

    def tell(self, fact: f.Fact, *, late: bool = False) -> None:
        n = len(self.log) + 1
        entry = f.LogEntry(n=n, at=self.at, source="w", source_id=str(n), fact=fact, late=late)
        self.log.append(entry)
        self.state, commands = c.step(self.state, entry)
        self.todo += commands
        self.asked += commands

    def move(self, move: object) -> None:
        match move:
            case "wait":
                self.wait()
            case str() if self.todo:
                self.tell(outcome(self.todo.pop(0), move))
            case str():
                pass
            case (fact,):
                self.tell(fact, late=True)
            case fact:
                self.tell(fact)

    def wait(self) -> None:
        deadline = self.state.next_deadline()
        if deadline is not None:
            self.at = max(self.at, deadline[1])
            self.tell(f.Overdue(deadline=deadline[0].value, due=deadline[1]))

    def finish(self) -> None:
        """The call is over, and from now on everything works."""
        for _ in range(50):
            if self.state.closed:
                return
            if self.todo:
                self.move("gone" if self.todo[0].name != "archive" else "ok")
            else:
                self.wait()


def outcome(command: c.Command, answer: str) -> f.Fact:
    if isinstance(command, c.Reconcile):
        states = {"gone": f.LegState.GONE, "connecting": f.LegState.CONNECTING}
        if answer == "failed":
            return f.CommandDone(command_id=command.id, command=command.name, outcome="failed")
        leg = states.get(answer, f.LegState.CONNECTED)
        return f.Reconciled(state=leg, attended=answer != "unattended")
    result = answer if answer in ("gone", "failed") else "ok"
    if isinstance(command, c.Archive | c.TellRelay):
        result = "ok"
    return f.CommandDone(command_id=command.id, command=command.name, outcome=result)


def lived(moves: list[object]) -> World:
    world = World()
    for move in moves:
        world.move(move)
    return world


def test_every_fact_of_a_calls_life_takes_part_in_these_laws():
    assert TOLD.keys() | MADE == set(get_args(f.LifeFact))


@given(MOVES)
@LAWS
def test_a_call_that_has_ended_stays_ended(moves):
    world = World()
    ended = None

    for move in moves:
        world.move(move)
        if world.state.phase is c.Phase.ENDED:
            now = (world.state.outcome, world.state.ended_by)
            ended = ended or now

            assert now == ended
        assert ended is None or world.state.phase is c.Phase.ENDED


@given(MOVES)
@LAWS
def test_an_ended_call_has_one_archive_outstanding_or_is_archived(moves):
    world = lived(moves)

    waiting = [command for command in world.todo if isinstance(command, c.Archive)]

    if world.state.phase is c.Phase.ENDED:
        assert len(waiting) == (0 if world.state.archived else 1)
    else:
        assert waiting == []


@given(MOVES)
@LAWS
def test_a_live_call_is_never_stuck(moves):
    world = lived(moves)

    if world.state.phase is not c.Phase.ENDED:
        assert world.state.deadlines or world.todo


@given(MOVES)
@LAWS
def test_a_leg_that_is_gone_is_noticed_even_if_nobody_tells(moves):
    world = lived(moves)

    world.finish()

    assert world.state.closed


@given(MOVES, st.randoms())
@LAWS
def test_a_told_end_closes_the_call_in_any_order_and_however_often(moves, random):
    facts = [move for move in moves if not isinstance(move, str | tuple)]
    facts += [fact for fact in facts if random.random() < 0.3]
    random.shuffle(facts)
    world = lived([*facts, f.Disconnected()])

    while world.todo:
        world.move("ok")

    assert world.state.closed


@given(MOVES)
@LAWS
def test_the_state_is_the_fold_of_the_log(moves):
    world = lived(moves)

    assert c.fold(c.CallState(call_id="call"), world.log) == world.state


@given(MOVES)
@LAWS
def test_reading_the_log_twice_changes_nothing_and_asks_for_nothing(moves):
    world = lived(moves)

    again = [c.step(world.state, entry) for entry in world.log]

    assert all(decision == (world.state, ()) for decision in again)


@given(MOVES)
@LAWS
def test_every_command_has_a_name_of_its_own(moves):
    world = lived(moves)

    assert len({command.id for command in world.asked}) == len(world.asked)


@given(MOVES)
@LAWS
def test_what_an_orchestration_reads_gives_the_same_state(moves):
    world = lived(moves)
    lean = [f.lean(entry) for entry in world.log if f.is_life(entry.fact)]

    read = f.ENTRIES.validate_json(f.ENTRIES.dump_json(tuple(lean)))
    state = c.fold(c.CallState(call_id="call"), read)

    assert state == c.fold(c.CallState(call_id="call"), lean)
    assert state.phase is world.state.phase
    assert state.deadlines == world.state.deadlines


# The pump reads after what its own activities append, and there is none for who is turned away.
READ_ANYWAY = (f.CommandDone, f.Overdue, f.TurnedAway)
ASKED_OF_THE_CARRIER = st.builds(f.Reconciled, state=st.sampled_from(f.LegState))


@given(MOVES, st.data())
@LAWS
def test_nothing_that_must_be_acted_on_waits_until_the_log_is_read_by_chance(moves, data):
    world = lived(moves)
    before = len(world.asked)
    fact = data.draw(data.draw(st.sampled_from([FACTS, ASKED_OF_THE_CARRIER])))

    world.tell(fact)

    if len(world.asked) > before and not isinstance(fact, READ_ANYWAY):
        assert isinstance(fact, f.POKING)
