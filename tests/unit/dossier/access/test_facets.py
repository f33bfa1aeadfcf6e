import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dossier.access.facets import Facet, parse_facet

NAMES = [
    "identity",
    "profile",
    "profile:nr",
    "rec:care",
    "rec:care:np",
    "rec:care:nr",
    "rec:doctor:m-9223372036854775807",
    "rec:doctor:m-12:nr",
    "rec:doctor:a-12",
    "rec:doctor:a-12:np",
    "desk",
    "visits",
    "visits:nr",
    "access",
    "access:np",
    "access:nr",
    "own-5",
    "diary",
    "reasons-018f-a.B",
    "thread",
    "team-5",
    "settings",
    "intake-5",
    "private",
    "public",
    "import",
]


@pytest.mark.parametrize("name", NAMES)
def test_every_name_of_the_grammar_reads_and_writes_back_the_same(name):
    assert parse_facet(name).name == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        "rec",
        "rec:",
        "rec:care:",
        "rec:Care",
        "rec:care:m-12:np",
        "rec:care:m-0",
        "rec:care:m-012",
        "rec:care:m-1:a-1",
        "rec:care:np:nr",
        "rec:care:nr\n",
        "profile:np",
        "visits:np",
        "identity:nr",
        "desk:np",
        "own",
        "own-x",
        "reasons-",
        "reasons-a/b",
        "unknown",
    ],
)
def test_nothing_else_is_a_facet(name):
    with pytest.raises(ValueError):
        parse_facet(name)


def test_the_parts_are_named():
    assert parse_facet("rec:doctor:m-12:nr") == Facet("rec", "doctor", masked_by=12, nr=True)
    assert parse_facet("rec:doctor:a-12:np").author == 12
    assert parse_facet("own-5").target == "5"
    assert [name for name in NAMES if parse_facet(name).clinical] == [
        name for name in NAMES if name.startswith(("rec", "profile", "own"))
    ]


@settings(max_examples=40, deadline=None)
@given(
    st.builds(
        Facet,
        st.sampled_from(["rec", "profile", "visits", "access", "identity", "own", "reasons"]),
        st.sampled_from(["", "care"]),
        st.none() | st.integers(0, 5),
        st.none() | st.integers(0, 5),
        st.booleans(),
        st.booleans(),
        st.sampled_from(["", "7"]),
    )
)
def test_a_facet_that_has_a_name_is_the_only_one_with_it(facet):
    try:
        name = facet.name
    except ValueError:
        return
    assert parse_facet(name) == facet
