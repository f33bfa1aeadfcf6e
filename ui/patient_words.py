"""A patient on one line of a list: name and birth date, always both (HZ-01)."""

from datetime import date

from dossier.fhir.dates import AgeUnit, age
from dossier.fhir.patients import Sex
from practitioner_app.services.search import PatientHit
from ui.i18n import Texts
from ui.speaking import Speaking
from ui.words import born_label, deceased_word

_MAJORITY = 18


def sex_of(code: str) -> Sex:
    return Sex(code) if code in set(Sex) else Sex.UNKNOWN


def is_minor(born: str, today: date) -> bool:
    """Under 18, as far as the birth date says: a child has no civility in France."""
    found = age(born, today)
    return found is not None and (found.unit is not AgeUnit.YEARS or found.value < _MAJORITY)


def civility_of(sex: Sex, born: str, today: date) -> str:
    """Mme or M., from the sex: where nobody wrote a civility."""
    if is_minor(born, today):
        return ""
    return {Sex.FEMALE: "Mme", Sex.MALE: "M."}.get(sex, "")


def patient_name(patient: PatientHit, today: date) -> str:
    """Mme MARTINEAU Élodie; DUBOIS Zoé for a child."""
    civility = civility_of(sex_of(patient.sex), patient.birth_date, today)
    return " ".join(part for part in (civility, patient.family, patient.given) if part)


def patient_line(patient: PatientHit, speaking: Speaking) -> str:
    """Mme MARTINEAU Élodie, 14/07/1958."""
    born = speaking.formats.day(patient.birth_date) if patient.birth_date else ""
    return f"{patient_name(patient, speaking.today)}, {born or speaking.texts.tr('birth date not recorded')}"


def born_line(patient: PatientHit, speaking: Speaking) -> str:
    """née le 14/07/1958 (68 ans) · identité qualifiée."""
    texts, formats = speaking.texts, speaking.formats
    sex = sex_of(patient.sex)
    born = formats.day(patient.birth_date) if patient.birth_date else texts.tr("not recorded")
    line = f"{born_label(texts, sex).lower()} {born}"
    age = formats.age(patient.birth_date, speaking.today)
    if age and not patient.deceased:
        line += f" ({age})"
    if patient.deceased:
        line += " · " + deceased_word(texts, sex).lower()
    if patient.birth_name and patient.birth_name != patient.family:
        line += " · " + texts.tr("birth name {name}", name=patient.birth_name)
    return line


def version_of(person: str, texts: Texts) -> str:
    """Version du Dr Lemaire, version de Mme Roche."""
    if person.startswith("Dr "):
        return texts.trc("doctor", "Version of {person}", person=person)
    return texts.tr("Version of {person}", person=person)
