"""Golden vectors: what was sealed once opens for ever, and what must fail still fails."""

from pathlib import Path

import msgspec
import pytest

from dossier.errors import SealBroken
from dossier.sealing import cells, devices, profile, wrapping
from dossier.sealing.blind import BlindIndex
from dossier.sealing.checkpoints import sign_checkpoint, verify_checkpoint
from dossier.sealing.encoding import tup
from dossier.sealing.facets import FacetTags
from dossier.sealing.merkle import journal_leaf
from dossier.sealing.passwords import Cost, verify_password
from dossier.sealing.streams import open_stream
from dossier.sealing.tokens import Tokens

VECTORS = msgspec.json.decode(
    (Path(__file__).resolve().parents[1] / "vectors" / "sealing_v1.json").read_bytes()
)
raw = bytes.fromhex


def part(value):
    return raw(value[4:]) if isinstance(value, str) and value.startswith("hex:") else value


@pytest.mark.parametrize("case", VECTORS["tup"], ids=lambda case: str(case["parts"]))
def test_tup(case):
    assert tup(case["label"], *map(part, case["parts"])).hex() == case["bytes"]


CELL = VECTORS["cell"]


def test_cell():
    aad = cells.aad(*CELL["place"])
    assert aad.hex() == CELL["aad"]
    assert cells.key_version(raw(CELL["cell"])) == CELL["key_version"]
    assert cells.open_cell(raw(CELL["key"]), raw(CELL["cell"]), aad).decode() == CELL["body"]


@pytest.mark.parametrize("case", CELL["must_fail"], ids=lambda case: case["why"])
def test_cell_must_fail(case):
    aad = cells.aad(*case.get("place", CELL["place"]))
    with pytest.raises(SealBroken):
        cells.open_cell(raw(CELL["key"]), raw(case["cell"]), aad)


def test_wrap():
    case = VECTORS["wrap"]
    kek, aad = raw(case["kek"]), raw(case["aad"])
    assert wrapping.unwrap(kek, raw(case["wrapped"]), aad).hex() == case["key"]
    for bad in case["must_fail"]:
        with pytest.raises(SealBroken):
            wrapping.unwrap(kek, raw(bad), aad)


@pytest.mark.parametrize("case", VECTORS["derive"], ids=lambda case: str(case["parts"]))
def test_derive(case):
    made = wrapping.derive(raw(case["key"]), case["label"], *case["parts"])
    assert made.hex() == case["derived"]


def test_facet_tags():
    tags = FacetTags(raw(VECTORS["facet"]["key"]))
    for case in VECTORS["facet"]["tags"]:
        assert tags.tag(case["owner"], case["name"]) == case["tag"]
        assert tags.name(case["owner"], case["tag"]) == case["name"]
    for case in VECTORS["facet"]["must_fail"]:
        with pytest.raises(SealBroken):
            tags.name(case["owner"], case["tag"])


def test_tokens():
    tokens = Tokens(raw(VECTORS["token"]["key"]))
    for case in VECTORS["token"]["tokens"]:
        assert tokens.seal(case["kind"], *case["parts"]) == case["token"]
        assert tokens.open(case["kind"], case["token"]) == tuple(map(str, case["parts"]))
    for case in VECTORS["token"]["must_fail"]:
        with pytest.raises(SealBroken):
            tokens.open(case["kind"], case["token"])


@pytest.mark.parametrize(
    "case", VECTORS["blind"]["values"], ids=lambda case: f"{case['kind']}-{len(case['parts'])}"
)
def test_blind_indexes(case):
    index = BlindIndex(raw(VECTORS["blind"]["key"]))
    assert str(getattr(index, case["kind"])(*case["parts"])) == case["hash"]


def test_password_record():
    case = VECTORS["password"]
    assert verify_password(case["password"], case["record"])
    assert not any(verify_password(wrong, case["record"]) for wrong in case["must_fail"])


def test_profile_header():
    case = VECTORS["profile"]
    secret, floor = raw(case["device_secret"]), Cost(*case["floor"])
    header = raw(case["header"])
    assert profile.open_header(header, case["passphrase"], secret, floor).hex() == case["key"]
    assert profile.open_with_recovery(header, case["code"]).hex() == case["key"]
    for bad in case["must_fail"]:
        with pytest.raises(SealBroken):
            profile.open_header(raw(bad), case["passphrase"], secret, floor)
        with pytest.raises(SealBroken):
            profile.open_with_recovery(raw(bad), case["code"])


def test_journal_leaf():
    case = VECTORS["journal"]
    leaf = journal_leaf(
        case["owner"], case["month"], case["n"], raw(case["k"]), raw(case["detail"])
    )
    assert leaf.hex() == case["leaf"]


def test_checkpoint():
    case = VECTORS["checkpoint"]
    private, public, text = raw(case["private"]), raw(case["public"]), case["text"].encode()
    assert devices.public_key(private) == public
    assert sign_checkpoint(private, case["origin"], case["size"], raw(case["root"])) == text
    said = verify_checkpoint(public, text)
    assert (said.origin, said.size, said.root.hex()) == (case["origin"], case["size"], case["root"])
    for bad in case["must_fail"]:
        with pytest.raises(SealBroken):
            verify_checkpoint(public, bad.encode())


def test_sealed_files():
    case = VECTORS["stream"]
    key = raw(case["key"])
    for file in case["files"]:
        opened = open_stream(key, case["blob"], [raw(file["sealed"])], 100)
        assert b"".join(opened).hex() == file["plain"]
    for bad in case["must_fail"]:
        with pytest.raises(SealBroken):
            list(open_stream(key, bad["blob"], [raw(bad["sealed"])], 100))
