"""The pages wear the colours of the product: each one is the token of the same name, in light and in dark."""

import re
from importlib.resources import files

import pytest

from ui.theme.tokens import DARK, LIGHT, Tokens

SHEET = files("server.web").joinpath("files", "page.css").read_text("utf-8")
BLOCKS = re.findall(r":root\{([^}]*)\}", SHEET)


@pytest.mark.parametrize(("block", "theme"), [(BLOCKS[0], LIGHT), (BLOCKS[1], DARK)])
def test_the_colours_of_the_pages_are_the_tokens(block: str, theme: Tokens) -> None:
    said = dict(re.findall(r"--([a-z-]+):(#[0-9A-F]{6})", block))
    assert len(said) == 13
    for name, colour in said.items():
        assert colour == getattr(theme, name.replace("-", "_")), name
