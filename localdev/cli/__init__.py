"""`artvoice`, the command of a developer's laptop."""

from __future__ import annotations

import os
import re
import sys
from argparse import (
    SUPPRESS,
    ArgumentParser,
    ArgumentTypeError,
    Namespace,
    RawDescriptionHelpFormatter,
)
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from core.speech import sayable
from localdev.caller.lines import InOrder, Key, key_of, keys_of
from localdev.stack.layout import CALLER_NUMBER, OUR_NUMBER, PORTS

Run = Callable[[Namespace], int]


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code."""
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)  # as `python -m` does: an engine of one's own may lie here
    args = parser().parse_args(argv)
    run: Run = args.load()
    try:
        return run(args)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # `| head` has read enough; nor may the interpreter say so at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141


def parser() -> ArgumentParser:
    """Return the parser of every command."""
    top = ArgumentParser(prog="artvoice", description="Voice agents on the telephone, on Azure.")
    top.set_defaults(load=lambda: _print_help(top))
    commands = top.add_subparsers(title="commands", metavar="COMMAND")
    _add_up(commands)
    _add_call(commands)
    _add_replay(commands)
    _add_eval(commands)
    for part in PORTS:
        _add_part(commands, part)
    for what in ("agents", "tools", "scenarios"):
        _add_catalogue(commands, what)
    doctor = commands.add_parser("doctor", help="say what is missing or misconfigured")
    doctor.add_argument("--json", action="store_true", help="print one JSON object")
    doctor.set_defaults(load=lambda: _load("doctor"))
    return top


def _print_help(top: ArgumentParser) -> Run:
    """Return what `artvoice` alone does; it was not a command, so the exit code is 2."""

    def run(_: Namespace) -> int:
        top.print_help()
        return 2

    return run


def _load(module: str) -> Run:
    """Import a command only when it is run: `artvoice --help` must not load speech models."""
    from importlib import import_module

    return import_module(f"localdev.cli.{module}").run  # type: ignore[no-any-return]


def _add_up(commands: Any) -> None:
    up = commands.add_parser("up", help="start host, relay and simulator; Ctrl-C stops them")
    up.add_argument(
        "--without", action="append", default=[], choices=list(PORTS), help="leave this part out"
    )
    up.add_argument("--call", action="store_true", help="place one demonstration call when ready")
    relays = up.add_mutually_exclusive_group()
    relays.add_argument(
        "--relays", type=_few, default=1, metavar="N", help="this many, behind one address"
    )
    relays.add_argument(
        "--relay-from-zero",
        type=_seconds,
        nargs="?",
        const=60.0,
        metavar="SECONDS",
        help="no relay runs before a call needs one; idle for so long (60 s) it stops",
    )
    relays.add_argument(
        "--relay-never", action="store_true", help="the same, but the relay never comes: a fault"
    )
    up.set_defaults(load=lambda: _load("up"))


def _add_part(commands: Any, part: str) -> None:
    command = commands.add_parser(part, help=f"start the {part} alone")
    command.add_argument("--port", type=int, default=PORTS[part], help="default %(default)s")
    command.add_argument("--until-stdin-ends", action="store_true", help=SUPPRESS)
    command.set_defaults(load=lambda: _load("parts"), part=part)


def _add_catalogue(commands: Any, what: str) -> None:
    command = commands.add_parser(what, help=f"list the {what}, or every mistake in them")
    command.add_argument("name", nargs="?", help="show one in full")
    command.add_argument("--json", action="store_true", help="print JSON")
    command.set_defaults(load=lambda: _load("catalogue"), what=what)


MAX_SECONDS = 3600.0
MAX_RELAYS = 8  # a laptop has no more cores to show anything with
CALL_NOTES = """\
Each line waits until the agent has finished, unless --at gives a time: seconds after the call was
answered, for the line before it. Without any line a demonstration is played.

  artvoice call --say "What is my balance?"
  artvoice call --say "Tell me about your credit cards." --say "Stop, wait." --at 9
  artvoice call --say "My balance, please." --say "Maria Lopez." --press 4127
  artvoice call --fault drop_event:CallDisconnected --json

