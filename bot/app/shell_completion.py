"""`seedling completion`: a script that completes commands and options in bash, zsh or fish."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from bot.command_help import add_command
from bot.ports import Commands
from bot.standard_streams import say

SHELLS: Final = ("bash", "zsh", "fish")


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """Words that can follow at a place of the command line, with its help; `goes_on` are the commands among them."""

    helps: Mapping[str, str]
    goes_on: tuple[str, ...] = ()


def add_completion_command(commands: Commands, parser: argparse.ArgumentParser) -> None:
    """Add the command to the command line that `parser` reads."""
    command = add_command(
        commands,
        "completion",
        "print a script that completes commands and options in your shell",
        'eval "$(seedling completion bash)"                  # in ~/.bashrc',
        'eval "$(seedling completion zsh)"                   # in ~/.zshrc, behind compinit',
        "seedling completion fish > ~/.config/fish/completions/seedling.fish",
    )
    command.add_argument("shell", choices=SHELLS, help="whose script it is")
    command.set_defaults(command=lambda options: _print(parser, options.shell))


def _print(parser: argparse.ArgumentParser, shell: str) -> int:
    say(script(dict(places(parser, parser.prog)), shell))
    return 0


def places(parser: argparse.ArgumentParser, place: str) -> Iterator[tuple[str, Words]]:
    """Yield what can follow at a place and at all places below it."""
    helps: dict[str, str] = {}
    below: dict[str, argparse.ArgumentParser] = {}
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            below |= action.choices
            helps |= {str(choice.dest): choice.help or "" for choice in action._choices_actions}
        elif action.option_strings:
            helps[action.option_strings[-1]] = action.help or ""
        elif action.choices:
            helps |= dict.fromkeys(map(str, action.choices), action.help or "")
    yield place, Words(helps={name: _one_line(help) for name, help in helps.items()}, goes_on=tuple(below))
    for name, child in below.items():
        yield from places(child, f"{place} {name}")


def _one_line(help: str) -> str:
    """Return a help that no shell takes for anything else."""
    words = " ".join(help.replace("%(default)s", "").split())
    return "".join(item for item in words if item not in "'\"`$\\:[]!")


def script(found: Mapping[str, Words], shell: str) -> str:
    """Return the script for a shell, which needs nothing of this program when it runs."""
    return {"bash": _bash, "zsh": _zsh, "fish": _fish}[shell](found)


def _steps(found: Mapping[str, Words]) -> Iterator[str]:
    for place, words in found.items():
        yield from (f'"{place} {name}"' for name in words.goes_on)


_BASH: Final = """\
_seedling() {
    local place=seedling word known=
    for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        case "$place $word" in
            STEPS) place="$place $word" ;;
        esac
    done
    case "$place" in
CASES
    esac
    COMPREPLY=($(compgen -W "$known" -- "${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _seedling seedling"""


def _bash(found: Mapping[str, Words]) -> str:
    cases = "\n".join(f'        "{place}") known="{" ".join(words.helps)}" ;;' for place, words in found.items())
    return _BASH.replace("STEPS", "|".join(_steps(found))).replace("CASES", cases)


_ZSH: Final = """\
#compdef seedling
_seedling() {
    local place=seedling word
    local -a known
    for word in "${(@)words[2,CURRENT-1]}"; do
        case "$place $word" in
            STEPS) place="$place $word" ;;
        esac
    done
    case "$place" in
CASES
    esac
    _describe seedling known || _files
}
compdef _seedling seedling"""


def _zsh(found: Mapping[str, Words]) -> str:
    cases = "\n".join(f'        "{place}") known=({_described(words)}) ;;' for place, words in found.items())
    return _ZSH.replace("STEPS", "|".join(_steps(found))).replace("CASES", cases)


def _described(words: Words) -> str:
    return " ".join(f"'{name}:{help}'" for name, help in words.helps.items())


_FISH: Final = """\
function __seedling_at
    set -l place seedling
    for word in (commandline -opc)[2..]
        switch "$place $word"
            case STEPS
                set place "$place $word"
        end
    end
    test "$place" = "$argv[1]"
end
LINES"""


def _fish(found: Mapping[str, Words]) -> str:
    lines = "\n".join(
        f"complete -c seedling -n '__seedling_at \"{place}\"' {_fish_word(name)} -d '{help}'"
        for place, words in found.items()
        for name, help in words.helps.items()
    )
    return _FISH.replace("STEPS", " ".join(_steps(found))).replace("LINES", lines)


def _fish_word(name: str) -> str:
    return f"-l {name[2:]}" if name.startswith("--") else f"-a {name}"
