"""The operator's command line as a process: what it does, what it says, its exit codes. Never a traceback."""

import asyncio
import gzip
import os
import signal
import subprocess
import sys
from argparse import Namespace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from shutil import copytree
from typing import Any

import msgspec
import pytest
import sqlcipher3

from dossier.clock import SystemClock
from dossier.entropy import SystemEntropy
from dossier.fhir import roles
from dossier.fhir.validate import Validator
from dossier.sealing import totp
from server.app import House
from server.cli import self_check
from server.cli.files import identity, pieces
from tests.fakes.manual_clock import ManualClock
from tests.fakes.server_process import ROOT, Said, ServerProcess, logged_events, operator
from tests.fakes.server_room import PASSWORD, an_allergy


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A server with an organisation, a doctor who works there, and one patient."""
    folder = tmp_path_factory.mktemp("made")
    server = folder / "server"
    assert operator("init", server, "--name", "Essai", "--demonstration").code == 0
    assert operator("member", "organisation", server, "org-1", "--name", "Cabinet").code == 0
    words = ("account", "create", server, "martin", "--name", "Dr Martin")
    begins(server, "martin", operator(*words))
    words = ("member", "add", server, "martin", "org-1", "--profession", "10")
    assert operator(*words).code == 0
    file = written(folder / "one.json", a_bundle("pat-1", 3))
    assert operator("import", server, file, "--for", "org-1").code == 0
    return server


def begins(server: Path, login: str, made: Said) -> None:
    """The person takes their code, a password and an authenticator, at the server's console."""
    code = made.value["code"]
    command = [sys.executable, "-m", "server", "account", "activate", str(server), login]
    with subprocess.Popen(
        command, cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(f"{code}\n{PASSWORD}\n")
        child.stdin.flush()
        seed = totp.read_seed(child.stdout.readline().removeprefix("authenticator"))
        step = totp.step_of(SystemClock().now())
        child.stdin.write(totp.code_at(seed, step) + "\n")
        child.stdin.close()
        assert "activated" in child.stdout.read()
    assert child.returncode == 0


@pytest.fixture
def server(made: Path, tmp_path: Path) -> Path:
    """A copy of it for one test."""
    return Path(copytree(made, tmp_path / "server"))


def a_patient(rid: str) -> dict[str, Any]:
    name = [{"family": f"Durand {rid}", "given": ["Anne"]}]
    return {"resourceType": "Patient", "id": rid, "name": name, "birthDate": "1960-05-02"}


def a_bundle(rid: str, allergies: int) -> bytes:
    found = [a_patient(rid), *(an_allergy(rid, f"{rid}-a{n}") for n in range(allergies))]
    entries = [{"resource": resource} for resource in found]
    return msgspec.json.encode({"resourceType": "Bundle", "type": "collection", "entry": entries})


APPOINTMENT = {
    "resourceType": "Appointment",
    "id": "x",
    "status": "proposed",
    "participant": [{"status": "accepted", "actor": {"reference": "Patient/pat-l"}}],
}


def written(path: Path, raw: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(raw)
    return path


def counts(said: Said) -> tuple[int, int, int]:
    value: Any = said.value
    return value["accepted"], value["duplicate"], value["refused"]


def is_not_done(said: Said, *words: str) -> None:
    """Exit code 2 and one plain sentence."""
    assert said.code == 2, (said.out, said.err)
    assert len(said.err.strip().splitlines()) == 1, said.err
    for word in words:
        assert word in said.err


def test_a_folder_that_holds_a_server_is_never_made_again(server: Path) -> None:
    before = (server / "root.key").read_bytes()
    is_not_done(operator("init", server), "already")
    assert (server / "root.key").read_bytes() == before


def test_a_folder_without_a_server_is_refused_by_every_verb(tmp_path: Path) -> None:
    file = written(tmp_path / "one.json", a_bundle("pat-1", 1))
    (tmp_path / "empty").mkdir()
    for folder in (tmp_path / "empty", tmp_path / "absent"):
        for words in (("serve", folder), ("import", folder, file)):
            is_not_done(operator(*words), "no server lies in this folder")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "one.json"]
    assert list((tmp_path / "empty").iterdir()) == []


def test_row35_a_code_is_used_once_and_another_one_needs_the_authenticator(server: Path) -> None:
    said = operator("account", "code", server, "martin")
    again = f"{said.value['code']}\nune phrase tout autre\n000000\n"
    is_not_done(operator("account", "activate", server, "martin", given=again), "wrong_proof")
    is_not_done(operator("account", "activate", server, "martin", given="AAAA\nb\n"), "sign_in")
    lost = operator("account", "code", server, "martin", "--reset-factor")
    begins(server, "martin", lost)
    assert operator("audit", "verify", server).code == 0


def test_s8_a_membership_lasts_a_year_at_most_is_renewed_and_its_end_announced(
    server: Path,
) -> None:
    (mine,) = operator("member", "list", server, "martin").value
    assert mine["until"][:4] == str(SystemClock().now().year + 1)
    assert operator("member", "ending", server, "org-1").value == []
    words = ("member", "renew", server, "martin", mine["id"], "--until")
    is_not_done(operator(*words, "2099-01-01"), "until_too_far")
    is_not_done(operator(*words, "2020-01-01"), "until_past")
    soon = (SystemClock().now() + timedelta(days=20)).date().isoformat()
    assert operator(*words, soon).code == 0
    (ending,) = operator("member", "ending", server, "org-1").value
    assert (ending["login"], ending["situation"]) == ("martin", mine["id"])
    assert operator("member", "ending", server, "org-1", "--days", "10").value == []
    assert operator("member", "end", server, "martin", mine["id"]).code == 0
    is_not_done(operator(*words, soon), "membership_over")


def test_people_are_named_once_and_unknown_ones_are_said(server: Path) -> None:
    create = ("account", "create", server, "martin", "--name", "X")
    is_not_done(operator(*create), "login_taken")
    change = ("account", "password", server, "martin")
    is_not_done(operator(*change, given="short\n"), "12 characters")
    is_not_done(operator(*change, given=""), "12 characters")
    is_not_done(operator(*change, given="MotDePasse2026\n"), "everybody tries first")
    is_not_done(operator(*change, given="mon cher martin!\n"), "own name")
    assert "s3cr3t" not in operator(*change, given="s3cr3t\n").err
    assert operator(*change, given="un autre secret, long\n").code == 0
    for words in (
        ("device", "list", server, "nobody"),
        ("device", "revoke", server, "martin", "no-such-device"),
        ("grant", "attending", server, "no-such-patient", "martin"),
    ):
        is_not_done(operator(*words), "error.unavailable")
    add = ("member", "add", server, "martin")
    is_not_done(operator(*add, "org-9", "--profession", "10"), "unknown_organisation")
    is_not_done(operator(*add, "org-1", "--profession", "9999"), "unknown_profession")
    again = ("member", "organisation", server, "org-1", "--name", "Twice")
    is_not_done(operator(*again), "organisation_taken")


def test_the_passkeys_of_a_person_are_listed_and_one_that_is_not_theirs_is_said(
    server: Path,
) -> None:
    assert operator("account", "passkeys", server, "martin").value == []
    said = operator("account", "passkeys", server, "martin", "--remove", "AAAA")
    assert said.code == 2
    assert "error.unavailable" in said.err


def test_relations_blocks_and_memberships_begin_and_end(server: Path) -> None:
    for words, wanted in (
        (("grant", "attending", server, "pat-1", "martin"), {"attending": "martin"}),
        (("grant", "block", server, "pat-1", "martin"), {"blocked": "martin"}),
        (("grant", "unblock", server, "pat-1", "martin"), {"unblocked": "martin"}),
    ):
        said = operator(*words)
        assert (said.code, said.value) == (0, wanted)
    listed: Any = operator("member", "list", server, "martin").value
    assert [one["profession"] for one in listed] == ["10"]
    assert operator("member", "end", server, "martin", listed[0]["id"]).code == 0
    assert operator("member", "list", server, "martin").value == []
    assert operator("account", "close", server, "martin").code == 0


def test_hz08_an_absence_is_told_to_everybody_of_the_directory_and_ends(
    server: Path, tmp_path: Path
) -> None:
    people = [
        {"resourceType": "Practitioner", "id": f"ps-{name}", "name": [{"family": name}]}
        for name in ("roux", "blanc")
    ]
    bundle = {"resourceType": "Bundle", "type": "collection"}
    bundle["entry"] = [{"resource": one} for one in people]
    file = written(tmp_path / "people.json", msgspec.json.encode(bundle))
    assert operator("import", server, file, "--for", "org-1").code == 0
    for name in ("roux", "blanc"):
        words = ("account", "create", server, name, "--name", f"Dr {name}")
        assert operator(*words, "--practitioner", f"ps-{name}").code == 0
    begin = ("absence", "begin", server, "roux", "org-1", "--since", "2026-11-23", "--by")
    assert operator(*begin, "blanc", "--until", "2026-11-27").code == 0
    [absence] = roles.decode(_role(server)).absences
    assert (absence.by, absence.until) == ("Practitioner/ps-blanc", date(2026, 11, 27))
    end = ("absence", "end", server, "roux", "org-1", "--last", "2026-11-24")
    assert operator(*end).code == 0
    [absence] = roles.decode(_role(server)).absences
    assert absence.until == date(2026, 11, 24)
    is_not_done(operator(*begin, "roux", "--until", "2026-11-27"), "absence_same_person")
    is_not_done(operator(*begin, "blanc", "--until", "2026-11-22"), "absence_ends_before")
    is_not_done(operator(*begin, "martin", "--until", "2026-11-27"), "no_practitioner")


def _role(server: Path) -> bytes:
    async def read() -> bytes | None:
        house = await House.open(server, SystemClock(), SystemEntropy())
        try:
            return await house.directory.get("PractitionerRole", "absences-ps-roux-org-1")
        finally:
            await house.close()

    body = asyncio.run(read())
    assert body is not None
    return body


def test_import_takes_files_archives_lines_and_folders_and_meets_itself(
    server: Path, tmp_path: Path
) -> None:
    files = tmp_path / "files"
    written(files / "a.json", a_bundle("pat-a", 2))
    written(files / "deep" / "b.json.gz", gzip.compress(a_bundle("pat-b", 1)))
    lines = [an_allergy("pat-c", "pat-c-a0"), a_patient("pat-c")]
    raw = b"\n\n".join(msgspec.json.encode(line) for line in lines)
    written(files / "c.ndjson", raw + b"\r\n")
    written(files / "d.ndjson.gz", gzip.compress(msgspec.json.encode(a_patient("pat-d"))))
    written(files / "notes.txt", b"not ours")
    said = operator("import", server, files, "--for", "org-1")
    assert (said.code, counts(said), said.err) == (0, (8, 0, 0), "")
    said = operator("import", server, files, "--for", "org-1")
    assert (said.code, counts(said)) == (0, (0, 8, 0))


def test_what_cannot_be_read_is_refused_by_name_and_the_rest_is_taken(
    server: Path, tmp_path: Path
) -> None:
    files = tmp_path / "files"
    whole = gzip.compress(a_bundle("pat-a", 5))
    written(files / "1-cut.json.gz", whole[: len(whole) // 2])
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 0xFF
    written(files / "2-flipped.json.gz", bytes(flipped))
    written(files / "3-not-gzip.json.gz", b"{}")
    written(files / "4-empty.json", b"")
    written(files / "5-text.json", b"<html>")
    written(files / "6-twice.json", b'{"resourceType":"Patient","id":"x","id":"y"}')
    written(files / "7-good.json", a_bundle("pat-a", 5))
    written(files / "8-late.json", msgspec.json.encode(an_allergy("pat-z", "late")))
    reports = ("--report", tmp_path / "r", "--outcomes", tmp_path / "o")
    said = operator("import", server, files, tmp_path / "absent.json", *reports)
    assert (said.code, counts(said)) == (1, (6, 0, 8))
    outcomes = [msgspec.json.decode(line) for line in (tmp_path / "o").read_bytes().splitlines()]
    validator = Validator()
    assert [validator.issues("OperationOutcome", one) for one in outcomes] == [()] * 8
    first = {one["issue"][0]["diagnostics"].partition(",")[0]: one["issue"][0] for one in outcomes}
    assert first["6-twice.json"]["expression"] == ["$"]
    assert first["absent.json"]["code"] == "not-found"
    assert first["1-cut.json.gz"]["details"]["coding"][0]["code"] == "broken_archive"
    lines = [msgspec.json.decode(line) for line in (tmp_path / "r").read_bytes().splitlines()]
    named = {line["file"]: (line["reason"], line["resource"]) for line in lines}
    unreadable, broken = ("unreadable", ""), ("broken_archive", "")
    assert named == {
        "1-cut.json.gz": broken,
        "2-flipped.json.gz": broken,
        "3-not-gzip.json.gz": broken,
        "4-empty.json": unreadable,
        "5-text.json": unreadable,
        "6-twice.json": ("invalid", "Patient/y"),
        "8-late.json": ("unknown_patient", "AllergyIntolerance/late"),
        "absent.json": ("not_found", ""),
    }
    sentences = said.err.splitlines()
    assert (
        "3 refused: the .gz is damaged or cut short; fetch it again. [broken_archive]" in sentences
    )
    assert len(sentences) == len({reason for reason, _ in named.values()})


def test_a_file_that_is_none_is_refused_in_one_sentence_and_never_waited_for(
    server: Path, tmp_path: Path
) -> None:
    files = tmp_path / "files"
    written(files / "good.json", a_bundle("pat-a", 1))
    os.mkfifo(files / "pipe.json")
    (files / "loop.json").symlink_to(files / "loop.json")
    (files / "here").symlink_to(files)
    written(files / "bomb.json.gz", gzip.compress(bytes(1 << 20)) * 300)
    deep = b'{"resourceType":"Bundle","type":"collection","entry":' + b"[" * 500_000
    written(files / "deep.json", deep)
    written(files / "bom.json", b"\xef\xbb\xbf" + msgspec.json.encode(a_patient("pat-bom")))
    said = operator("import", server, files, "/dev/zero", "--report", tmp_path / "r")
    assert (said.code, counts(said)) == (1, (3, 0, 6))
    lines = [msgspec.json.decode(line) for line in (tmp_path / "r").read_bytes().splitlines()]
    assert {line["file"]: line["reason"] for line in lines} == {
        "here": "link_not_followed",
        "loop.json": "not_readable",
        "pipe.json": "not_a_file",
        "zero": "not_a_file",
        "bomb.json.gz": "too_large",
        "deep.json": "unreadable",
    }


def test_lines_are_named_by_their_number_whatever_is_taken_together(
    server: Path, tmp_path: Path
) -> None:
    lines: list[bytes] = [msgspec.json.encode(an_allergy("pat-l", f"l{n}")) for n in range(1200)]
    lines[7] = b"{"
    lines[600] = a_bundle("pat-m", 2)
    lines[601] = msgspec.json.encode(APPOINTMENT)
    lines[1100] = msgspec.json.encode(an_allergy("nobody", "n"))
    lines.append(msgspec.json.encode(a_patient("pat-l")))
    file = written(tmp_path / "all.ndjson", b"\r\n".join(lines))
    said = operator("import", server, file, "--report", tmp_path / "r")
    assert (said.code, counts(said)) == (1, (1200, 0, 3))
    told = [msgspec.json.decode(line) for line in (tmp_path / "r").read_bytes().splitlines()]
    assert [(line["line"], line["reason"]) for line in told] == [
        (8, "unreadable"),
        (602, "needs_agenda"),
        (1101, "unknown_patient"),
    ]


def test_a_file_that_changes_while_it_is_read_is_not_believed(tmp_path: Path) -> None:
    plain = written(tmp_path / "a.json", a_bundle("pat-a", 1))
    lines = written(tmp_path / "b.ndjson", b"{}\n{}\n")
    found = pieces(lines)
    assert next(found).raw == b"{}\n"
    with lines.open("ab") as file:
        file.write(b"{}\n")
    assert [piece.reason for piece in found][-1] == "file_changed"
    before = identity(plain)
    written(plain, a_bundle("pat-a", 2))
    assert identity(plain) != before


def test_a_folder_with_nothing_in_it_is_said(server: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    is_not_done(operator("import", server, tmp_path / "empty"), "nothing_to_import")


def test_an_import_that_was_interrupted_goes_on_where_it_stopped(
    server: Path, tmp_path: Path
) -> None:
    files = tmp_path / "files"
    for n in range(300):
        written(files / f"{n:03}.json", a_bundle(f"pat-{n:03}", 4))
    command = [sys.executable, "-m", "server", "import", str(server), str(files)]
    report = tmp_path / "report"
    with subprocess.Popen(
        [*command, "--report", str(report)], cwd=ROOT, stderr=subprocess.PIPE
    ) as process:
        wal = server / "data.db-wal"
        while process.poll() is None and not (wal.exists() and wal.stat().st_size > 1 << 20):
            pass
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        told = process.stderr.read()
        assert process.wait(20) == 130, told
    assert b"Traceback" not in told
    said = operator("import", server, files)
    accepted, duplicate, refused = counts(said)
    assert (said.code, refused, accepted + duplicate) == (0, 0, 1500)
    assert duplicate >= 5
    assert "WRONG" not in operator("doctor", server).out


def test_serve_says_its_address_once_and_stops_cleanly(server: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    process = ServerProcess(server, log).start()
    assert process.url.startswith("http://127.0.0.1:")
    second = operator("serve", server, "--port", "0")
    is_not_done(second, "Another colloque-server has this folder open")
    assert process.stop() == 130
    assert logged_events(log) == ["serving", "stopped"]
    assert not list(server.glob("*-wal"))
    with ServerProcess(server, log):
        pass


def test_serve_listens_on_this_machine_only(server: Path) -> None:
    for host in ("0.0.0.0", "::", "127.0.0.1.example.org"):
        is_not_done(operator("serve", server, "--host", host), "demonstration_stays")


def test_serve_says_when_its_port_is_taken(server: Path, made: Path, tmp_path: Path) -> None:
    with ServerProcess(server, tmp_path / "log") as first:
        other = Path(copytree(made, tmp_path / "other"))
        said = operator("serve", other, "--port", str(first.port))
        is_not_done(said, "address_taken")


def test_bad_words_are_answered_by_usage(server: Path) -> None:
    for words in ((), ("unknown",), ("serve", server, "--port", "x")):
        said = operator(*words)
        assert said.code == 2
        assert said.err.startswith("usage:")


def findings(said: Said) -> dict[str, str]:
    """What doctor found wrong, by name."""
    lines = [line.split(None, 1)[1] for line in said.out.splitlines() if line.startswith("WRONG")]
    return {line[:16].strip(): line[16:].strip() for line in lines}


def test_doctor_finds_a_healthy_server_well(server: Path) -> None:
    said = operator("doctor", server)
    assert (said.code, findings(said), said.err) == (0, {}, "")
    assert len(said.out.splitlines()) >= 9


def test_doctor_names_a_root_key_that_others_may_read(server: Path) -> None:
    (server / "root.key").chmod(0o444)
    said = operator("doctor", server)
    assert said.code == 1
    assert findings(said)["root.key"].endswith("chmod 0400 root.key")
    assert "0400" in findings(said)["keys and engine"]
    is_not_done(operator("serve", server), "error.keychain")


def test_doctor_names_a_lost_database_and_nobody_makes_an_empty_one(server: Path) -> None:
    for name in ("keys.db", "data.db"):
        kept = (server / name).rename(server / "aside")
        said = operator("doctor", server)
        assert said.code == 1
        assert findings(said)[name] == "is not there"
        assert name in findings(said)["keys and engine"]
        is_not_done(operator("serve", server), f"{name} is missing")
        assert not (server / name).exists()
        kept.rename(server / name)
    assert operator("doctor", server).code == 0


def test_doctor_names_a_root_key_of_another_server(server: Path, tmp_path: Path) -> None:
    operator("init", tmp_path / "other")
    (server / "root.key").unlink()
    (tmp_path / "other" / "root.key").rename(server / "root.key")
    said = operator("doctor", server)
    assert said.code == 1
    assert "root.key does not open" in findings(said)["keys and engine"]
    is_not_done(operator("serve", server), "root.key does not open")


def test_doctor_finds_one_flipped_byte_in_a_sealed_cell(server: Path) -> None:
    path = server / "data.db"
    raw = sqlcipher3.connect(str(path))
    (cell,) = raw.execute("SELECT cell FROM resource WHERE rtype = 'AllergyIntolerance'").fetchone()
    raw.close()
    whole = bytearray(path.read_bytes())
    whole[whole.index(cell) + len(cell) // 2] ^= 1
    path.write_bytes(whole)
    said = operator("doctor", server)
    assert said.code == 1
    assert findings(said) == {"sealed cells": "1 of 6 do not open; restore the last backup"}


def test_doctor_finds_a_damaged_page_wherever_it_lies(server: Path) -> None:
    path = server / "data.db"
    sound = path.read_bytes()
    page = 8192
    for n in range(1, len(sound) // page, 8):
        whole = bytearray(sound)
        whole[n * page : n * page + 64] = bytes(64)
        path.write_bytes(whole)
        said = operator("doctor", server)
        assert (said.code, bool(findings(said))) == (1, True), n
    path.write_bytes(b"x" * page)
    said = operator("doctor", server)
    assert said.code == 1
    assert "Restore the last backup" in findings(said)["keys and engine"]


def test_doctor_names_a_clock_that_is_years_off(
    server: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = ManualClock(datetime(2019, 1, 1, tzinfo=UTC))
    options = Namespace(folder=server, clock=clock, entropy=SystemEntropy(), certificate=None)
    assert asyncio.run(self_check.check(options)) == 1
    assert "WRONG clock" in capsys.readouterr().out


def test_the_identity_is_shown_its_keys_replaced_and_its_private_half_leaves_the_machine(
    server: Path, tmp_path: Path
) -> None:
    shown = operator("identity", "show", server)
    assert shown.code == 0
    fingerprint = shown.out.splitlines()[0]
    assert fingerprint.startswith("identity  ")
    safe = tmp_path / "safe.key"
    (server / "identity.key").rename(safe)
    assert operator("identity", "sign", server).code == 2
    replaced = operator("identity", "sign", server, "--key", safe, "--replace", "log")
    assert replaced.code == 0
    assert "(replaced)" in replaced.out
    with ServerProcess(server, tmp_path / "log"):
        pass
    assert operator("identity", "show", server).out.startswith(fingerprint)
    assert operator("doctor", server).code == 0
    assert operator("audit", "verify", server).value == {"entries": entries(server), "whole": True}


def entries(server: Path) -> int:
    """How many the log holds, read without our own code."""
    with sqlcipher3.connect(str(server / "data.db")) as data:
        return int(data.execute("SELECT count(*) FROM log").fetchone()[0])


def test_another_servers_identity_signs_nothing_here(server: Path, tmp_path: Path) -> None:
    assert operator("init", tmp_path / "other", "--demonstration").code == 0
    other = tmp_path / "other" / "identity.key"
    refused = operator("identity", "sign", server, "--key", other)
    assert (refused.code, "[other_identity]" in refused.err) == (2, True)


def test_a_server_without_its_signed_list_does_not_start_and_says_what_to_do(server: Path) -> None:
    (server / "keys.txt").unlink()
    refused = operator("serve", server, "--port", "0")
    assert refused.code == 2
    assert "identity sign" in refused.err
    assert operator("identity", "sign", server).code == 0
    assert operator("doctor", server).code == 0


def test_s5_an_auditor_keeps_a_checkpoint_and_holds_the_log_against_it(
    server: Path, tmp_path: Path
) -> None:
    printed = operator("audit", "checkpoint", server)
    kept = tmp_path / "checkpoint.txt"
    kept.write_text(printed.out)
    whole = operator("audit", "verify", server, "--since", kept)
    assert (whole.code, whole.value["whole"]) == (0, True)
    kept.write_text(printed.out.replace("colloque.log\n", "colloque.log\n1", 1))
    refused = operator("audit", "verify", server, "--since", kept)
    assert (refused.code, "[checkpoint_unsigned]" in refused.err) == (2, True)
    refused = operator("audit", "verify", server, "--since", tmp_path / "nowhere")
    assert (refused.code, "[checkpoint_unreadable]" in refused.err) == (2, True)


@pytest.mark.parametrize("change", ["UPDATE", "DELETE"])
def test_s5_audit_verify_names_the_first_bad_entry(server: Path, change: str) -> None:
    assert operator("audit", "verify", server).code == 0
    with sqlcipher3.connect(str(server / "data.db")) as data:
        place, owner, month, n = data.execute(
            "SELECT position, source, month, n FROM log ORDER BY position LIMIT 1"
        ).fetchone()
        where = (owner, month, n)
        if change == "UPDATE":
            text = "UPDATE journal SET cell = zeroblob(80) WHERE owner = ? AND month = ? AND n = ?"
        else:
            text = "DELETE FROM journal WHERE owner = ? AND month = ? AND n = ?"
        assert data.execute(text, where).rowcount == 1
    data.close()
    found = operator("audit", "verify", server)
    fault = "altered" if change == "UPDATE" else "missing"
    assert found.code == 1
    said = msgspec.json.decode(found.out)
    assert said["first_bad"] == {"place": place, "owner": owner, "fault": fault}


def test_f11_a_breach_report_names_patients_and_is_itself_journalled(server: Path) -> None:
    before = entries(server)
    told = operator("audit", "breach", server, "--from", "2020-01-01", "--names")
    line, summary = (msgspec.json.decode(one) for one in told.out.splitlines())
    assert told.code == 0
    assert (line["patient"], line["name"], line["acts"]) == (
        "pat-1",
        "Durand pat-1",
        {"imported": 1},
    )
    assert (summary["patients"], summary["rows_unreadable"]) == (1, 0)
    assert summary["summary_fr"].startswith("1 patient(s) concerné(s)")
    assert entries(server) == before + 1
    bare = operator("audit", "breach", server, "--unit", "org-1", "--until", "2020-01-01")
    assert [msgspec.json.decode(one)["patients"] for one in bare.out.splitlines()] == [0]
    quick = operator("audit", "breach", server, "--account", "martin", "--quick")
    assert msgspec.json.decode(quick.out)["rows_read"] == 0
    assert entries(server) == before + 3


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ((), "breach_of_what"),
        (("--from", "yesterday"), "not_an_instant"),
        (("--from", "2026-01-01", "--quick"), "quick_needs_account"),
        (("--account", "nobody"), "error.unavailable"),
        (("--device", "nothing"), "error.unavailable"),
    ],
)
def test_f11_a_breach_report_of_nothing_known_says_what_is_missing(
    server: Path, asked: tuple[str, ...], code: str
) -> None:
    refused = operator("audit", "breach", server, *asked)
    assert (refused.code, f"[{code}]" in refused.err) == (2, True)


def test_s7_only_a_blocked_account_is_unblocked(server: Path) -> None:
    refused = operator("account", "unblock", server, "martin", "--reason", "asked him")
    assert (refused.code, "[not_blocked]" in refused.err) == (2, True)
    told = operator("account", "alarms", server, "martin")
    assert (told.code, told.value) == (0, [])
