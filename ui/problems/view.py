"""What is asked to record or correct a problem, or a line of the past history."""

from dossier.fhir.problems import Chapter, Course
from dossier.terminology.catalogue import Terminology
from practitioner_app.services.rows import ProblemRow
from ui.dates_in import typed_date
from ui.forms import FieldSpec, FormSpec, Option
from ui.i18n import Texts
from ui.words import chapter_word, course_word


def problem_form(
    texts: Texts, about: str, terms: Terminology, row: ProblemRow | None, *, past: bool
) -> FormSpec:
    """`past`: the form opens on the past history rather than on the active problems."""
    tr = texts.tr
    words = tuple(item.label(texts.language) for item in terms.problems("", 600))
    courses = (Course.ACTIVE, Course.REMISSION, Course.RESOLVED)
    chapters = (Chapter.MEDICAL, Chapter.SURGICAL, Chapter.OBSTETRIC)
    title = tr("Correct a problem") if row else tr("Add a problem")
    if past and row is None:
        title = tr("Add to the past history")
    return FormSpec(
        key=f"problem:{row.id}" if row else "history" if past else "problem",
        title=title,
        about=about,
        save=texts.trc("verb", "Record"),
        values=_values(row, past=past),
        fields=(
            FieldSpec(
                key="label",
                label=tr("Wording"),
                hint=tr("As you would write it in a letter."),
                required=True,
                suggestions=words,
            ),
            FieldSpec(
                key="course",
                label=tr("Course"),
                options=tuple(Option(str(one), course_word(texts, one)) for one in courses),
            ),
            FieldSpec(
                key="since", label=tr("Since"), placeholder=tr("1994 or 05/1994 or 14/05/1994")
            ),
            FieldSpec(
                key="until",
                label=tr("Ended on"),
                placeholder=tr("1994 or 05/1994 or 14/05/1994"),
            ),
            FieldSpec(
                key="chapter",
                label=tr("Chapter"),
                options=tuple(Option(str(one), chapter_word(texts, one)) for one in chapters),
            ),
            FieldSpec(
                key="ald",
                label=tr("Long-term condition (ALD)"),
                options=(Option("no", tr("No")), Option("yes", tr("Yes"))),
            ),
            FieldSpec(
                key="ald_number",
                label=tr("ALD number"),
                hint=tr("1 to 30, or 31, 32 outside the list."),
            ),
            FieldSpec(key="note", label=tr("Note"), lines=3),
        ),
    )


def _values(row: ProblemRow | None, *, past: bool) -> dict[str, str]:
    values = {
        "course": str(Course.RESOLVED if past else Course.ACTIVE),
        "chapter": str(Chapter.MEDICAL),
        "ald": "no",
    }
    if row is None:
        return values
    return values | {
        "label": row.label,
        "since": typed_date(row.since),
        "until": typed_date(row.until),
        "course": str(row.course or Course.ACTIVE),
        "ald": "yes" if row.ald else "no",
        "ald_number": row.ald_number,
    }
