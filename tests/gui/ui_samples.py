"""Literal values for the widget tests: one full record, one thin one. Invented people."""

from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from dossier.fhir.allergies import Activity, Certainty
from dossier.fhir.medications import Taking
from dossier.fhir.patients import IdentityStatus, Sex
from dossier.fhir.problems import Chapter, Course
from dossier.fhir.results import Band, Flag
from dossier.wire.messages import Version
from practitioner_app.ports import ItemState
from practitioner_app.services.rows import (
    AldRow,
    AllergyPanel,
    AllergyRow,
    AllergyState,
    Emptiness,
    Fact,
    HistoryRow,
    Identity,
    Kind,
    Listing,
    Measure,
    Point,
    ProblemRow,
    Record,
    Series,
    Strip,
    Struck,
    TimelineItem,
    TreatmentRow,
    TreatmentVersion,
)
from ui.formats import Formats
from ui.i18n import load_texts
from ui.speaking import Speaking
from ui.theme.look import Look
from ui.theme.tokens import DARK, LIGHT

PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2026, 11, 23, 9, 5, tzinfo=UTC)
COPY = datetime(2026, 11, 23, 8, 41, tzinfo=UTC)
OWNER = 4711
V1 = Version(1, 1)


def a_look(language="fr", *, dark=False, scale=100):
    texts = load_texts(language)
    return Look(DARK if dark else LIGHT, texts, Formats(texts, PARIS), scale=scale)


def a_speaking(look, *, offline=True):
    return Speaking(look.texts, look.formats, NOW, offline)


def item(rtype, rid, **more):
    return {"owner": OWNER, "rtype": rtype, "id": rid, "version": V1, **more}


def event(rid, at, kind, title="", **more):
    rtype = more.pop("rtype", "Observation")
    return TimelineItem(**item(rtype, rid), at=at, order=at, kind=kind, title=title, **more)


def points(unit_rows, band):
    return tuple(
        Point(at=at, number=Decimal(number), id=f"p{at}", flag=flag, band=band)
        for at, number, flag in unit_rows
    )


def hba1c():
    band = Band(low=Decimal("6.0"), high=Decimal("7.0"), unit="%")
    rows = [
        ("2017-03-14", "6.4", Flag.NORMAL),
        ("2017-09-12", "6.9", Flag.NORMAL),
        ("2018-04-10", "7.4", Flag.HIGH),
        ("2018-08-21", "6.6", Flag.NORMAL),
        ("2019-08-20", "6.8", Flag.NORMAL),
        ("2020-10-06", "7.0", Flag.NORMAL),
        ("2022-10-04", "6.9", Flag.NORMAL),
        ("2024-10-15", "7.1", Flag.HIGH),
        ("2025-10-14", "7.0", Flag.NORMAL),
        ("2026-11-18", "7.4", Flag.HIGH),
    ]
    return Series(code="4548-4", label="HbA1c", unit="%", points=points(rows, band), band=band)


def egfr():
    band = Band(low=Decimal(60), unit="mL/min/{1.73_m2}")
    rows = [
        ("2020-09-01", "75", Flag.NORMAL),
        ("2022-09-13", "67", Flag.NORMAL),
        ("2024-09-17", "61", Flag.NORMAL),
        ("2026-11-18", "55", Flag.LOW),
    ]
    return Series(
        code="62238-1", label="DFG", unit="mL/min/{1.73_m2}", points=points(rows, band), band=band
    )


def identity():
    return Identity(
        owner=OWNER,
        civility="MME",
        birth_name="MARTINEAU",
        birth_given="ELODIE",
        used_given="Élodie",
        birth_date="1958-07-14",
        sex=Sex.FEMALE,
        ins="258074499090110",
        status=IdentityStatus.QUALIFIED,
    )


def allergies():
    return AllergyPanel(
        state=AllergyState.KNOWN,
        rows=(
            AllergyRow(
                **item("AllergyIntolerance", "a1"),
                agent="pénicilline",
                reactions=("urticaire",),
                certainty=Certainty.CONFIRMED,
                activity=Activity.ACTIVE,
                since="1994",
            ),
            AllergyRow(
                **item("AllergyIntolerance", "a2"),
                agent="ibuprofène",
                reactions=("bronchospasme",),
                activity=Activity.ACTIVE,
                since="2009",
            ),
        ),
        copy_at=COPY,
        verified_at="2026-11-03",
        verified_by="Dr Fontaine",
    )


