"""Which addresses are this server's own."""

import pytest

from server.services.addresses import Addresses, is_origin, loopback_at, path_of


@pytest.mark.parametrize(
    ("address", "ours"),
    [
        ("https://colloque.example/a", True),
        ("https://COLLOQUE.example:443/a", True),
        ("https://colloque.example:444/a", False),
        ("http://colloque.example/a", False),
        ("https://cabinet.example:8413/a", True),
        ("http://cabinet.example/a", False),
        ("https://poste.soins.example/a", True),
        ("https://un.poste.soins.example/a", False),
        ("https://soins.example/a", False),
        ("https://192.168.1.10/a", True),
        ("https://user@colloque.example/a", False),
        ("https://colloque.example/a?b", False),
        ("https://colloque.example:99999/a", False),
        ("http://[::1]:8413/a", True),
        ("http://127.0.0.1:8413/a", True),
        ("http://127.0.0.1:8414/a", False),
        ("colloque.example", False),
        ("", False),
    ],
)
def test_an_address_is_ours_as_the_operator_or_the_certificate_says(
    address: str, *, ours: bool
) -> None:
    names = ("Cabinet.example", "*.soins.example", "192.168.1.10")
    known = Addresses(("https://colloque.example", *loopback_at(8413)), lambda: names)
    assert known.is_ours(address) is ours


def test_an_origin_has_no_path_and_a_broken_address_no_path_either() -> None:
    assert is_origin("https://colloque.example:8413")
    for wrong in ("https://colloque.example/", "colloque.example", "https://", "ftp://a.example"):
        assert not is_origin(wrong)
    assert path_of("https://colloque.example/a/b") == "/a/b"
    assert path_of("https://[") == ""
