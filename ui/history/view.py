"""What is asked of an operation, of an illness of a relative, of the way of life."""

from dossier.fhir.history import Kin
from dossier.fhir.lifestyle import Habit, Smoking
from dossier.fhir.problems import Chapter
from dossier.terminology.catalogue import Terminology
from practitioner_app.services.act_rows import HabitRow
from practitioner_app.services.rows import HistoryRow
from ui.dates_in import typed_date
from ui.formats import Formats
from ui.forms import FieldSpec, FormSpec, Option
from ui.history.words import habit_word, kin_word, smoking_word
from ui.i18n import Texts
from ui.words import chapter_word

NO_CHAPTER = "act"


def procedure_form(texts: Texts, about: str, row: HistoryRow | None) -> FormSpec:
    """`row`: the line to correct, None for a new one."""
    tr = texts.tr
    chapters = (Chapter.SURGICAL, Chapter.OBSTETRIC)
    options = tuple(Option(str(one), chapter_word(texts, one)) for one in chapters)
    values = {"chapter": str(Chapter.SURGICAL)}
    if row is not None:
        values = {
            "label": row.label,
            "chapter": str(row.chapter),
            "at": typed_date(row.since) if row.since[:4].isdigit() else row.since,
        }
    return FormSpec(
        key=f"procedure:{row.id}" if row else "procedure",
        title=tr("Correct an operation or a procedure")
        if row
        else tr("Add an operation or a procedure"),
        about=about,
        save=texts.trc("verb", "Record"),
        values=values,
        fields=(
            FieldSpec(
                key="label",
                label=tr("Wording"),
                hint=tr("As you would write it in a letter."),
                required=True,
            ),
            FieldSpec(
                key="chapter",
                label=tr("Chapter"),
                options=(*options, Option(NO_CHAPTER, tr("Act, not past history"))),
            ),
            FieldSpec(
                key="at",
                label=tr("Date"),
                hint=tr("Or in words: 1984 and 1987."),
                placeholder=tr("1994 or 05/1994 or 14/05/1994"),
            ),
            FieldSpec(key="by", label=tr("Performed by")),
            FieldSpec(key="note", label=tr("Note"), lines=2),
        ),
    )


def family_form(texts: Texts, about: str, terms: Terminology, row: HistoryRow | None) -> FormSpec:
    tr = texts.tr
    values = {"kin": str(Kin.OTHER)}
    if row is not None:
        label, _, age = row.label.rpartition(", ")
        number = age.split(" ")[0]
        values = {
            "kin": str(row.kin),
            "relation": row.relation if not row.kin else "",
            "label": label if number.isdecimal() else row.label,
            "age": number if number.isdecimal() else "",
        }
    return FormSpec(
        key=f"family:{row.id}" if row else "family",
        title=tr("Correct a family history") if row else tr("Add a family history"),
        about=about,
        save=texts.trc("verb", "Record"),
        values=values,
        fields=(
            FieldSpec(
                key="kin",
                label=tr("Relative"),
                options=tuple(Option(str(one), kin_word(texts, one)) for one in Kin),
            ),
            FieldSpec(
                key="relation",
                label=tr("Which relative"),
                hint=tr("Only for another relative: paternal cousin."),
            ),
            FieldSpec(
                key="label",
                label=tr("Illness"),
                required=True,
                suggestions=tuple(item.label(texts.language) for item in terms.problems("", 600)),
            ),
            FieldSpec(key="age", label=tr("Age at the beginning (years)"), placeholder="52"),
            FieldSpec(key="note", label=tr("Note"), lines=2),
        ),
    )


def habit_form(texts: Texts, formats: Formats, about: str, row: HabitRow | None) -> FormSpec:
    """A new word on a habit takes the place of the one before, which stays in the chronology."""
    tr = texts.tr
    values = {"habit": str(Habit.TOBACCO), "smoking": str(Smoking.UNKNOWN)}
    if row is not None:
        values = {
            "habit": str(row.habit),
            "smoking": str(row.smoking),
            "text": typed_date(row.text) if row.habit is Habit.PREGNANCY else row.text,
            "pack_years": formats.number(row.pack_years) if row.pack_years is not None else "",
        }
    return FormSpec(
        key=f"habit:{row.id}" if row else "habit",
        title=tr("Correct a habit") if row else tr("Lifestyle"),
        about=about,
        save=texts.trc("verb", "Record"),
        values=values,
        fields=(
            FieldSpec(
                key="habit",
                label=tr("What"),
                options=tuple(Option(str(one), habit_word(texts, one)) for one in Habit),
            ),
            FieldSpec(
                key="smoking",
                label=tr("Tobacco"),
                hint=tr("Read only where tobacco is chosen above."),
                options=tuple(Option(str(one), smoking_word(texts, one)) for one in Smoking),
                stacked=True,
            ),
            FieldSpec(key="pack_years", label=tr("Pack-years"), placeholder="18"),
            FieldSpec(
                key="text",
                label=tr("In words"),
                hint=tr("Of alcohol, activity, occupation; of a pregnancy, the expected day."),
            ),
            FieldSpec(key="note", label=tr("Note"), lines=2),
        ),
    )