The exit code is 0 only if the call ended as it should.
"""


def _add_call(commands: Any) -> None:
    call = commands.add_parser(
        "call",
        help="place a call on real audio and show the conversation",
        epilog=CALL_NOTES,
        formatter_class=RawDescriptionHelpFormatter,
    )
    number = {"type": _number, "metavar": "N", "help": "default %(default)s"}
    call.add_argument("--to", default=OUR_NUMBER, **number)
    call.add_argument("--from", dest="from_", default=CALLER_NUMBER, **number)
    call.add_argument("--scenario", metavar="NAME", help="default: the stack's own")
    call.add_argument(
        "--say", action=InOrder, type=_words, metavar="TEXT", help="words, spoken as audio"
    )
    call.add_argument("--wav", action=InOrder, type=_wav, metavar="FILE", help="a recorded line")
    call.add_argument(
        "--press", action=InOrder, type=_keys, metavar="KEYS", help="keys, instead of words"
    )
    call.add_argument("--at", action=InOrder, type=_seconds, metavar="SECONDS", help="when")
    call.add_argument(
        "--dtmf",
        action="append",
        default=[],
        type=_key,
        metavar="T:DIGIT",
        help="press a key T seconds after the call was answered",
    )
    call.add_argument(
        "--fault",
        action="append",
        default=[],
        metavar="NAME[:VALUE]",
        help="let something go wrong; `--fault help` lists them",
    )
    call.add_argument("--out", type=Path, metavar="DIR", help="where audio and transcript go")
    call.add_argument("--json", action="store_true", help="the last line printed is one object")
    call.set_defaults(load=lambda: _load("call"), script=[])


def _add_replay(commands: Any) -> None:
    replay = commands.add_parser("replay", help="fold a call's log again and show what happened")
    replay.add_argument("call_id", metavar="CALL_ID", help="`last` is the newest call")
    replay.add_argument("--json", action="store_true", help="print one JSON object")
    replay.add_argument(
        "--agents",
        type=_folder,
        metavar="DIR",
        help="let changed agents answer the caller's recorded lines; files here replace those of"
        " the same path in registries/agentstore",
    )
    replay.add_argument("--brain", metavar="NAME", help="who thinks then; default: CHAT")
    replay.add_argument(
        "--host", metavar="URL", help="default: the stack that is up, else its store"
    )
    replay.set_defaults(load=lambda: _load("replay"))


EVAL_NOTES = """\
Without FILES all of evals/ is run; docs/evaluation.md tells what a file may say. The exit code is 0
if every conversation went as expected, or, with a baseline, if nothing went worse and nothing new
fails; 1 if not; 2 if nothing could be run.

  artvoice eval --html report.html            # in text, by the scripted brain
  artvoice eval --brain openai --judge openai --save-baseline main.json
  artvoice eval --baseline main.json          # what became worse since
  artvoice eval --audio evals/balance.yaml    # as a telephone call
"""


def _add_eval(commands: Any) -> None:
    evaluate = commands.add_parser(
        "eval",
        help="hold written conversations and check them",
        epilog=EVAL_NOTES,
        formatter_class=RawDescriptionHelpFormatter,
    )
    evaluate.add_argument("files", nargs="*", type=Path, metavar="FILE", help="files or folders")
    evaluate.add_argument("--brain", metavar="NAME", help="who thinks; default: CHAT, or scripted")
    evaluate.add_argument(
        "--judge", metavar="NAME", help="the model that judges and plays callers; default: nobody"
    )
    evaluate.add_argument("--audio", action="store_true", help="place them as telephone calls")
    evaluate.add_argument("--json", action="store_true", help="the last line printed is one object")
    evaluate.add_argument("--html", type=Path, metavar="FILE", help="write a page")
    evaluate.add_argument("--baseline", type=Path, metavar="FILE", help="compare with this report")
    evaluate.add_argument(
        "--save-baseline", type=Path, metavar="FILE", help="keep the report to compare with"
    )
    evaluate.set_defaults(load=lambda: _load("evaluate"))


def _number(text: str) -> str:
    if not re.fullmatch(r"\+[1-9]\d{1,14}", text):
        raise ArgumentTypeError(f"{text!r} is not a number like {OUR_NUMBER}")
    return text


def _few(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MAX_RELAYS:
        raise ArgumentTypeError(f"{text!r} is not a number from 1 to {MAX_RELAYS}")
    return int(text)


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < MAX_SECONDS:
        raise ArgumentTypeError(f"{text!r} is not a number of seconds")
    return value


def _wav(text: str) -> Path:
    path = Path(text)
    if not path.is_file():
        raise ArgumentTypeError(f"there is no file {text}")
    return path


def _folder(text: str) -> Path:
    path = Path(text)
    if not path.is_dir():
        raise ArgumentTypeError(f"there is no folder {text}")
    return path


def _words(text: str) -> str:
    if not sayable(text):
        raise ArgumentTypeError("there is nothing to say in it")
    return text


def _keys(text: str) -> str:
    try:
        return keys_of(text)
    except ValueError as error:
        raise ArgumentTypeError(str(error)) from error


def _key(text: str) -> Key:
    try:
        return key_of(text)
    except ValueError as error:
        raise ArgumentTypeError(str(error)) from error


if __name__ == "__main__":
    sys.exit(main())
