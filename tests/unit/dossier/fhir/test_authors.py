"""Whom a resource names as its author."""

import pytest

from dossier.fhir.authors import author_references

DR, LAB, HER = "Practitioner/dr", "Organization/lab", "Patient/p"


@pytest.mark.parametrize(
    ("resource", "named"),
    [
        ({"author": [{"reference": DR}]}, (DR,)),
        ({"recorder": {"reference": DR}, "asserter": {"reference": HER}}, (DR, HER)),
        ({"performer": [{"reference": LAB}, {"display": "?"}]}, (LAB,)),
        ({"performer": [{"actor": {"reference": DR}}]}, (DR,)),
        ({"participant": [{"individual": {"reference": DR}}]}, (DR,)),
        ({"author": "x", "performer": [1, None], "recorder": {"reference": 3}}, ()),
        ({}, ()),
    ],
)
def test_authors_are_read_where_each_type_has_them(resource, named):
    assert author_references(resource) == named
