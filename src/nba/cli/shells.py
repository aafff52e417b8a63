"""The scripts that complete what is typed in bash, zsh and fish, made from what commands take."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from nba.cli.parameters import FILES, NOTHING, SWITCH, CommandLine, Parameter

__all__ = ["SHELLS", "bash", "fish", "zsh"]

_GLOBAL: Final = ("--help", "--version")
_NEWLINE: Final = "\\n"

_BASH: Final = """\
# Completion of nba for bash: eval "$(nba completion bash)"
_nba() {
    local IFS=$'\\n' current="${COMP_WORDS[COMP_CWORD]}" command="${COMP_WORDS[1]}"
    local before="${COMP_WORDS[COMP_CWORD-1]}" options='' takes='' place=0 number
    COMPREPLY=()
    if ((COMP_CWORD == 1)) || [[ $command == help ]]; then
        COMPREPLY=($(compgen -W $'@COMMANDS@' -- "$current"))
        return
    fi
    case "$command" in
@OPTIONS@
        *) return ;;
    esac
    case "$command $before" in
@VALUES@
    esac
    if [[ -z $takes && $current == -* ]]; then
        COMPREPLY=($(compgen -W "$options" -- "$current"))
        return
    fi
    if [[ -z $takes ]]; then
        for ((number = 2; number < COMP_CWORD; number++)); do
            case "$command ${COMP_WORDS[number]}" in
                @VALUED@) ((number++)) ;;
                *' '-*) ;;
                *) ((place++)) ;;
            esac
        done
        case "$command $place" in
