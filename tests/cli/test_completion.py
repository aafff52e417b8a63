"""`nba completion`: what bash, zsh and fish complete, asked of the shells themselves."""

import os
import pty
import re
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.cli.conftest import Run

from nba.cli.commands import COMMANDS
from nba.cli.parameters import command_lines

ROOT = Path(__file__).parents[2]
SHELLS = ("bash", "zsh", "fish")
PATIENCE = 20.0  # seconds for one answer of a shell


@pytest.fixture
def home(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder with the book, and `nba` on the path, for shells that start in it."""
    programs = folder / "bin"
    programs.mkdir()
    program = programs / "nba"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m nba "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "src"))
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("TERM", "dumb")
    return folder


def need(shell: str) -> str:
    """Return the path of a shell; skip where it is not."""
    path = shutil.which(shell)
    if path is None:
        pytest.skip(f"{shell} is not installed")
    return path


class Terminal:
    """An interactive shell at a terminal: what is typed, and what it shows."""

    def __init__(self, *argv: str) -> None:
        self.pid, self.file = pty.fork()
        if self.pid == 0:
            os.execv(argv[0], argv)  # noqa: S606 - the shell itself is what is tested
        self.shown = ""

    def type(self, text: str) -> None:
        """Press these keys."""
        os.write(self.file, text.encode())

    def wait_for(self, text: str) -> None:
        """Wait until the shell shows *text*, then forget what it showed."""
        until = time.monotonic() + PATIENCE
        while text not in self.shown:
            ready, _, _ = select.select([self.file], [], [], max(0.0, until - time.monotonic()))
            if not ready:
                pytest.fail(f"{text!r} does not come; there is {self.shown!r}")
            self.shown += os.read(self.file, 4096).decode(errors="replace")
        self.shown = ""

    def close(self) -> None:
        """End the shell that was started."""
        os.kill(self.pid, 9)
        os.waitpid(self.pid, 0)
        os.close(self.file)


#: What is typed before the Tab key, and the line after it.
TYPED = [
    ("nba dec", "nba decide "),
    ("nba --ver", "nba --version "),
    ("nba check --j", "nba check --json "),
    ("nba show ru", "nba show rules/"),
    ("nba show rules upg", "nba show rules upgrade "),
    ("nba why --case case.json rules --action call", None),
    ("nba decide rules --at web", "nba decide rules --at web_home "),
    ("nba explain --case cas", "nba explain --case case.json "),
    ("nba store mig", "nba store migrate "),
    ("nba report jour", "nba report journey "),
    ("nba help ver", "nba help version "),
]
TYPED = [(typed, line or f"{typed}_back ") for typed, line in TYPED]
#: How each shell loads the script, and a key that shows the line as it is.
LOADED = {
    "bash": """eval "$(nba completion bash)"; bind -x '"\\C-t": echo "[$READLINE_LINE]"'""",
    "zsh": "autoload -U compinit; compinit -u -D; "
    """eval "$(nba completion zsh)"; told() { print -r -- "[$BUFFER]" }; zle -N told; """
    "bindkey '^T' told",
}


@pytest.mark.parametrize("shell", LOADED)
def test_the_tab_key_completes(home: Path, shell: str):
    """As at a desk: the script is loaded as its help says, and Tab is pressed."""
    plain = ["-f"] if shell == "zsh" else ["--norc", "--noprofile"]
    terminal = Terminal(need(shell), *plain, "-i")
    try:
        terminal.type(f"{LOADED[shell]}; echo rea''dy\n")
        terminal.wait_for("ready\r\n")
        for typed, line in TYPED:
            if shell == "zsh" and typed.startswith("nba --"):
                continue  # it describes commands alone
            terminal.type(f"{typed}\t\x14")
            terminal.wait_for(f"[{line}]")
            terminal.type("\x15")  # take the line away: nothing of it is run
    finally:
        terminal.close()


@pytest.mark.parametrize(("typed", "line"), TYPED)
def test_fish_completes(home: Path, typed: str, line: str):
    """Fish says itself what it would complete."""
    script = f"nba completion fish | source; complete -C '{typed}'"
    command = [need("fish"), "--no-config", "-c", script]
    done = subprocess.run(command, stdout=subprocess.PIPE, encoding="utf-8", check=True)
    found = [each.partition("\t")[0] for each in done.stdout.splitlines()]
    assert found == [line.rstrip().rpartition(" ")[2]]


@pytest.mark.parametrize("shell", SHELLS)
def test_every_command_and_option_is_in_the_script(nba: Run, shell: str):
    """It is made from the parsers, so nothing is forgotten."""
    ran = nba("completion", shell)
    assert (ran.code, ran.err) == (0, "")
    assert all(name in ran.out for name in COMMANDS)
    for command in command_lines():
        for option in command.options:
            names = [n.lstrip("-") if shell == "fish" else n for n in option.names]
            assert all(name in ran.out for name in names)
    assert not re.search("@[A-Z]+@", ran.out)


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_is_one_that_the_shell_can_read(home: Path, nba: Run, shell: str):
    """The shell finds no mistake in it."""
    (home / "script").write_text(nba("completion", shell).out, encoding="utf-8")
    subprocess.run([need(shell), "-n", str(home / "script")], check=True)


def test_a_script_asks_for_ids(nba: Run, folder: Path):
    """By the words so far: the book stands among them, wherever the options are."""

    def asked(*words: str) -> list[str]:
        ran = nba("completion", "bash", "--", *words)
        assert (ran.code, ran.err) == (0, "")
        return ran.out.split()

    assert asked("actions", "explain", "rules", "--action") == ["call_back", "upgrade"]
    assert asked("actions", "why", "--case", "x", "rules", "--json") == ["call_back", "upgrade"]
    assert asked("points", "decide", "rules", "--at") == ["web_home"]
    assert {"no_selling", "customer.tier", "email"} <= set(asked("anything", "show", "rules"))
    assert asked("corridors", "report", "journey", "rules") == []
    for nothing in (("actions",), ("actions", "nothing", "rules"), ("actions", "why")):
        assert asked(*nothing) == []
    assert asked("actions", "why", "no-folder") == []
    (folder / "rules/more.yaml").write_text("conditions: {a: customer.teir}\n")
    assert asked("actions", "why", "rules") == []


def test_a_name_cannot_run_anything(nba: Run, folder: Path):
    """Bash expands the words that it chooses from."""
    text = "arbitration:\n  tiers:\n    - name: $(touch${IFS}x)\n    - name: calm\n"
    (folder / "rules/book.yaml").write_text(
        (folder / "rules/book.yaml").read_text().replace("arbitration:\n  tiers:\n", text)
    )
    (folder / "rules/tests.yaml").unlink()
    ran = nba("completion", "bash", "--", "anything", "show", "rules")
    assert "calm\n" in ran.out
    assert "touch" not in ran.out


def test_another_shell_is_refused(nba: Run):
    """Which there are stands in the message."""
    ran = nba("completion", "tcsh")
    assert (ran.code, ran.out) == (2, "")
    assert all(shell in ran.err for shell in SHELLS)
    missing = nba("completion")
    assert missing == (2, "", "error: SHELL is missing\n  help: nba completion [-h] SHELL\n")
