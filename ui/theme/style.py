"""Fusion, our palette and a few lines of style sheet: the only ones of the program."""

from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication

from ui.theme.look import Look
from ui.theme.tokens import Tokens

_QSS = """
QAbstractScrollArea {{ background: transparent; border: 0; }}
QLineEdit, QPlainTextEdit, QComboBox {{ background: {surface}; color: {text}; border: 1px solid {edge};
  border-radius: 4px; padding: 0 9px; selection-background-color: {accent}; selection-color: {on_accent}; }}
QLineEdit, QComboBox {{ min-height: {field}px; lineedit-password-character: 8226; }}
QLineEdit[tall="true"] {{ min-height: {tall}px; }}
QPlainTextEdit {{ padding: 6px 5px; }}
QLineEdit:focus, QPlainTextEdit:focus, QComboBox:focus {{ border: 2px solid {accent}; padding: 0 8px; }}
QPlainTextEdit:focus {{ padding: 5px 4px; }}
QLineEdit[faulty="true"], QComboBox[faulty="true"] {{ border: 2px solid {warn}; padding: 0 8px; }}
QLineEdit:disabled, QComboBox:disabled {{ background: {alt}; color: {muted}; border-color: {line}; }}
QLineEdit[bare="true"], QLineEdit[bare="true"]:focus {{ border: 0; padding: 0;
  background: transparent; min-height: {bare}px; }}
QLineEdit[slim="true"], QLineEdit[slim="true"]:focus {{ border: 0; padding: 0;
  background: transparent; min-height: {field}px; }}
QLineEdit[bare="true"]:focus, QLineEdit[slim="true"]:focus {{ border-bottom: 2px solid {accent}; }}
QComboBox::drop-down {{ border: 0; width: 28px; }}
QComboBox QAbstractItemView {{ background: {surface}; color: {text}; border: 1px solid {edge};
  selection-background-color: {accentbg}; selection-color: {text}; outline: 0; padding: 4px; }}
QScrollBar:vertical {{ background: transparent; width: 10px; margin: 0; }}
QScrollBar:horizontal {{ background: transparent; height: 10px; margin: 0; }}
QScrollBar::handle {{ background: {line}; border-radius: 4px; margin: 1px; min-height: 32px; min-width: 32px; }}
QScrollBar::handle:hover {{ background: {edge}; }}
QScrollBar::add-line, QScrollBar::sub-line, QScrollBar::add-page, QScrollBar::sub-page {{
  background: transparent; border: 0; width: 0; height: 0; }}
QToolTip {{ background: {text}; color: {surface}; border: 0; padding: 4px 8px; }}
QMenu {{ background: {surface}; color: {text}; border: 1px solid {edge}; padding: 4px; }}
QMenu::item:selected {{ background: {accentbg}; }}
"""


def palette_of(tokens: Tokens) -> QPalette:
    """The Fusion palette of a theme."""
    palette = QPalette()
    roles = {
        QPalette.ColorRole.Window: tokens.bg,
        QPalette.ColorRole.WindowText: tokens.text,
        QPalette.ColorRole.Base: tokens.surface,
        QPalette.ColorRole.AlternateBase: tokens.alt,
        QPalette.ColorRole.Text: tokens.text,
        QPalette.ColorRole.Button: tokens.surface,
        QPalette.ColorRole.ButtonText: tokens.text,
        QPalette.ColorRole.PlaceholderText: tokens.muted,
        QPalette.ColorRole.Highlight: tokens.accentbg,
        QPalette.ColorRole.HighlightedText: tokens.text,
        QPalette.ColorRole.Link: tokens.accent,
        QPalette.ColorRole.Mid: tokens.line,
        QPalette.ColorRole.Dark: tokens.edge,
        QPalette.ColorRole.ToolTipBase: tokens.text,
        QPalette.ColorRole.ToolTipText: tokens.surface,
    }
    for role, colour in roles.items():
        palette.setColor(role, QColor(colour))
    for role in (
        QPalette.ColorRole.WindowText,
        QPalette.ColorRole.Text,
        QPalette.ColorRole.ButtonText,
    ):
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(tokens.muted))
    return palette


def style_sheet(look: Look) -> str:
    """The lines of style sheet for this theme and text size."""
    colours = {name: getattr(look.tokens, name) for name in look.tokens.__struct_fields__}
    return _QSS.format(field=look.px(30), tall=look.px(38), bare=look.px(54), **colours)


def apply_look(application: QApplication, look: Look) -> None:
    """Dress the application; widgets built afterwards follow."""
    application.setStyle("Fusion")
    application.setPalette(palette_of(look.tokens))
    application.setFont(look.font())
    application.setStyleSheet(style_sheet(look))
