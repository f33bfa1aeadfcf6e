import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dossier.errors import SealBroken
from dossier.sealing.blind import BlindIndex, letters
from dossier.sealing.facets import FacetTags
from dossier.sealing.text import base64url, unbase64url
from dossier.sealing.tokens import Tokens

KEY, OTHER_KEY = bytes(range(32)), bytes(range(1, 33))
TAGS, TOKENS, BLIND = FacetTags(KEY), Tokens(KEY), BlindIndex(KEY)


def test_a_facet_tag_reads_back_under_its_owner_only():
    tag = TAGS.tag(7, "rec:care:m-12")
    assert TAGS.name(7, tag) == "rec:care:m-12"
    assert FacetTags(KEY).tag(7, "rec:care:m-12") == tag
    assert TAGS.tag(8, "rec:care:m-12") != tag
    with pytest.raises(SealBroken):
        TAGS.name(8, tag)
    with pytest.raises(SealBroken):
        FacetTags(OTHER_KEY).name(7, tag)


def test_vis_04_a_tag_shows_neither_the_name_nor_its_length():
    names = ["desk", "identity", "rec:care", "rec:care:np", "rec:doctor:m-9223372036854775807"]
    tags = [TAGS.tag(7, name) for name in names]
    assert {len(tag) for tag in tags} == {64}
    assert len({tag[:8] for tag in tags}) == len(names)


@pytest.mark.parametrize("bad", ["", "A", "é", "A" * 64, "=" * 4, "A" * 63 + "!"])
def test_garbage_is_no_tag_and_no_token(bad):
    with pytest.raises(SealBroken):
        TAGS.name(7, bad)
    with pytest.raises(SealBroken):
        TOKENS.open("cursor", bad)


@pytest.mark.parametrize("name", ["", "a\0", "\0"])
def test_a_name_without_a_tag_is_refused(name):
    with pytest.raises(ValueError):
        TAGS.tag(7, name)


def test_every_altered_byte_breaks_a_tag_and_a_token():
    for sealed, open_it in (
        (TAGS.tag(7, "desk"), lambda text: TAGS.name(7, text)),
        (TOKENS.seal("cursor", 1, "a"), lambda text: TOKENS.open("cursor", text)),
    ):
        raw = unbase64url(sealed)
        for i in range(len(raw)):
            with pytest.raises(SealBroken):
                open_it(base64url(raw[:i] + bytes([raw[i] ^ 1]) + raw[i + 1 :]))


tokens = st.tuples(
    st.sampled_from(["cursor", "term"]),
    st.lists(st.integers(0, 12) | st.text("01a:", max_size=3), max_size=3),
)


@settings(max_examples=40, deadline=None)
@given(tokens, tokens)
def test_two_tokens_are_equal_iff_their_meaning_is(one, other):
    sealed = TOKENS.seal(one[0], *one[1])
    means = [(kind, [str(part) for part in parts]) for kind, parts in (one, other)]
    assert (sealed == TOKENS.seal(other[0], *other[1])) == (means[0] == means[1])
    assert TOKENS.open(one[0], sealed) == tuple(means[0][1])


def test_a_token_of_another_kind_or_server_does_not_open():
    sealed = TOKENS.seal("cursor", 1)
    with pytest.raises(SealBroken):
        TOKENS.open("term", sealed)
    with pytest.raises(SealBroken):
        Tokens(OTHER_KEY).open("cursor", sealed)


def test_facet_tags_and_tokens_of_one_key_never_meet():
    tag = TAGS.tag(7, "desk")
    with pytest.raises(SealBroken):
        TOKENS.open("facet", tag)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (BLIND.ins("1.2.250", "2 58 07 449 909 01"), BLIND.ins("1.2.250", "2580744990901")),
        (BLIND.ins("1.2.250", "249012a990914"), BLIND.ins(" 1.2.250", "249012A990914")),
        (
            BLIND.traits("Le Goff", "Hélène", "1942-03-03"),
            BLIND.traits("LE-GOFF", "HELENE ", "1942-03-03"),
        ),
        (
            BLIND.traits("N'GUYEN", "Zoé", "1976-02-03", "female"),
            BLIND.traits("N’Guyen", "Zoe\u0301", "1976-02-03", "female"),
        ),
        (BLIND.traits("Lœwe", "A", "1976-02-03"), BLIND.traits("LOEWE", "a", "1976-02-03")),
        (BLIND.login(" Claire@Exemple.invalid"), BLIND.login("claire@exemple.INVALID ")),
        (BLIND.rpps("999 0000 0001"), BLIND.rpps("99900000001")),
    ],
)
def test_usual_spellings_of_one_value_meet(one, other):
    assert one == other


def test_different_values_kinds_and_keys_do_not_meet():
    same = "12345678901"
    made = [
        BLIND.ins("1", same),
        BLIND.ins("2", same),
        BLIND.login(same),
        BLIND.device(same),
        BLIND.locator(same),
        BLIND.rpps(same),
        BLIND.traits("A", "B", "2000-01-01"),
        BLIND.traits("AB", "", "2000-01-01"),
        BLIND.traits("A", "B", "2000-01-02"),
        BLIND.traits("A", "B", "2000-01-01", "male"),
        BLIND.locator("Patient/1"),
        BLIND.locator("patient/1"),
        BlindIndex(OTHER_KEY).rpps(same),
    ]
    assert len(set(made)) == len(made)
    assert all(0 < value < 1 << 63 for value in made)


def test_letters_keep_letters_of_any_alphabet():
    assert letters("D’Été-Straße Łódź") == "DETESTRASSELODZ"
    assert letters("Ольга 2") == "ОЛЬГА"
