"""A call to the server's log names a fixed event and fields of the list; nothing is woven into its words."""

import ast
import re
from pathlib import Path

from server.operations.logs import FIELDS

ROOT = Path(__file__).resolve().parents[2]
LEVELS = {"debug", "info", "warning", "error", "critical", "exception", "log"}


def log_calls(source: str) -> list[ast.Call]:
    """Every call of a level of a logger named `_LOG`."""
    return [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in LEVELS
        and ast.unparse(node.func.value) == "_LOG"
    ]


def faults(source: str) -> list[str]:
    tree_said = {
        ast.unparse(target): node.value
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Assign)
        for target in node.targets
    }
    found = []
    for call in log_calls(source):
        words = call.args[0] if len(call.args) == 1 else None
        if not (isinstance(words, ast.Constant) and re.fullmatch(r"[a-z_]+", str(words.value))):
            found.append(f"line {call.lineno}: not a fixed event")
        for keyword in call.keywords:
            value = keyword.value
            given = tree_said.get(ast.unparse(value), value)
            keys = given.keys if isinstance(given, ast.Dict) else [None]
            names = {key.value for key in keys if isinstance(key, ast.Constant)}
            if keyword.arg != "extra" or not names or not names <= set(FIELDS):
                found.append(f"line {call.lineno}: {sorted(map(str, names))} is not of the list")
    return found


def test_every_log_call_of_the_server_is_a_fixed_event_with_listed_fields() -> None:
    sources = {path: path.read_text() for path in (ROOT / "server").rglob("*.py")}
    assert sum(len(log_calls(text)) for text in sources.values()) >= 3
    found = [
        f"{path.relative_to(ROOT)} {fault}"
        for path, text in sources.items()
        for fault in faults(text)
    ]
    assert found == []


def test_the_check_sees_woven_words_and_foreign_fields() -> None:
    assert faults('_LOG.error("failed %s", name)')
    assert faults('_LOG.error(f"failed {name}")')
    assert faults('_LOG.error("failed", extra={"patient": name})')
    assert not faults('_LOG.error("failed", extra={"kind": name})')
