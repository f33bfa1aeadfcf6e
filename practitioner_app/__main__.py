"""`colloque`: the desktop.

colloque --profile DIR [--server URL] [--lang fr|en] [--theme system|light|dark] [--scale 100]
colloque --profile DIR enrol --server URL --demonstration    {login, password, authenticator,
                                                             phrase, device_name} on stdin
colloque --profile DIR --screenshots DIR tour                on stdin, of a demonstration only: the phrase, then
                                                             the accounts and codes of TourSecrets as JSON
"""

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec import structs

from dossier.errors import BadAnswer
from dossier.wire import codec
from practitioner_app.bootstrap import Enrolment, Options, run, run_enrolment, walk

if TYPE_CHECKING:
    from practitioner_app.rehearsal import TourSecrets

THEMES: Final = ("system", "light", "dark")
SCALES: Final = (100, 115, 130, 150)


def arguments(given: list[str], environment: dict[str, str]) -> argparse.Namespace:
    """The command line; exits with 2 and one sentence when it is wrong."""
    parser = argparse.ArgumentParser(prog="colloque", description="The practitioner's desktop.")
    usual = environment.get("COLLOQUE_PROFILE") or _usual_folder(environment)
    parser.add_argument("--profile", type=Path, default=Path(usual))
    parser.add_argument("--server", default="", help="address offered at the first start")
    parser.add_argument("--ca-file", type=Path, default=None, help="trust this authority only")
    parser.add_argument("--lang", choices=("fr", "en"), default="fr")
    parser.add_argument("--theme", choices=THEMES, default="system")
    parser.add_argument("--scale", type=int, choices=SCALES, default=100)
    parser.add_argument("--device-name", default="")
    parser.add_argument("--screenshots", type=Path, default=None)
    verbs = parser.add_subparsers(dest="verb")
    enrol = verbs.add_parser("enrol", help="enrol this computer without a window")
    enrol.add_argument("--server", dest="enrol_at", required=True)
    enrol.add_argument("--demonstration", action="store_true", required=True)
    verbs.add_parser("tour", help="walk through every screen and save pictures")
    return parser.parse_args(given)


def options_of(found: argparse.Namespace, phrase: str = "") -> Options:
    """Typed options."""
    return Options(
        profile=found.profile.expanduser(),
        server=getattr(found, "enrol_at", "") or found.server,
        ca_file=found.ca_file,
        language=found.lang,
        theme=found.theme,
        scale=found.scale,
        device_name=found.device_name,
        phrase=phrase,
        screenshots=found.screenshots,
    )


def _usual_folder(environment: dict[str, str]) -> Path:
    """Where this system keeps the files of a program of this user."""
    if sys.platform == "win32":
        return Path(environment.get("LOCALAPPDATA", "~")) / "Colloque"
    if sys.platform == "darwin":
        return Path("~/Library/Application Support/Colloque")
    return Path(environment.get("XDG_DATA_HOME") or "~/.local/share") / "colloque"


def _secrets(line: str) -> "TourSecrets | None":
    """Who the colleague is and the recovery code; without them the tour makes no trouble."""
    from practitioner_app.rehearsal import TourSecrets  # noqa: PLC0415 - only a tour waits for it

    return codec.decode(line.encode(), TourSecrets) if line.strip() else None


def main() -> int:
    """Entry point. Exit codes: 0 closed by the person, 2 wrong arguments, 3 could not start."""
    found = arguments(sys.argv[1:], dict(os.environ))
    if found.verb == "enrol":
        try:
            given = codec.decode(sys.stdin.buffer.read(), Enrolment)
        except BadAnswer:
            sys.stderr.write(
                "standard input: login, password, authenticator, phrase, device_name as JSON\n"
            )
            return 2
        return run_enrolment(options_of(found), given, sys.argv[:1])
    if found.verb == "tour":
        options = options_of(found, sys.stdin.readline().strip())
        return walk(structs.replace(options, tour=_secrets(sys.stdin.readline())), sys.argv[:1])
    return run(options_of(found), sys.argv[:1])


if __name__ == "__main__":
    sys.exit(main())
