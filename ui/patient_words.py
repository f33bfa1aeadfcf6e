"""A patient on one line of a list: name and birth date, always both (HZ-01)."""

from dossier.fhir.patients import Sex
from practitioner_app.services.search import PatientHit
from ui.speaking import Speaking
from ui.words import born_label, deceased_word


def sex_of(code: str) -> Sex:
    return Sex(code) if code in set(Sex) else Sex.UNKNOWN


def civility_of(sex: Sex) -> str:
    return {Sex.FEMALE: "Mme", Sex.MALE: "M."}.get(sex, "")


def patient_name(patient: PatientHit) -> str:
    """Mme MARTINEAU Élodie."""
    civility = civility_of(sex_of(patient.sex))
    return " ".join(part for part in (civility, patient.family, patient.given) if part)


def patient_line(patient: PatientHit, speaking: Speaking) -> str:
    """Mme MARTINEAU Élodie, 14/07/1958."""
    born = speaking.formats.day(patient.birth_date) if patient.birth_date else ""
    return f"{patient_name(patient)}, {born or speaking.texts.tr('birth date not recorded')}"


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
