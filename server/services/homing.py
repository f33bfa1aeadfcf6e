"""Where a stored row lives: `home` with what its cell says of its author, and labels read off a facet."""

from typing import Any

from dossier.access.facets import parse_facet
from dossier.access.home import (
    MASKED,
    NOT_PATIENT,
    NOT_REPRESENTATIVES,
    Home,
    home,
    may_be_masked,
)
from dossier.errors import Invalid, Issue
from server.services.bodies import Body
from server.services.consents import CONSENT
from server.services.premises import Premises


def home_of(
    premises: Premises,
    value: dict[str, Any],
    body: Body,
    labels: frozenset[str],
    root: str | None,
) -> Home:
    """`home`; only documents (and what was derived from one) may be masked, and no consent is kept from
    the patient who gives it (ACC-02). Raises Invalid.
    """
    rtype = str(value["resourceType"])
    masks = MASKED in labels and not may_be_masked(rtype, root)
    if masks or (rtype == CONSENT and NOT_PATIENT in labels):
        raise Invalid((Issue("labels", "label_not_for_this_type"),))
    return home(value, body.by, body.acted_as, labels, premises.pack)


def labels_of(facet: str) -> frozenset[str]:
    """The labels a facet's name stands for."""
    parsed = parse_facet(facet)
    held = ((MASKED, parsed.masked_by is not None), (NOT_PATIENT, parsed.np))
    labels = {label for label, is_held in held if is_held}
    return frozenset(labels | ({NOT_REPRESENTATIVES} if parsed.nr else set()))
