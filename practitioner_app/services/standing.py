"""Why a line does not count: one answer for every list, so that no word is put in the place of another."""

from typing import Any, Final

from dossier.fhir.allergies import Activity, Allergy, Certainty
from dossier.fhir.problems import Problem, Verified
from practitioner_app.services.rows import Struck

_VERIFIED: Final = {Verified.ERRONEOUS: Struck.ERROR, Verified.REFUTED: Struck.REFUTED}
_CERTAINTIES: Final = {Certainty.ERRONEOUS: Struck.ERROR, Certainty.REFUTED: Struck.REFUTED}
_STATUSES: Final = {
    "entered-in-error": Struck.ERROR,
    "cancelled": Struck.CANCELLED,
    "not-done": Struck.NOT_DONE,
}


def struck_of(value: Any) -> Struck:
    """Why what a body says does not hold; `Struck.NO` where it does, or where nothing is known."""
    match value:
        case Allergy():
            over = value.activity in (Activity.INACTIVE, Activity.RESOLVED)
            ended = Struck.ENDED if over else Struck.NO
            return _CERTAINTIES.get(value.certainty, ended)
        case Problem():
            return _VERIFIED.get(value.verified, Struck.NO)
        case _:
            return _STATUSES.get(str(getattr(value, "status", "")), Struck.NO)
