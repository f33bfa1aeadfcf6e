"""What the summary page shows."""

from msgspec import Struct


class SummaryState(Struct, frozen=True, kw_only=True):
    """`owner` None: nothing is shown. `pdf` is the page as it is printed and filed, empty while it is made.
    `said`: what the page leaves out and on which copy it stands. `filed`: it became a document of the record.
    """

    owner: int | None = None
    title: str = ""
    pdf: bytes = b""
    text: str = ""
    said: tuple[str, ...] = ()
    filed: bool = False
    problem: str = ""