@PLACES@
        esac
    fi
    case "$takes" in
        files)
            compopt -o filenames 2>/dev/null
            COMPREPLY=($(compgen -f -- "$current")) ;;
        words:*)
            COMPREPLY=($(compgen -W "${takes#words:}" -- "$current")) ;;
        ids:*)
            local found
            found="$(nba completion bash -- "${takes#ids:}" "${COMP_WORDS[@]:1:COMP_CWORD-1}" \\
                2>/dev/null)"
            COMPREPLY=($(compgen -W "$found" -- "$current")) ;;
    esac
}
complete -F _nba nba
"""

_ZSH: Final = """\
#compdef nba
# Completion of nba for zsh: eval "$(nba completion zsh)", after compinit
_nba_ids() {
    local -a found
    found=(${(f)"$(nba completion zsh -- $1 "${(@Q)_nba_line}" 2>/dev/null)"})
    compadd -a found
}
_nba() {
    local -a commands _nba_line
    commands=(
@COMMANDS@
    )
    if (( CURRENT == 2 )) || [[ $words[2] == help ]]; then
        _describe command commands
        return
    fi
    _nba_line=("${(@)words[2,CURRENT-1]}")
    shift words
    (( CURRENT-- ))
    case $words[1] in
@CASES@
    esac
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    _nba "$@"
else
    compdef _nba nba
fi
"""

_FISH: Final = """\
# Completion of nba for fish: nba completion fish | source
function __nba_place
    # whether the word at the cursor is this place of this command
    set -l words (commandline -opc)
    test "$words[2]" = "$argv[1]"; or return 1
    set -l place 0
    set -l is_value 0
    for word in $words[3..-1]
        if test $is_value = 1
            set is_value 0
        else if contains -- "$argv[1] $word" @VALUED@
            set is_value 1
        else if not string match -q -- '-*' $word
            set place (math $place + 1)
        end
    end
    test $is_value = 0; and test $place = $argv[2]
end
function __nba_command
    set -l words (commandline -opc)
    test (count $words) -ge 2; and contains -- "$words[2]" $argv
end
function __nba_ids
    set -l words (commandline -opc)
    nba completion fish -- $argv[1] $words[2..-1] 2>/dev/null
end
complete -c nba -f
complete -c nba -n '__nba_place help 0' -a '@COMMANDS@'
complete -c nba -n 'test (count (commandline -opc)) = 1' -a help -d 'say more about a command'
complete -c nba -n 'test (count (commandline -opc)) = 1' -l help
complete -c nba -n 'test (count (commandline -opc)) = 1' -l version
@LINES@
"""


def bash(commands: Sequence[CommandLine]) -> str:
    """Return the script for bash."""
    options, values, places = [], [], []
    for command in commands:
        names = [name for option in command.options for name in option.names]
        options.append(f"        {command.name}) options=$'{_NEWLINE.join(names)}' ;;")
        for option in command.options:
            if option.has_value:
                pattern = "|".join(f"'{command.name} {name}'" for name in option.names)
                values.append(f"        {pattern}) takes={_taken(option)} ;;")
        for number, place in enumerate(command.places):
            places.append(f"            '{command.name} {number}') takes={_taken(place)} ;;")
    names = [*(command.name for command in commands), "help", *_GLOBAL]
    parts = {
        "COMMANDS": _NEWLINE.join(names),
        "OPTIONS": "\n".join(options),
        "VALUES": "\n".join(values),
        "VALUED": "|".join(_valued(commands)),
        "PLACES": "\n".join(places),
    }
    return _filled(_BASH, parts)


def zsh(commands: Sequence[CommandLine]) -> str:
    """Return the script for zsh."""
    names = [f"        {_quoted(f'{each.name}:{each.summary}')}" for each in commands]
    cases = []
    for command in commands:
        specs = [spec for option in command.options for spec in _zsh_option(option)]
        for number, place in enumerate(command.places, 1):
            specs.append(_quoted(f"{number}:{_plain(place.metavar)}:{_zsh_action(place)}"))
        cases.append(f"        {command.name}) _arguments {' '.join(specs)} ;;")
    return _filled(_ZSH, {"COMMANDS": "\n".join(names), "CASES": "\n".join(cases)})


def fish(commands: Sequence[CommandLine]) -> str:
    """Return the script for fish."""
    lines = [line for command in commands for line in _fish_lines(command)]
    parts = {
        "COMMANDS": " ".join(command.name for command in commands),
        "VALUED": " ".join(_valued(commands)),
        "LINES": "\n".join(lines),
    }
    return _filled(_FISH, parts)


SHELLS: Final[Mapping[str, Callable[[Sequence[CommandLine]], str]]] = {
    "bash": bash,
    "zsh": zsh,
    "fish": fish,
}


def _filled(script: str, parts: Mapping[str, str]) -> str:
    for name, text in parts.items():
        script = script.replace(f"@{name}@", text)
    return script


def _valued(commands: Sequence[CommandLine]) -> list[str]:
    """Return the options that take a value, each with its command, as shells quote them."""
    return [
        f"'{command.name} {name}'"
        for command in commands
        for option in command.options
        if option.has_value
        for name in option.names
    ]


def _taken(parameter: Parameter) -> str:
    if parameter.takes == "words":
        return f"$'words:{_NEWLINE.join(parameter.words)}'"
    return parameter.takes if parameter.takes in (FILES, NOTHING) else f"ids:{parameter.takes}"


def _quoted(text: str) -> str:
    """Return *text* as one word of a shell."""
    return "'" + text.replace("'", "'\\''") + "'"


def _plain(text: str) -> str:
    """Return *text* without what means something to `_arguments`."""
    return text.translate(str.maketrans("[]:", "() ", "\\"))


def _zsh_option(option: Parameter) -> Iterator[str]:
    for name in option.names:
        value = f":{_plain(option.metavar)}:{_zsh_action(option)}" if option.has_value else ""
        yield _quoted(f"{name}[{_plain(option.help)}]{value}")


def _zsh_action(parameter: Parameter) -> str:
    if parameter.takes == "words":
        return f"({' '.join(parameter.words)})"
    known = {FILES: "_files", NOTHING: "( )"}
    return known.get(parameter.takes, f"_nba_ids {parameter.takes}")


def _fish_lines(command: CommandLine) -> Iterator[str]:
    first = "test (count (commandline -opc)) = 1"
    yield f"complete -c nba -n {_fished(first)} -a {command.name} -d {_fished(command.summary)}"
    here = f"__nba_command {command.name}"
    for option in command.options:
        names = " ".join(
            f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}" for name in option.names
        )
        takes = _fish_value(option) if option.takes != SWITCH else ""
        yield f"complete -c nba -n '{here}' {names}{takes} -d {_fished(option.help)}"
    for number, place in enumerate(command.places):
        if place.takes != NOTHING:
            there = f"__nba_place {command.name} {number}"
            takes = " -F" if place.takes == FILES else f" -a {_fish_words(place)}"
            yield f"complete -c nba -n '{there}'{takes}"


def _fish_value(option: Parameter) -> str:
    if option.takes == FILES:
        return " -r -F"
    return " -x" if option.takes == NOTHING else f" -x -a {_fish_words(option)}"


def _fish_words(parameter: Parameter) -> str:
    if parameter.takes == "words":
        return _fished(" ".join(parameter.words))
    return f"'(__nba_ids {parameter.takes})'"


def _fished(text: str) -> str:
    """Return *text* as one word of fish, where a quote is escaped inside quotes."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
