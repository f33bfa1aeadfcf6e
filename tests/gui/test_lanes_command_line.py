"""The command line of the desktop: typed options, no secret in an argument."""

from pathlib import Path

import pytest

from practitioner_app.__main__ import arguments, options_of


def test_the_usual_folder_follows_the_system_s_habit():
    assert arguments([], {"XDG_DATA_HOME": "/x"}).profile == Path("/x/colloque")
    assert arguments([], {"COLLOQUE_PROFILE": "/y"}).profile == Path("/y")
    assert arguments(["--profile", "/z"], {"COLLOQUE_PROFILE": "/y"}).profile == Path("/z")


def test_an_enrolment_names_its_server_and_says_it_is_a_demonstration():
    found = arguments(
        ["--profile", "/p", "enrol", "--server", "http://127.0.0.1:1", "--demonstration"], {}
    )
    assert options_of(found).server == "http://127.0.0.1:1"
    with pytest.raises(SystemExit) as caught:
        arguments(["enrol", "--server", "http://127.0.0.1:1"], {})
    assert caught.value.code == 2


def test_the_tour_takes_its_phrase_from_standard_input_only():
    found = arguments(["--screenshots", "/s", "tour"], {})
    options = options_of(found, "loutre velours")
    assert (found.verb, options.phrase, options.screenshots) == (
        "tour",
        "loutre velours",
        Path("/s"),
    )


@pytest.mark.parametrize("wrong", [["--lang", "de"], ["--scale", "110"], ["--phrase", "x"]])
def test_what_is_not_known_ends_with_code_2(wrong):
    with pytest.raises(SystemExit) as caught:
        arguments(wrong, {})
    assert caught.value.code == 2
