"""`colloque`: the desktop.

colloque --profile DIR [--server URL] [--lang fr|en] [--theme system|light|dark] [--scale 100]
colloque --profile DIR --server URL --enrol LOGIN      demonstration servers only; the password and the
                                                       phrase come from COLLOQUE_PASSWORD, COLLOQUE_PHRASE
"""

import argparse
import os
import sys
from pathlib import Path
from typing import Final

from practitioner_app.bootstrap import Options, run

THEMES: Final = ("system", "light", "dark")
SCALES: Final = (100, 115, 130, 150)


def parsed(arguments: list[str], environment: dict[str, str]) -> Options:
    """Options from the command line, defaults from the environment (COLLOQUE_*)."""
    parser = argparse.ArgumentParser(
        prog="colloque", description="Colloque, the practitioner's desktop"
    )
    parser.add_argument(
        "--profile", type=Path, default=Path(environment.get("COLLOQUE_PROFILE") or _usual_folder())
    )
    parser.add_argument("--server", default=environment.get("COLLOQUE_SERVER", ""))
    parser.add_argument("--ca-file", type=Path, default=None, help="trust this authority only")
    parser.add_argument(
        "--lang", choices=("fr", "en"), default=environment.get("COLLOQUE_LANG", "fr")
    )
    parser.add_argument("--theme", choices=THEMES, default="system")
    parser.add_argument("--scale", type=int, choices=SCALES, default=100)
    parser.add_argument("--device-name", default=environment.get("COLLOQUE_DEVICE_NAME", ""))
    parser.add_argument("--enrol", metavar="LOGIN", default="", help="demonstration servers only")
    given = parser.parse_args(arguments)
    return Options(
        profile=given.profile.expanduser(),
        server=given.server,
        ca_file=given.ca_file,
        language=given.lang,
        theme=given.theme,
        scale=given.scale,
        device_name=given.device_name,
        enrol=given.enrol,
        password=environment.get("COLLOQUE_PASSWORD", ""),
        phrase=environment.get("COLLOQUE_PHRASE", ""),
    )


def _usual_folder() -> Path:
    """Where this system keeps the files of a program of this user."""
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", "~")) / "Colloque"
    if sys.platform == "darwin":
        return Path("~/Library/Application Support/Colloque")
    return Path(os.environ.get("XDG_DATA_HOME") or "~/.local/share") / "colloque"


def main() -> int:
    """Entry point. Exit codes: 0 closed by the person, 2 wrong arguments, 3 could not start."""
    return run(parsed(sys.argv[1:], dict(os.environ)), sys.argv[:1])


if __name__ == "__main__":
    sys.exit(main())