def treatments():
    def line(rid, substance, form, strength, dose, posology, **more):
        return TreatmentRow(
            **item("MedicationStatement", rid, **more.pop("item", {})),
            substance=substance,
            form=form,
            strength=strength,
            dose=dose,
            posology=posology,
            status=Taking.ACTIVE,
            **more,
        )

    versions = (
        TreatmentVersion(
            strength="5 mg",
            dose="",
            posology="le soir",
            author="Dr Fontaine",
            at="2026-11-20",
            mine=True,
        ),
        TreatmentVersion(
            strength="2.5 mg",
            dose="",
            posology="le matin",
            author="Dr Lemaire",
            at="2026-11-21",
            mine=False,
        ),
    )
    return (
        line(
            "t1",
            "metformine",
            "comprimé",
            "1000 mg",
            "1 comprimé",
            "matin et soir, au cours des repas",
        ),
        line(
            "t2",
            "périndopril arginine",
            "comprimé",
            "5 mg",
            "1 comprimé",
            "le soir",
            undecided=True,
            versions=versions,
            item={"op_id": "op-2", "state": ItemState.CONFLICT},
        ),
        line("t3", "atorvastatine", "comprimé", "20 mg", "1 comprimé", "le soir"),
    )


def history():
    def one(chapter, rid, label, since="", relation=""):
        return HistoryRow(
            **item("Condition", rid), chapter=chapter, label=label, since=since, relation=relation
        )

    return {
        Chapter.MEDICAL: Listing(
            rows=(one(Chapter.MEDICAL, "h1", "polype colique, bas grade", "2021"),)
        ),
        Chapter.SURGICAL: Listing(
            rows=(one(Chapter.SURGICAL, "h2", "cholécystectomie sous cœlioscopie", "2009"),)
        ),
        Chapter.OBSTETRIC: Listing(
            rows=(one(Chapter.OBSTETRIC, "h3", "2 accouchements, 1984 et 1987"),)
        ),
        Chapter.FAMILY: Listing(
            rows=(
                one(Chapter.FAMILY, "h4", "infarctus à 52 ans", relation="père"),
                one(Chapter.FAMILY, "h5", "diabète", relation="mère"),
            )
        ),
    }


def problems():
    def one(rid, label, since, **more):
        return ProblemRow(
            **item("Condition", rid), label=label, course=Course.ACTIVE, since=since, **more
        )

    return (
        one("c1", "Diabète de type 2", "2017", ald=True, ald_number="8"),
        one("c2", "Hypertension artérielle", "2012"),
        one("c3", "Dyslipidémie", "2015"),
        one("c4", "Maladie rénale chronique, stade 3", "2026"),
    )


