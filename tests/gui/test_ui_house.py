"""House rules of the screens: contrast, plain text, no nested loops, models that keep Qt's contract."""

import ast
from pathlib import Path

import msgspec
import pytest
from PySide6.QtCore import Qt

import ui
from practitioner_app.services.rows import Emptiness
from tests.gui.ui_samples import a_look, a_record, a_speaking, an_unfinished_record
from ui.icons.paint import svg_of
from ui.icons.strokes import STROKES
from ui.patient.model import TimelineModel
from ui.patient.presenter import record_state
from ui.patient.rows import TimelineRows
from ui.search.state import HitKind, HitRow
from ui.theme.tokens import DARK, EDGE_PAIRS, LIGHT, TEXT_PAIRS, contrast
from ui.widgets.lines import LineModel
from ui.widgets.trend import ticks

SOURCES = sorted(Path(ui.__file__).parent.rglob("*.py"))
BANNED_CALLS = {"setHtml", "exec", "exec_", "processEvents", "setStyleSheet", "setWhatsThis"}
ALLOWED = {("style.py", "setStyleSheet")}


@pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])
def test_every_text_reaches_4_5_and_every_edge_3(tokens):
    for text, ground in TEXT_PAIRS:
        ratio = contrast(getattr(tokens, text), getattr(tokens, ground))
        assert ratio >= 4.5, f"{text} on {ground}: {ratio:.2f}"
    for edge, ground in EDGE_PAIRS:
        ratio = contrast(getattr(tokens, edge), getattr(tokens, ground))
        assert ratio >= 3.0, f"{edge} on {ground}: {ratio:.2f}"


@pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])
def test_every_colour_of_a_word_reaches_4_5_on_every_ground_a_screen_may_give_it(tokens):
    words = ("text", "muted", "accent", "ok", "warn", "danger", "wait")
    tinted = ("accentbg", "okbg", "warnbg", "dangerbg", "waitbg")
    for ground in ("surface", "bg", "alt", *tinted):
        for text in words:
            ratio = contrast(getattr(tokens, text), getattr(tokens, ground))
            assert ratio >= 4.5, f"{text} on {ground}: {ratio:.2f}"


def test_a_chip_that_warns_or_reassures_by_its_colour_has_a_glyph_beside_its_word():
    met = 0
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call) or ast.unparse(node.func) != "ChipState":
                continue
            said = [ast.unparse(argument) for argument in node.args]
            if len(said) > 1 and said[1] in {"Tone.OK", "Tone.WARN", "Tone.DANGER"}:
                met += 1
                assert len(said) > 2, f"{path.name}, line {node.lineno}: {said[0]}"
    assert met > 15


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_no_markup_no_nested_loop_no_style_sheet_in_widgets(path):
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            name = node.func.attr
            assert name not in BANNED_CALLS or (path.name, name) in ALLOWED, f"line {node.lineno}"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id != "QLabel", f"line {node.lineno}: PlainLabel is the one label"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_signals_are_connected_to_methods_never_to_lambdas(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "connect"
        ):
            assert not any(isinstance(arg, ast.Lambda) for arg in node.args), node.lineno


def test_widgets_and_views_never_meet_a_store_nor_a_lane():
    for path in SOURCES:
        if path.name in {"view.py", "delegate.py", "summary.py", "timeline.py", "detail.py"} or (
            path.parent.name == "widgets"
        ):
            text = path.read_text()
            for word in ("runtime.lanes", "runtime.changes", "services.writing", "ui.context"):
                assert word not in text, f"{path.name}: {word}"


def test_every_icon_is_drawn_by_us_and_drawable(qapp):
    look = a_look()
    for name in STROKES:
        assert b"<path" in svg_of(name, "#000000")
        assert not look.icons.pixmap(name, look.colour("text"), 20).isNull()


def rows_of(look, **changes):
    speaking = a_speaking(look)
    return record_state(a_record(**changes), speaking, filter_key="all", words="").timeline


