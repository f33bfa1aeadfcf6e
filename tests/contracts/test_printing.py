"""Printing through the pipe of the print system: the very bytes, in their order, and no clear file of ours."""

import stat

import pytest

from dossier.errors import NotPrinted
from practitioner_app.printing import CupsPrinting

PDF = b"%PDF-1.4\n" + bytes(range(256)) * 40
LP = """#!/bin/sh
printf '%s\\n' "$@" > {folder}/asked
cat > {folder}/spooled
exit {code}
"""
LPSTAT = """#!/bin/sh
case "$1" in
  -e) echo Accueil; echo Bureau;;
  -d) echo "system default destination: Bureau";;
esac
"""


@pytest.fixture
def system(tmp_path):
    """Programs that stand where CUPS' own would: they keep what they are given."""

    def put(name, text):
        path = tmp_path / name
        path.write_text(text)
        path.chmod(stat.S_IRWXU)

    def find(code=0):
        put("lp", LP.format(folder=tmp_path, code=code))
        put("lpstat", LPSTAT)
        return lambda name: str(tmp_path / name)

    return find


def test_the_usual_printer_comes_first(system):
    assert CupsPrinting(system()).printers() == ("Bureau", "Accueil")


def test_the_very_bytes_reach_the_print_system_and_the_job_names_nobody(
    system, tmp_path, monkeypatch
):
    aside = tmp_path / "aside"
    aside.mkdir()
    monkeypatch.setenv("TMPDIR", str(aside))
    CupsPrinting(system()).print(PDF, printer="Bureau", title="Ordonnance", copies=2)
    assert (tmp_path / "spooled").read_bytes() == PDF
    asked = (tmp_path / "asked").read_text().split("\n")[:-1]
    assert asked == ["-d", "Bureau", "-n", "2", "-t", "Ordonnance", "-"]
    assert list(aside.iterdir()) == []


def test_a_printer_named_like_an_option_or_a_command_is_only_a_name(system, tmp_path):
    CupsPrinting(system()).print(PDF, printer="$(reboot); -o raw", title="x", copies=1)
    assert "$(reboot); -o raw" in (tmp_path / "asked").read_text()


def test_what_the_print_system_refuses_is_said(system):
    with pytest.raises(NotPrinted) as refused:
        CupsPrinting(system(code=1)).print(PDF, printer="Bureau", title="x", copies=1)
    assert refused.value.reason == "refused"


def test_a_computer_without_a_print_system_says_so():
    with pytest.raises(NotPrinted) as refused:
        CupsPrinting(lambda _name: None).printers()
    assert refused.value.reason == "no_printing"
