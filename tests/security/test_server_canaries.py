"""What a thief of the server's folder, its temporary files or its logs reads: nothing (law 9, HZ log).

Two hundred invented words enter through every kind of field, by import and by ops, and are looked for in
every file, in six encodings. The scanner is first shown to find what lies in clear.
"""

import base64
import hashlib
import hmac
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest
import sqlcipher3

from dossier.wire import messages as wire
from dossier.wire.codec import value_hash
from tests.fakes.served_house import ServedHouse, served
from tests.fakes.server_process import operator
from tests.fakes.server_room import a_consent
from tests.logfail import LogFail

INS = "258074499090110"
INS_SYSTEM = "urn:oid:1.2.250.1.213.1.4.10"
BORN, SEEN = "1931-07-19", "1987-03-14"


MARK, PHONE = "Zqxjvkw", "+33907451"
"""How every canary begins, so that a file without them is passed over quickly."""


class Canaries:
    """Words nobody else writes; each field asks for its own."""

    def __init__(self) -> None:
        self._dice = Random(5)
        self.words: list[str] = []

    def one(self) -> str:
        letters = self._dice.choices("bcdfghjklmnpqrstvwxz", k=10)
        word = MARK + "".join(letters)
        self.words.append(word)
        return word

    def phone(self) -> str:
        number = PHONE + "".join(self._dice.choices("0123456789", k=8))
        self.words.append(number)
        return number


