"""The State's drug files are imported into the encrypted store, bounded, and told in sentences."""

import os
import zipfile

import pytest

from dossier.errors import Invalid
from dossier.terminology import bdpm
from dossier.terminology.catalogue import Terminology
from practitioner_app.services.drugs import DrugService
from tests.fakes.manual_clock import ManualClock
from tests.fakes.record_store import MemoryPacks

TERMS = Terminology.load()
DRUG = (
    "61266250\tAMOXIX 500 mg, gélule\tgélule\torale\tAutorisation active\tProcédure nationale\t"
    "Commercialisée\t12/03/1998\t\t\t EXEMPLE\tNon"
)
PART = "61266250\tgélule\t00821\tAMOXICILLINE\t500 mg\tune gélule\tSA\t1\t"


@pytest.fixture
def files(tmp_path):
    (tmp_path / bdpm.DRUGS).write_bytes(f"{DRUG}\r\nfaux\r\n".encode("latin-1"))
    (tmp_path / bdpm.PARTS).write_text(PART, "utf-8")
    (tmp_path / "LISEZMOI.txt").write_text("x")
    os.utime(tmp_path / bdpm.DRUGS, (1_790_000_000, 1_790_000_000))
    os.utime(tmp_path / bdpm.PARTS, (1_780_000_000, 1_780_000_000))
    return tmp_path


@pytest.fixture
def service():
    return DrugService(TERMS, MemoryPacks(), ManualClock())


def test_a_folder_is_imported_with_its_date_and_what_did_not_fit(service, files):
    assert service.search("amoxix") == ()
    source = service.take(files)
    assert (source.drugs, source.lines, source.wrong) == (1, 3, 1)
    assert (source.published, source.imported[:10]) == ("2026-09-21", "2026-11-23")
    [found] = service.search("amoxix")
    assert (found.substance, found.strength) == ("amoxicilline", "500 mg")
    assert service.search("metformine")[0].system == "urn:colloque:medicines"


def test_an_archive_is_imported_and_dropped_again(service, files, tmp_path):
    place = tmp_path / "bdpm.zip"
    with zipfile.ZipFile(place, "w") as archive:
        for name in (bdpm.DRUGS, bdpm.PARTS):
            archive.write(files / name, f"inside/{name.lower()}")
    assert service.take(place).drugs == 1
    assert service.drop().imported == ""
    assert service.search("amoxix") == ()


def test_a_hostile_archive_changes_nothing(service, files, tmp_path, monkeypatch):
    service.take(files)
    kept = service.source()
    place = tmp_path / "hostile.zip"
    place.write_bytes(b"PK\x03\x04" + b"\x00" * 200)
    with pytest.raises(Invalid) as refused:
        service.take(place)
    assert refused.value.issues[0].rule == "unreadable"
    monkeypatch.setattr(bdpm, "MOST_BYTES", 1_000)
    with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(bdpm.DRUGS, b"0" * 2_000_000)
        archive.writestr(bdpm.PARTS, PART)
    with pytest.raises(Invalid) as refused:
        service.take(place)
    assert refused.value.issues[0].rule == "too_large"
    assert service.source() == kept


@pytest.mark.parametrize("gone", [bdpm.DRUGS, bdpm.PARTS])
def test_a_missing_file_is_named(service, files, gone):
    (files / gone).unlink()
    with pytest.raises(Invalid) as refused:
        service.take(files)
    assert (refused.value.issues[0].path, refused.value.issues[0].rule) == (gone, "missing_file")


def test_a_pack_that_cannot_be_read_leaves_the_short_list():
    packs = MemoryPacks()
    packs.keep("bdpm", b"\xff\x00", "2026-11-23T08:00:00.000Z")
    service = DrugService(TERMS, packs, ManualClock())
    assert service.source().imported == ""
    assert service.search("metformine")
