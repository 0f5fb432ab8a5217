"""What holds for every call, whatever happens to it and in whatever order."""

from hypothesis import given, settings
from hypothesis import strategies as st

from core import call as c
from core import facts as f

EPOCHS = st.integers(0, 3)
REQUESTS = st.sampled_from(["t1", "t2"])
CARRIER = st.one_of(
    st.builds(f.Answered, connection_id=st.just("leg"), streaming=st.booleans()),
    st.just(f.AnswerRefused(reason="8587")),
    st.builds(f.TurnedAway, how=st.sampled_from(["busy", "message"])),
    st.just(f.Connected(connection_id="leg")),
    st.just(f.ConnectFailed()),
    st.just(f.Disconnected()),
    st.just(f.ParticipantsChanged(count=2)),
    st.just(f.MediaStarted()),
    st.just(f.MediaStopped()),
    st.just(f.MediaFailed()),
    st.builds(f.TransferAccepted, request_id=REQUESTS),
    st.builds(f.TransferFailed, request_id=REQUESTS),
    st.builds(f.PromptPlayed, ok=st.booleans(), context=st.sampled_from(["", "apology", "busy"])),
    st.just(f.OtherEvent(type="New")),
    st.builds(f.Recognised, ok=st.booleans()),
    st.builds(f.ToneHeard, sequence=st.integers(1, 9)),
)
RELAY = st.one_of(
    st.builds(f.SessionOpened, epoch=EPOCHS, relay_id=st.just("r")),
    st.builds(f.MediaDetached, epoch=EPOCHS, handed_on=st.booleans()),
    st.builds(f.RelayLost, epoch=EPOCHS),
    st.just(f.HandedOff(from_agent="a", to_agent="b")),
    st.builds(f.TransferRequested, request_id=REQUESTS, target=st.just("desk")),
    st.builds(f.HangUpRequested, by=st.sampled_from(["agent", "api", "silence"])),
    st.builds(f.ApprovalRequested, request_id=REQUESTS),
    st.builds(f.ApprovalDecided, request_id=REQUESTS, decision=st.just("denied")),
    st.builds(f.CallbackRequested, request_id=REQUESTS),
    st.just(f.CallerSaid(turn=1, text="hello")),
)
FACTS = st.one_of(CARRIER, RELAY)
# What the world does next: tells something, answers the oldest command, or lets time pass.
ANSWERS = st.sampled_from(["ok", "gone", "failed", "here", "unattended", "connecting"])
MOVES = st.lists(st.one_of(FACTS, ANSWERS, st.just("wait"), st.tuples(FACTS)), max_size=40)
LAWS = settings(max_examples=300, deadline=None, derandomize=True)


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
