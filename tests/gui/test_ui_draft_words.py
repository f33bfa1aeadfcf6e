"""Every kind of draft has its word on the tasks page, in French and in English."""

import ast
from pathlib import Path

import pytest

import ui
from practitioner_app.services.prescription_draft import KIND as PRESCRIPTION
from ui.i18n import load_texts
from ui.letters.view_model import SLOT as LETTER
from ui.notes_flow import KIND as NOTE
from ui.orders.forms import CHASE, CLOSE
from ui.work_lists.presenter import draft_word, draft_words

SCREENS = {NOTE, PRESCRIPTION, LETTER, CHASE, CLOSE}
"""Writing screens of their own, and forms whose key begins with a name."""
SMALL = {"record_entries.py": {"day", "reason", "addendum"}, "addition_entries.py": None}
"""Files of small questions, whose kind is the field they ask; None: every field of the file."""


def _calls(tree, name):
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == name:
            yield from (word.value for word in node.keywords if word.arg == "key")


def _heads(node):
    """The fixed beginnings of a key, before the colon."""
    if isinstance(node, ast.IfExp):
        return _heads(node.body) | _heads(node.orelse)
    if isinstance(node, ast.JoinedStr):
        node = node.values[0]
    return {node.value.partition(":")[0]} if isinstance(node, ast.Constant) else set()


def kinds():
    found = set(SCREENS)
    for path in Path(ui.__file__).parent.rglob("*.py"):
        tree = ast.parse(path.read_text("utf-8"))
        for key in _calls(tree, "FormSpec"):
            found |= _heads(key)
        if path.name in SMALL:
            asked = set().union(*(_heads(key) for key in _calls(tree, "FieldSpec")))
            wanted = SMALL[path.name]
            assert asked if wanted is None else asked == wanted, path.name
            found |= asked
    return found


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_form_that_keeps_a_draft_has_a_word_of_its_own(language):
    texts = load_texts(language)
    assert kinds() == set(draft_words(texts))
    for kind in kinds():
        assert draft_word(texts, kind) != texts.tr("Draft"), kind


def test_every_draft_word_is_said_in_french():
    french, english = load_texts("fr"), load_texts("en")
    same = {k for k in kinds() if draft_word(french, k) == draft_word(english, k)}
    assert same == {"immunization"}
    assert draft_word(french, "allergy") == "Allergie"
