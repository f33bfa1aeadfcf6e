"""What the fields of a template become: words of the record, in French, visible and editable in the text.

A field that cannot be answered honestly (nothing received yet, a list this computer may not show) is left
standing: it blocks the signature until a person writes what they know (HZ-17).
"""

import re
from collections.abc import Callable, Sequence

from dossier.fhir.dates import day
from dossier.terminology.letters import fields, filled
from practitioner_app.services.rows import (
    AllergyState,
    Emptiness,
    Fact,
    Kind,
    Listing,
    ProblemRow,
    Record,
    TreatmentRow,
)
from ui.formats import dose_taken
from ui.paper.heads import Paper, in_letters
from ui.patient.banner import full_name, verified_words
from ui.typography import NBSP
from ui.words import born_label

_RESULTS = re.compile(r"^(?:résultats|results)(?: (?:depuis|since) (\d{1,2}) (?:mois|months))?$")
_MONTH_DAYS = 31
_MEASURED = frozenset({Kind.LABORATORY, Kind.MEASURES})
_RESULTS_SHOWN = 14


class RecordFields:
    """Answers fields from one record; `paper` says how paper speaks."""

    def __init__(self, record: Record, paper: Paper) -> None:
        self._record, self._paper = record, paper
        known: dict[str, Callable[[], str]] = {
            "patient": self._patient,
            "âge": self._age,
            "date": self._date,
            "problèmes": self._problems,
            "antécédents": self._history,
            "traitements": self._treatments,
            "allergies": self._allergies,
        }
        english = {
            "age": "âge",
            "problems": "problèmes",
            "history": "antécédents",
            "treatments": "traitements",
        }
        self._known = known | {name: known[french] for name, french in english.items()}

    def fill(self, body: str) -> str:
        """The text with every field it can answer."""
        return filled(body, self.values(body))

    def values(self, body: str) -> dict[str, str]:
        """The answers to the fields of a text; what has none is left out."""
        found = {name: self._answer(name) for name in fields(body)}
        return {name: words for name, words in found.items() if words}

    def as_template(self, text: str, body: str) -> str:
        """`text` with what was inserted from `body` given back as fields, where it still stands."""
        for name, words in sorted(self.values(body).items(), key=lambda one: -len(one[1])):
            text = text.replace(words, "{" + name + "}")
        return text

    def _answer(self, name: str) -> str:
        """With ordinary spaces: it will be edited, and paper sets the others (`ui.typography`)."""
        results, known = _RESULTS.match(name), self._known.get(name)
        if results:
            words = self._results(int(results[1]) if results[1] else 0)
        else:
            words = known() if known else ""
        return words.replace(NBSP, " ")

    def _patient(self) -> str:
        """Mme MARTINEAU Élodie, née le 14 juillet 1958."""
        identity, speaking = self._record.identity, self._paper.speaking
        name = full_name(identity, speaking.today)
        born = day(identity.birth_date)
        if born is None:
            return name
        label = born_label(speaking.texts, identity.sex).lower()
        return f"{name}, {label} {in_letters(born, speaking.texts)}"

    def _age(self) -> str:
        speaking = self._paper.speaking
        return speaking.formats.age(self._record.identity.birth_date, speaking.today)

    def _date(self) -> str:
        return in_letters(self._paper.speaking.today, self._paper.texts)

    def _problems(self) -> str:
        return self._listed(self._record.problems, self._problem, "aucun problème en cours noté")

    def _problem(self, row: ProblemRow) -> str:
        since = f" (depuis {self._paper.speaking.formats.year(row.since)})" if row.since else ""
        return row.label + since + _open(undecided=row.undecided)

    def _history(self) -> str:
        lists = self._record.history.values()
        if any(one.emptiness not in {Emptiness.FILLED, Emptiness.NONE} for one in lists):
            return ""
        rows = [row for one in lists for row in one.rows if not row.struck]
        return " ; ".join(row.label for row in rows) or "aucun antécédent noté"

    def _treatments(self) -> str:
        return self._listed(
            self._record.treatments, self._treatment, "aucun traitement en cours noté"
        )

    def _treatment(self, row: TreatmentRow) -> str:
        formats = self._paper.speaking.formats
        drug = (row.substance, row.form, formats.in_text(row.strength))
        taken = (dose_taken(row.dose, formats, "fr") if row.dose else "", row.posology)
        words = " ".join(part for part in drug if part)
        dose = " ".join(part for part in taken if part)
        return (f"{words}, {dose}" if dose else words) + _open(undecided=row.undecided)

    def _allergies(self) -> str:
        panel, speaking = self._record.allergies, self._paper.speaking
        declared = ", ".join(row.agent for row in panel.declared_by_patient)
        more = f" ; à vérifier, déclaré par le patient : {declared}" if declared else ""
        if panel.state is AllergyState.KNOWN:
            told = (
                row.agent
                + (f" ({', '.join(row.reactions)})" if row.reactions else "")
                + _open(undecided=row.undecided)
                for row in panel.rows
            )
            return " ; ".join(told) + self._partly(partial=panel.partial) + more
        if panel.state is AllergyState.NONE:
            verified = verified_words(panel, speaking)
            return "aucune allergie connue" + (f" ({verified})" if verified else "") + more
        if panel.state is AllergyState.NOT_RECORDED:
            return "allergies non renseignées" + more
        return ""

    def _results(self, months: int) -> str:
        """The newest value of each analyte and measure, with its unit and its day; never a claim that there
        is none while something may still arrive.
        """
        listing, today = self._record.timeline, self._paper.speaking.today
        told: dict[str, str] = {}
        for item in listing.rows:
            at = day(item.at[:10])
            if item.kind not in _MEASURED or item.struck or at is None:
                continue
            if not months or (today - at).days <= months * _MONTH_DAYS:
                for fact in item.facts:
                    told.setdefault(fact.label, self._result(fact, item.at))
        if not told:
            return "aucun résultat dans cette période" if self._record.complete else ""
        shown = [words for words in told.values() if words][:_RESULTS_SHOWN]
        return " ; ".join(shown)

    def _result(self, fact: Fact, at: str) -> str:
        formats = self._paper.speaking.formats
        value = fact.text
        if fact.number is not None:
            number = formats.measured(fact.number)
            if fact.second is not None:
                number += f"/{formats.measured(fact.second)}"
            value = formats.joined(number, formats.unit(fact.unit))
        sign = f"{fact.comparator}{NBSP}" if fact.comparator else ""
        return f"{fact.label} {sign}{value} le {formats.day(at)}" if value else ""

    def _listed(
        self,
        listing: Listing[ProblemRow] | Listing[TreatmentRow],
        words: Callable[..., str],
        none: str,
    ) -> str:
        if listing.emptiness is Emptiness.NONE:
            return none
        if listing.emptiness is not Emptiness.FILLED:
            return ""
        rows: Sequence[ProblemRow | TreatmentRow] = [row for row in listing.rows if not row.struck]
        told = " ; ".join(words(row) for row in rows)
        return told + self._partly(partial=listing.partial) if told else none

    @staticmethod
    def _partly(*, partial: bool) -> str:
        return " (liste incomplète sur ce poste)" if partial else ""


def _open(*, undecided: bool) -> str:
    """Two versions stand: the letter says so (HZ-18)."""
    return " (deux versions à départager)" if undecided else ""