def forms(word: str) -> Iterator[bytes]:
    """The bytes a word may hide in."""
    for text in dict.fromkeys((word, word.upper(), word.lower())):
        yield text.encode()
        yield text.encode("utf-16-le")
        yield text.encode("utf-16-be")
        yield text.encode().hex().encode()
        yield text.encode().hex().upper().encode()
        for shift in range(3):
            raw = base64.b64encode(bytes(shift) + text.encode())
            yield raw[(shift * 8 + 5) // 6 : -4]


def leaks(words: list[str], folder: Path) -> list[tuple[str, str]]:
    """(word, file) for every word found under a folder."""
    found = []
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        raw = path.read_bytes()
        marks = [mark for mark in (MARK, PHONE) if any(form in raw for form in forms(mark))]
        asked = [w for w in words if not w.startswith((MARK, PHONE)) or w.startswith(tuple(marks))]
        found += [(w, path.name) for w in asked if any(form in raw for form in forms(w))]
    return found


def resources(new: Canaries) -> list[dict[str, Any]]:
    """A patient and a record in which every kind of field carries a canary."""
    address = {"line": [new.one()], "city": new.one(), "text": new.one(), "period": {"start": SEEN}}
    human = {"family": new.one(), "given": [new.one(), new.one()], "text": new.one()}
    note = [{"text": new.one(), "time": SEEN, "authorString": new.one()}]

    def concept() -> dict[str, Any]:
        coding = {"system": f"urn:oid:{new.one()}", "code": new.one(), "display": new.one()}
        return {"coding": [coding], "text": new.one()}

    subject = {"reference": "Patient/pat-1", "display": new.one()}
    attachment = {
        "contentType": "text/plain",
        "title": new.one(),
        "data": base64.b64encode(new.one().encode()).decode(),
    }
    return [
        {
            "resourceType": "Patient",
            "id": "pat-1",
            "identifier": [{"system": INS_SYSTEM, "value": INS}, {"value": new.one()}],
            "name": [human],
            "telecom": [{"system": "phone", "value": new.phone()}],
            "address": [address],
            "birthDate": BORN,
            "gender": "female",
            "contact": [{"name": {"family": new.one()}, "telecom": [{"value": new.phone()}]}],
            "extension": [{"url": f"http://{new.one()}.example", "valueString": new.one()}],
            "text": {
                "status": "generated",
                "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{new.one()}</div>',
            },
        },
        a_consent("pat-1", "org-1"),
        {
            "resourceType": "Condition",
            "id": "con-1",
            "subject": subject,
            "code": concept(),
            "bodySite": [concept()],
            "onsetString": new.one(),
            "recordedDate": SEEN,
            "note": note,
        },
        {
            "resourceType": "Observation",
            "id": "obs-1",
            "status": "final",
            "subject": subject,
            "code": concept(),
            "valueQuantity": {"value": 7.4, "unit": new.one()},
            "effectiveDateTime": SEEN,
            "interpretation": [concept()],
        },
        {
            "resourceType": "DocumentReference",
            "id": "doc-1",
            "status": "current",
            "type": concept(),
            "description": new.one(),
            "subject": subject,
            "date": f"{SEEN}T08:00:00Z",
            "content": [{"attachment": attachment}],
        },
    ]


def an_allergy(new: Canaries, n: int) -> dict[str, Any]:
    return {
        "resourceType": "AllergyIntolerance",
        "id": f"all-{n}",
        "patient": {"reference": "Patient/pat-1"},
        "clinicalStatus": {
            "coding": [
                {
                    "system": "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical",
                    "code": "active",
                }
            ]
        },
        "code": {"text": new.one()},
        "note": [{"text": new.one()}],
        "reaction": [{"manifestation": [{"text": new.one()}], "description": new.one()}],
        "onsetDateTime": SEEN,
    }


def test_the_scanner_finds_what_lies_in_clear(tmp_path: Path) -> None:
    word = Canaries().one()
    hidings = (
        word.encode(),
        word.encode("utf-16-le"),
        word.upper().encode(),
        word.encode().hex().encode(),
        *(base64.b64encode(b"x" * n + word.encode() + b"tail") for n in range(4)),
    )
    for n, raw in enumerate(hidings):
        (tmp_path / str(n)).write_bytes(b"\0before" + raw + b"after\0")
    assert {name for _, name in leaks([word], tmp_path)} == {str(n) for n in range(len(hidings))}


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "temporary"
    folder.mkdir()
    for name in ("TMPDIR", "TEMP", "TMP", "SQLITE_TMPDIR"):
        monkeypatch.setenv(name, str(folder))
    return folder


def test_s1_s16_no_file_log_or_temporary_folder_of_the_server_holds_a_canary(
    tmp_path: Path, temporary: Path, logfail: LogFail, caplog: pytest.LogCaptureFixture
) -> None:
    new = Canaries()
    caplog.set_level(0)
    server = tmp_path / "server"
    logins = [new.one() for _ in range(2)]
    with served(server) as room:
        org = room.unit("org-1", new.one())
        desktops = [room.desktop(login, org) for login in logins]
        entries = [{"resource": one} for one in resources(new)]
        raw = msgspec.json.encode(
            {"resourceType": "Bundle", "type": "collection", "entry": entries}
        )
        report = room.run(room.importer.take(raw, for_unit=org))
        assert report.refused == ()
        (owner,) = report.owners
        token = room.token_of(desktops[0])
        for n in range(36):
            op = room.create(desktops[0], owner, an_allergy(new, n), reason=new.one())
            reply = room.post("/sync/v1/ops", wire.OpsRequest(ops=(op,)), token)
            assert msgspec.json.decode(reply.content)["verdicts"][0]["code"] == "ok", reply.text
        change(room, desktops[0], owner, new.one())
        room.settle()
        read = b"".join(room.pull(desktops[1], owner).values())
        there = [word for word in new.words if word.encode() in read]
        assert len(there) >= 150
        words = [*new.words, INS, INS[:13], BORN, SEEN, BORN.replace("-", "")]
        assert len(new.words) >= 200
        assert {path.name for path in server.iterdir()} >= {"data.db", "data.db-wal", "keys.db"}
        assert leaks(words, server) == []
    assert leaks(words, server) == []

    file = tmp_path / "given.json"
    file.write_bytes(raw.replace(b"pat-1", b"pat-2").replace(INS.encode(), b"1"))
    said = operator("import", server, file, "--for", "org-1")
    broken = tmp_path / "broken.json"
    broken.write_bytes(raw.replace(b'"final"', b'"no-such-status"').replace(b"pat-1", b"pat-3"))
    refused = operator("import", server, broken)
    assert (said.code, refused.code) == (1, 1)
    for text in (said.out, said.err, refused.out, refused.err, caplog.text):
        assert [word for word in words if word in text] == []
    assert leaks(words, server) == []
    assert leaks(words, temporary) == []


def change(room: ServedHouse, desktop: Any, owner: int, text: str) -> None:
    """A second version: the first lies in the history."""
    value = msgspec.json.encode({"text": text})
    seen = room.run(
        room.store.read(owner, lambda tx: tx.resources.get("AllergyIntolerance", "all-0"))
    )
    old = msgspec.json.decode(room.pull(desktop, owner)["AllergyIntolerance/all-0"])
    op = wire.Op(
        op_id=room.op_id(),
        owner=owner,
        kind="change",
        acting=desktop.situation,
        at="2026-11-23T08:00:00.000Z",
        rtype="AllergyIntolerance",
        id="all-0",
        base=seen.version,
        changes=(
            wire.Change(element="code", base=value_hash(old["code"]), value=msgspec.Raw(value)),
        ),
    )
    assert room.push(desktop, op)[0].code == "ok"


def integers(path: Path) -> set[int]:
    """Every integer in every table."""
    raw = sqlcipher3.connect(str(path))
    try:
        tables = [
            row[0] for row in raw.execute("SELECT name FROM sqlite_schema WHERE type='table'")
        ]
        return {
            value
            for table in tables
            for row in raw.execute(f'SELECT * FROM "{table}"')
            for value in row
            if isinstance(value, int)
        }
    finally:
        raw.close()


def guesses(texts: list[str]) -> Iterator[bytes]:
    """Digests somebody without our keys would try."""
    for text in texts:
        raw = text.encode()
        for name in ("sha256", "sha1", "md5", "sha512", "blake2b", "sha3_256"):
            yield hashlib.new(name, raw).digest()
            yield hmac.digest(b"", raw, name)
            yield hmac.digest(b"colloque", raw, name)


def test_s1_blind_indexes_are_no_digest_that_can_be_guessed(tmp_path: Path) -> None:
    found = []
    for name, seed in (("one", 1), ("two", 2)):
        with served(tmp_path / name, seed=seed) as room:
            org = room.unit()
            patient = {"identifier": [{"system": INS_SYSTEM, "value": INS}]}
            owner = room.patient(org, "pat-1", **patient)
            assert room.run(room.patients.find({"id": "other", **patient})) == owner
            blind = room.premises.blind.ins(INS_SYSTEM, INS[:13])
        numbers = integers(tmp_path / name / "data.db")
        assert blind in numbers
        found.append((blind, numbers, (tmp_path / name / "data.db").read_bytes()))
    assert found[0][0] != found[1][0]
    parts = ("", "ins", "ins:", INS_SYSTEM, INS_SYSTEM + "|", INS_SYSTEM + ":", "Patient/")
    texts = ["".join(pair) for pair in product(parts, (INS, INS[:13], "pat-1"))]
    tried = 0
    for digest in guesses(texts):
        tried += 1
        for _, numbers, raw in found:
            assert digest not in raw
            assert digest[:16] not in raw
            for piece in (digest[:8], digest[-8:]):
                for order in ("big", "little"):
                    number = int.from_bytes(piece, order)  # type: ignore[arg-type]
                    guessed = {number, number >> 1, number & (1 << 63) - 1, number & (1 << 62) - 1}
                    assert not guessed & numbers
    assert tried > 300
