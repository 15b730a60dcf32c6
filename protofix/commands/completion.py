"""`protofix completion`."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from functools import partial

from protofix.commands.common import DONE, print_bytes

SHELLS = ("bash", "zsh", "tcsh", "fish")

_EXAMPLES = """\
examples:
  protofix completion bash > ~/.local/share/bash-completion/completions/protofix
  protofix completion zsh > ~/.zfunc/_protofix      if fpath has ~/.zfunc before compinit
  protofix completion fish > ~/.config/fish/completions/protofix.fish
  protofix completion tcsh | source /dev/stdin

It needs protofix[completion] when it is printed, and nothing when it is used.
"""

# What the words in usage lines stand for, as far as a shell can complete it.
_FILES = ("PATH", "FILE", "NET", "OUT", "OLD", "NEW", "H", "A", "B")
_FOLDERS = ("DIR",)


def add_completion(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], program: argparse.ArgumentParser
) -> None:
    """Add the command and its arguments; `program` is what there is to complete."""
    completion = commands.add_parser(
        "completion",
        help="print the script by which a shell completes protofix's commands and options",
        description="Prints what a shell reads to complete commands, options, files and rules.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    completion.add_argument("shell", choices=SHELLS)
    completion.set_defaults(run=partial(_completion, program))


def _completion(program: argparse.ArgumentParser, arguments: argparse.Namespace) -> int:
    try:
        import shtab
    except ImportError:
        raise ValueError("completion needs shtab: pip install 'protofix[completion]'") from None
    from caffe_proto import DIALECTS
    from protofix.rulebook.registry import NAMES

    rules = [*NAMES, *NAMES.values()]
    for action in _actions(program):
        word = str(action.metavar or "").partition(":")[0].partition(".")[0].partition("[")[0]
        if word in _FILES:
            vars(action)["complete"] = shtab.FILE
        elif word in _FOLDERS:
            vars(action)["complete"] = shtab.DIRECTORY
        elif word in ("RULE", "RULES"):
            action.choices = rules
        elif action.dest == "dialect":
            action.choices = list(DIALECTS)
    print_bytes(f"{shtab.complete(program, arguments.shell)}\n".encode())
    return DONE


def _actions(program: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """The arguments of a program and of its commands."""
    for action in program._actions:
        yield action
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                yield from _actions(command)