def test_the_timeline_keeps_the_contract_of_item_models(qapp, qtmodeltester):
    model = TimelineModel()
    rows = rows_of(a_look())
    model.show_rows(rows)
    qtmodeltester.check(model)
    index = model.index(1)
    assert model.data(index, Qt.ItemDataRole.AccessibleTextRole) == rows[1].words
    assert not model.flags(model.index(0)) & Qt.ItemFlag.ItemIsSelectable


def test_a_change_of_one_row_leaves_the_others_in_their_place(qapp, qtbot):
    model = TimelineModel()
    rows = rows_of(a_look())
    model.show_rows(rows)
    changed = TimelineRows((*rows[:3], msgspec.structs.replace(rows[3], second="autre"), *rows[4:]))
    with qtbot.assertNotEmitted(model.modelReset), qtbot.waitSignal(model.dataChanged):
        model.show_rows(changed)
    fewer = TimelineRows((*changed[:2], *changed[4:]))
    with qtbot.assertNotEmitted(model.modelReset), qtbot.waitSignal(model.rowsRemoved):
        model.show_rows(fewer)
    assert model.rows == fewer
    with qtbot.waitSignal(model.rowsInserted):
        model.show_rows(changed)
    assert model.rows == changed


def test_the_palette_model_keeps_the_contract_of_item_models(qapp, qtmodeltester):
    model = LineModel()
    model.show_rows(
        (
            HitRow(kind=HitKind.HEAD, key="h", title="Patients", words="Patients"),
            HitRow(kind=HitKind.PATIENT, key="p", title="Mme X", words="Mme X, 1958", owner=1),
        )
    )
    qtmodeltester.check(model)
    assert model.first() == 1


def test_hz17_nothing_claims_emptiness_before_the_copy_is_complete(qapp):
    look = a_look()
    state = record_state(an_unfinished_record(), a_speaking(look), filter_key="all", words="")
    said = [card.why_empty for card in state.cards] + [state.why_empty]
    said += [line.words for card in state.cards for line in card.lines]
    said += [cell.value for cell in state.strip]
    joined = " ".join(said).lower()
    assert "aucun" not in joined
    assert joined.count("pas encore reçu") >= 5
    assert state.banner.allergies.title == "Allergies indisponibles"


@pytest.mark.parametrize("emptiness", [e for e in Emptiness if e is not Emptiness.FILLED])
def test_hz17_each_cause_of_an_empty_list_has_its_own_words(qapp, emptiness):
    from ui.words import empty_word

    words = {e: empty_word(a_look().texts, e, 12, "aucun") for e in Emptiness}
    assert sum(words[emptiness] == other for other in words.values()) == 1


def test_hz18_both_versions_of_a_treatment_are_shown_with_their_authors(qapp):
    state = record_state(a_record(), a_speaking(a_look()), filter_key="all", words="")
    card = next(card for card in state.cards if card.key == "treatments")
    words = card.lines[1].words
    for part in ("5\u00a0mg", "2,5\u00a0mg", "Dr Fontaine", "Dr Lemaire", "à départager"):
        assert part in words


def test_the_banner_says_everything_zone_1_must(qapp):
    state = record_state(a_record(), a_speaking(a_look()), filter_key="all", words="")
    banner = state.banner
    assert banner.name == "Mme MARTINEAU Élodie"
    assert (banner.born_label, banner.born) == ("Née le", "14/07/1958 (68 ans)")
    assert banner.identity == "Qualifiée"
    assert banner.allergies.note == "copie du 23/11/2026 à 09:41"
    online = record_state(
        a_record(), a_speaking(a_look(), offline=False), filter_key="all", words=""
    )
    assert online.banner.allergies.note == ""


def test_abnormal_values_have_a_sign_and_a_word(qapp):
    state = record_state(a_record(), a_speaking(a_look()), filter_key="all", words="")
    flags = {cell.label: cell.flag for cell in state.strip if cell.flag}
    assert set(flags.values()) == {"▼ bas", "▲ élevé"}
    assert state.curves[0].last_flag


@pytest.mark.parametrize(("low", "high"), [(6.4, 7.4), (55, 75), (0, 0), (1e-3, 2e-3)])
def test_the_scale_of_a_curve_frames_its_values(low, high):
    marks = ticks(low, high, 4)
    assert marks[0] <= low
    assert marks[-1] >= high
    assert len(marks) >= 2
