"""The command line as a whole: what it says about itself, and how it ends."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.cli.conftest import Run

import nba as package
from nba.cli.commands import COMMANDS

SOURCE = Path(__file__).parents[2] / "src"


def start(*argv: str, **options) -> subprocess.Popen[str]:
    """Start `nba` as a process of its own."""
    environment = {**os.environ, "PYTHONPATH": str(SOURCE), "PYTHONUTF8": "1"}
    return subprocess.Popen(
        [sys.executable, "-m", "nba", *argv],
        env=environment,
        stdout=options.pop("stdout", subprocess.PIPE),
        stderr=subprocess.PIPE,
        encoding="utf-8",
        **options,
    )


def test_help_lists_every_command_and_exit_code(nba: Run):
    """Who asks for help finds all there is."""
    for argv in (["--help"], ["-h"], ["help"]):
        ran = nba(*argv)
        assert (ran.code, ran.err) == (0, "")
        assert all(f"  {name} " in ran.out for name in COMMANDS)
        assert "exit codes:" in ran.out


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(nba: Run, name: str):
    """Each command says what it does, how it is used and how it ends."""
    ran = nba(name, "--help")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(f"usage: nba {name}")
    assert "exit codes:" in ran.out
    assert nba("help", name) == ran


def test_nothing_is_wrong_usage(nba: Run):
    """Without a command the help goes where errors go."""
    ran = nba()
    assert (ran.code, ran.out) == (2, "")
    assert "commands:" in ran.err


@pytest.mark.parametrize(
    ("argv", "error"),
    [
        (["chek"], "error: `chek` is not a command\n  help: did you mean `check`?\n"),
        (["help", "tset"], "error: `tset` is not a command\n  help: did you mean `test`?\n"),
        (
            ["--json", "check", "rules"],
            "error: `--json` stands before the command\n  help: write `nba COMMAND` first\n",
        ),
        (
            ["check", "rules", "--jsno"],
            "error: `--jsno` is not an option of `nba check`\n  help: did you mean `--json`?\n",
        ),
        (["check"], "error: BOOK is missing\n  help: nba check [-h] [--strict] [--json] BOOK\n"),
        (
            ["check", "rules", "more"],
            (
                "error: `more` is one argument too many\n"
                "  help: nba check [-h] [--strict] [--json] BOOK\n"
            ),
        ),
    ],
)
def test_wrong_usage_says_what_was_meant(nba: Run, argv: list[str], error: str):
    """A slip on the command line is explained like one in a rule."""
    assert nba(*argv) == (2, "", error)


def test_options_are_not_abbreviated(nba: Run):
    """A script must not break when a new option begins like the one it abbreviates."""
    ran = nba("check", "rules", "--js")
    assert ran.code == 2
    assert "`--js` is not an option" in ran.err


def test_an_unknown_command_far_from_all_is_told_where_to_look(nba: Run):
    """Where nothing is near, the help is: the commands are too many for one line."""
    ran = nba("frobnicate")
    assert ran.code == 2
    assert ran.err.endswith("\n  help: `nba help` lists the commands\n")


def test_the_version_is_that_of_the_package(nba: Run):
    """Both ways to ask give the same answer."""
    for option in ("--version", "-V"):
        assert nba(option) == (0, f"nba {package.__version__}\n", "")
    ran = nba("version")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines()[0].split() == ["nba", package.__version__]
    found = nba("version", "--json").json()
    assert found["nba"] == package.__version__
    assert found["python"].startswith(f"{sys.version_info[0]}.{sys.version_info[1]}.")
    assert found["platform"]


def test_a_process_ends_with_the_code_that_was_returned(folder: Path):
    """What a pipeline sees is what `main` returns."""
    for argv, code in ((["test", "rules"], 0), (["eval", "1/0"], 1), (["check", "none"], 2)):
        process = start(*argv, cwd=folder)
        out, err = process.communicate(timeout=60)
        assert process.returncode == code, err
        assert bool(out) is (code == 0)
        assert bool(err) is (code != 0)


def test_a_reader_that_goes_away_is_no_error(folder: Path):
    """`nba decide … | head` ends quietly."""
    lines = "{}\n" * 5000
    (folder / "cases.jsonl").write_text(lines, encoding="utf-8")
    process = start("decide", "rules", "--case", "cases.jsonl", cwd=folder)
    assert process.stdout
    assert process.stderr
    assert process.stdout.readline().startswith("{")
    process.stdout.close()
    assert process.stderr.read() == ""
    assert process.wait(60) == 141
    process.stderr.close()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for one process")
def test_an_interrupted_command_ends_quietly(folder: Path):
    """Ctrl-C is an answer, not an accident."""
    os.mkfifo(folder / "pipe")
    process = start("decide", "rules", "--case", "pipe", cwd=folder)
    with (folder / "pipe").open("w", encoding="utf-8") as pipe:
        pipe.write("{}\n{}\n")
        pipe.flush()  # now it runs, and waits for more
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (130, "")
    assert out.count("\n") == 2


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_said(folder: Path):
    """Output that is lost is an error, not a silent success."""
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        process = start("test", "rules", stdout=full, cwd=folder)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert err == "error: the output cannot be written: no space left on device\n"


LIGHT = """
import sys, types
nba = types.ModuleType("nba")  # without its public face
nba.__path__, nba.__version__ = [sys.argv[1]], "0"
sys.modules["nba"] = nba
from nba.cli import main
code = main(sys.argv[2:])
heavy = [name for name in ("pydantic", "yaml", "nba.book", "nba.engine") if name in sys.modules]
sys.exit(f"loaded {heavy}" if heavy else code)
"""


@pytest.mark.parametrize("argv", [["version"], ["--help"], ["eval", "1 + 1"]])
def test_small_commands_load_little(argv: list[str]):
    """An expression is evaluated without loading what rule files need."""
    done = subprocess.run(
        [sys.executable, "-c", LIGHT, str(SOURCE / "nba"), *argv],
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