def events():
    who, duty = "Dr Claire FONTAINE", "Dr Hugues LEMAIRE, garde du week-end"
    return (
        event(
            "e1",
            "2026-11-23T09:01:00Z",
            Kind.MEASURES,
            facts=(
                Fact(label="PA", number=Decimal(132), second=Decimal(78), unit="mm[Hg]"),
                Fact(label="FC", number=Decimal(74), unit="/min"),
                Fact(label="poids", number=Decimal(79), unit="kg"),
            ),
            author=who,
        ),
        event(
            "e2",
            "2026-11-22",
            Kind.MEASURES,
            "Glycémies du matin, 4 valeurs : 1,55 à 1,66 g/L",
            new=True,
            by_patient=True,
        ),
        event(
            "e3",
            "2026-11-21",
            Kind.TREATMENT,
            "périndopril arginine : 5 mg → 2,5 mg le matin",
            author=duty,
            new=True,
            undecided=True,
            rtype="MedicationStatement",
        ),
        event(
            "e4",
            "2026-11-21T10:20:00Z",
            Kind.CONSULTATION,
            "Malaise au lever, PA 104/62 mmHg debout",
            author=duty,
            new=True,
            rtype="Encounter",
        ),
        event(
            "e5",
            "2026-11-18",
            Kind.LABORATORY,
            facts=(
                Fact(label="RAC", number=Decimal(61), unit="mg/g", flag=Flag.HIGH),
                Fact(label="créatinine", number=Decimal(92), unit="umol/L", flag=Flag.HIGH),
            ),
            author="Biolab du Port",
            new=True,
            unread=True,
            rtype="DiagnosticReport",
        ),
        event(
            "e6",
            "2026-11-12",
            Kind.LETTER,
            "Compte rendu de consultation de cardiologie",
            author="CH de Saint-Exemple",
            new=True,
            unread=True,
            rtype="DocumentReference",
        ),
        event(
            "e7",
            "2026-11-18",
            Kind.LABORATORY,
            facts=(
                Fact(label="HbA1c", number=Decimal("7.4"), unit="%", flag=Flag.HIGH),
                Fact(label="DFG", number=Decimal(55), unit="mL/min/{1.73_m2}", flag=Flag.LOW),
            ),
            author="Biolab du Port",
            rtype="DiagnosticReport",
        ),
        event(
            "e8",
            "2026-11-03",
            Kind.CONSULTATION,
            "Renouvellement, PA 138/82 mmHg, poids 79 kg",
            author=who,
            rtype="Encounter",
        ),
        event(
            "e9",
            "2026-11-03",
            Kind.PRESCRIPTION,
            "3 lignes, QSP 3 mois (ALD)",
            author=who,
            rtype="MedicationRequest",
        ),
        event(
            "e10",
            "2026-10-21",
            Kind.IMAGING,
            "Échographie abdominale : stéatose modérée",
            author="Centre d’imagerie de la Loire",
            rtype="ImagingStudy",
        ),
        event(
            "e11",
            "2026-10-14",
            Kind.LETTER,
            "Lettre d’adressage au Dr BERTHELOT, palpitations",
            author=who,
            state=ItemState.PENDING,
            op_id="op-11",
            rtype="DocumentReference",
        ),
        event(
            "e12",
            "2025-10-24",
            Kind.VACCINE,
            "Grippe saisonnière",
            author=who,
            rtype="Immunization",
        ),
        event(
            "e13",
            "2009-06-02",
            Kind.PROCEDURE,
            "Cholécystectomie sous cœlioscopie",
            author="CH de Saint-Exemple",
            struck=Struck.ERROR,
            rtype="Procedure",
        ),
    )


def a_record(**changes):
    values = dict(
        owner=OWNER,
        found=True,
        identity=identity(),
        allergies=allergies(),
        strip=Strip(
            attending_doctor="Dr Claire FONTAINE",
            ald=(AldRow(number="8", label="diabète de type 2", since="2017"),),
            history=("Cholécystectomie 2009", "polype colique 2021"),
            tobacco="Ex-fumeuse",
            pack_years=Decimal(18),
            weight=Measure(label="Poids", at="2026-11-23", number=Decimal(79), unit="kg"),
            bmi=Decimal("29.4"),
            blood_pressure=Measure(
                label="PA", at="2026-11-23", number=Decimal(132), second=Decimal(78), unit="mm[Hg]"
            ),
            egfr=Measure(
                label="DFG",
                at="2026-11-18",
                number=Decimal(55),
                unit="mL/min/{1.73_m2}",
                flag=Flag.LOW,
            ),
            hba1c=Measure(
                label="HbA1c", at="2026-11-18", number=Decimal("7.4"), unit="%", flag=Flag.HIGH
            ),
        ),
        problems=Listing(rows=problems()),
        history=history(),
        treatments=Listing(rows=treatments()),
        past_treatments=Listing(),
        series=Listing(rows=(hba1c(), egfr())),
        timeline=Listing(rows=events()),
        complete=True,
        received_percent=100,
        copy_at=COPY,
        last_look=datetime(2026, 11, 20, 18, 22, tzinfo=UTC),
        new_count=5,
    )
    return Record(**{**values, **changes})


def an_unfinished_record():
    """First sync stopped at 12 %: nothing may claim emptiness (HZ-17)."""
    waiting = dict(emptiness=Emptiness.NOT_RECEIVED, received_percent=12, partial=True)
    return a_record(
        allergies=AllergyPanel(
            state=AllergyState.UNAVAILABLE, partial=True, received_percent=12, copy_at=None
        ),
        strip=Strip(received_percent=12),
        problems=Listing(**waiting),
        history={chapter: Listing(**waiting) for chapter in Chapter},
        treatments=Listing(**waiting),
        series=Listing(**waiting),
        timeline=Listing(**waiting),
        complete=False,
        received_percent=12,
        last_look=None,
    )
