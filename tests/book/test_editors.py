"""The JSON Schema in an editor: what the YAML language server completes, shows and objects to.

The real server is asked, over its standard input and output. It is `yaml-language-server` on the
path, or below `.node/`, where `.ci/run` puts it; without it these tests are skipped.
"""

import json
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nba.book.documents import schema

ROOT = Path(__file__).parents[2]
SERVER = shutil.which("yaml-language-server") or ROOT / ".node/node_modules/.bin" / (
    "yaml-language-server"
)
PATIENCE = 120  # seconds for all that the server is asked
HEADER = "# yaml-language-server: $schema=nba.schema.json\n"
SETTINGS = {"validate": True, "hover": True, "completion": True, "schemaStore": {"enable": False}}
VALID = [
    *sorted(ROOT.glob("rules/**/*.yaml")),
    *sorted(ROOT.glob("examples/**/*.yaml")),
    *sorted(ROOT.glob("src/nba/cli/start/*.yaml")),
    *sorted(ROOT.glob("tests/cases/**/*.yaml")),
]


class LanguageServer:
    """A YAML language server that was started for these tests; each text is a file of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process = subprocess.Popen(
            [str(SERVER), "--stdio"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self.timer = threading.Timer(PATIENCE, self.process.kill)
        self.timer.start()
        self.calls = self.files = 0
        self.found: dict[str, list[dict[str, Any]]] = {}
        formats = {"contentFormat": ["markdown"]}
        item = {"completionItem": {"snippetSupport": True}}
        self.call(
            "initialize",
            {
                "processId": None,
                "rootUri": folder.as_uri(),
                "workspaceFolders": [{"uri": folder.as_uri(), "name": "rules"}],
                "capabilities": {
                    "textDocument": {"completion": item, "hover": formats},
                    "workspace": {"configuration": True},
                },
            },
        )
        self.tell("initialized", {})
        self.tell("workspace/didChangeConfiguration", {"settings": {"yaml": SETTINGS}})

    def close(self) -> None:
        """End the server."""
        self.timer.cancel()
        self.process.kill()
        self.process.communicate()

    def send(self, message: dict[str, Any]) -> None:
        """Write one message."""
        content = json.dumps({"jsonrpc": "2.0"} | message).encode()
        assert self.process.stdin
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(content), content))
        self.process.stdin.flush()

    def read(self) -> dict[str, Any]:
        """Return the next message; what the server asks is answered, what it finds is kept."""
        assert self.process.stdout
        size = 0
        while line := self.process.stdout.readline().strip():
            name, _, value = line.partition(b":")
            size = int(value) if name.lower() == b"content-length" else size
        assert size, "the language server has ended"
        message: dict[str, Any] = json.loads(self.process.stdout.read(size))
        if "method" in message and "id" in message:
            asked = message["params"].get("items", []) if message.get("params") else []
            answer = [SETTINGS if each.get("section") == "yaml" else {} for each in asked]
            self.send({"id": message["id"], "result": answer or None})
        elif message.get("method") == "textDocument/publishDiagnostics":
            self.found[message["params"]["uri"]] = message["params"]["diagnostics"]
        return message

    def tell(self, method: str, params: dict[str, Any]) -> None:
        """Tell the server something."""
        self.send({"method": method, "params": params})

    def call(self, method: str, params: dict[str, Any]) -> Any:
        """Ask the server something, and return its answer."""
        self.calls += 1
        self.send({"id": self.calls, "method": method, "params": params})
        while True:
            message = self.read()
            if message.get("id") == self.calls and "method" not in message:
                assert "error" not in message, message
                return message["result"]

    def open(self, text: str) -> str:
        """Open a rule file with this text, and return its URI."""
        self.files += 1
        uri = (self.folder / f"{self.files}.yaml").as_uri()
        document = {"uri": uri, "languageId": "yaml", "version": 1, "text": text}
        self.tell("textDocument/didOpen", {"textDocument": document})
        return uri

    def diagnostics(self, text: str) -> list[tuple[int, str]]:
        """Return what is wrong with a rule file: lines of *text*, from 1, and messages."""
        header = "" if text.startswith(HEADER) else HEADER
        uri = self.open(header + text)
        while uri not in self.found:
            self.read()
        above = header.count("\n")
        found = self.found[uri]
        return [(each["range"]["start"]["line"] + 1 - above, each["message"]) for each in found]

    def at(self, method: str, text: str) -> Any:
        """Ask about the place that `¦` marks."""
        before, _, after = (HEADER + text).partition("¦")
        uri = self.open(before + after)
        *above, line = before.split("\n")
        position = {"line": len(above), "character": len(line)}
        return self.call(method, {"textDocument": {"uri": uri}, "position": position})

    def completes(self, text: str) -> list[str]:
        """Return what could stand at `¦`."""
        found = self.at("textDocument/completion", text)
        return [each["label"] for each in (found["items"] if isinstance(found, dict) else found)]

    def shows(self, text: str) -> str:
        """Return what is shown of what stands at `¦`."""
        found = self.at("textDocument/hover", text)
        return found["contents"]["value"].replace("\\", "") if found else ""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LanguageServer]:
    """The server, in a folder with the schema; skipped where it is not installed."""
    if not Path(SERVER).exists():
        pytest.skip("needs yaml-language-server: `npm install --prefix .node yaml-language-server`")
    if shutil.which("node") is None:
        pytest.skip("needs node, which runs yaml-language-server")
    folder = tmp_path_factory.mktemp("rules")
    (folder / "nba.schema.json").write_text(json.dumps(schema()), encoding="utf-8")
    found = LanguageServer(folder)
    yield found
    found.close()


def test_sections_complete(server: LanguageServer):
    """At the left edge of a file stand all the sections."""
    assert set(server.completes("¦")) == set(schema()["properties"])


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("actions:\n  x:\n    ¦", ["title", "group", "kind", "eligible", "channels", "gesture"]),
        ("actions:\n  x:\n    kind: ¦", ["offer", "guidance", "goodwill_gesture"]),
        ("actions:\n  x:\n    eligible:\n      - ¦", ["all", "any", "not"]),
        ("actions:\n  x:\n    channels:\n      phone:\n        ¦", ["defer_if", "say", "value"]),
        ("actions:\n  x:\n    gesture:\n      ladder:\n        - ¦", ["when", "amount"]),
        ("actions:\n  x:\n    say:\n      - ¦", ["when", "text"]),
        ("policies:\n  x:\n    covers:\n      ¦", ["tag", "channel", "direction"]),
        ("policies:\n  x:\n    covers:\n      kind: ¦", ["offer", "guidance"]),
        ("policies:\n  x:\n    covers:\n      direction:\n        - ¦", ["inbound", "outbound"]),
        ("context:\n  ¦", ["customer", "interaction"]),
        ("context:\n  customer:\n    age: ¦", ["number", "int", "string", "list(string)"]),
        ("contact_policy:\n  limits:\n    - ¦", ["id", "covers", "at_most", "window"]),
        ("contact_policy:\n  limits:\n    - id: a\n      per: ¦", ["customer", "household"]),
        ("contact_policy:\n  limits:\n    - id: a\n      on_limit: ¦", ["drop", "defer"]),
        ("contact_policy:\n  suppress:\n    - after: ¦", ["rejected", "maybe_later"]),
        ("moments:\n  x:\n    severity: ¦", ["low", "medium", "high"]),
        ("moments:\n  x:\n    after:\n      ¦", ["event", "as", "where"]),
        ("signals:\n  x:\n    ¦", ["count", "distinct", "within", "half_life"]),
        ("budgets:\n  x:\n    window:\n      ¦", ["rolling", "calendar"]),
        ("tables:\n  x:\n    hit: ¦", ["first", "collect", "unique"]),
        ("arbitration:\n  tiers:\n    - ¦", ["name", "when", "covers"]),
        ("tests:\n  - name: x\n    expect:\n      ¦", ["action", "dropped", "defer_until"]),
    ],
)
def test_keys_and_values_complete(server: LanguageServer, text: str, wanted: list[str]):
    """In every section, down to its innermost keys."""
    assert set(wanted) <= set(server.completes(text))


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("actoins: {}\n", 1, "Property actoins is not allowed"),
        ("policies:\n  x:\n    block_wen: a\n    block_when: a\n", 3, "block_wen is not allowed"),
        ("channels:\n  phone:\n    direction: inbuond\n", 3, "Value is not accepted"),
        ("policies:\n  x: {covers: {kinds: offer}, block_when: a}\n", 2, "kinds is not allowed"),
        ("actions:\n  x:\n    title: a\n    kind: offer\n", 2, 'Missing property "channels"'),
        ("context:\n  customer:\n    age: nubmer\n", 3, "Value is not accepted"),
        ("contact_policy:\n  limits: 3\n", 2, "Incorrect type"),
    ],
)
def test_what_is_wrong_is_pointed_out(server: LanguageServer, text: str, line: int, message: str):
    """While it is typed, on its line."""
    found = server.diagnostics(text)
    assert [at for at, said in found if message in said] == [line], found


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("act¦ions: {}\n", "what can be done"),
        ("actions:\n  x:\n    on¦ce_per: a\n", "it is done once for each value of this"),
        ("actions:\n  x:\n    eli¦gible: a\n", "may we? all must hold"),
        (
            "actions:\n  x:\n    say:\n      - te¦xt: a\n",
            "what to say; {expressions} are filled in",
        ),
        ("policies: {x: {block_wh¦en: a}}\n", "when it stops them; unknown stops them too"),
        ("context: {customer: {age: {type: number, mi¦n: 0}}}\n", "the least it may be"),
    ],
)
def test_keys_are_explained(server: LanguageServer, text: str, said: str):
    """Under the pointer stands what a key means."""
    assert said in server.shows(text)


@pytest.mark.parametrize("path", VALID, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_is_wrong_with_what_is_right(server: LanguageServer, path: Path):
    """The rule files that ship have nothing underlined."""
    assert server.diagnostics(path.read_text(encoding="utf-8")) == []
