"""The words of vaccinations."""

from dossier.fhir.immunizations import Origin, Refusal
from ui.i18n import Texts


def origin_word(texts: Texts, origin: Origin) -> str:
    """Where the knowledge comes from."""
    tr = texts.tr
    return {
        Origin.HERE: tr("given by me"),
        Origin.PROFESSIONAL: tr("given by somebody else"),
        Origin.DECLARED: tr("declared, not seen"),
        Origin.UNKNOWN: tr("not stated"),
    }[origin]


def refusal_word(texts: Texts, refusal: Refusal) -> str:
    """Why a dose was not given."""
    tr = texts.tr
    return {
        Refusal.DECLINED: tr("declined by the patient"),
        Refusal.CONTRAINDICATED: tr("contraindicated"),
        Refusal.IMMUNE: tr("already immune"),
        Refusal.OUT_OF_STOCK: tr("vaccine out of stock"),
        Refusal.OTHER: tr("another reason"),
    }[refusal]


def sites(texts: Texts) -> tuple[str, ...]:
    tr = texts.tr
    return (tr("left deltoid"), tr("right deltoid"), tr("left thigh"), tr("right thigh"))


def routes(texts: Texts) -> tuple[str, ...]:
    tr = texts.tr
    return (tr("intramuscular"), tr("subcutaneous"), tr("intradermal"), tr("oral"), tr("nasal"))
