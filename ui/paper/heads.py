"""The parts of a page that every document has: letterhead, patient, place and date, foot.

On paper everything is said in French, whatever the language of the screen.
"""

from datetime import date

from msgspec import Struct

from practitioner_app.services.letterheads import Heading
from practitioner_app.services.rows import Identity, Strip
from ui.formats import Formats, months
from ui.i18n import Texts, load_texts
from ui.paper.sheet import Letterhead, PatientBlock
from ui.patient.banner import full_name, measure_words
from ui.speaking import Speaking
from ui.words import born_label, sex_word


class Paper(Struct, frozen=True):
    """How paper speaks."""

    speaking: Speaking

    @property
    def texts(self) -> Texts:
        return self.speaking.texts

    def letterhead(self, heading: Heading) -> Letterhead:
        """Name, qualification, RPPS and AM; house, address, telephone. What is not known is not printed."""
        writer, house = heading.writer, heading.house
        numbers = [f"RPPS\u00a0{writer.rpps}" if writer.rpps else ""]
        numbers.append(f"AM\u00a0{heading.billing}" if heading.billing else "")
        lines = (writer.speciality, " · ".join(part for part in numbers if part))
        phone = _joined_phone(house.telephone or writer.telephone)
        return Letterhead(
            name=writer.name,
            lines=tuple(line for line in lines if line),
            house=house.name,
            house_lines=tuple(line for line in (*(house.lines or writer.lines), phone) if line),
        )

    def patient(self, identity: Identity, strip: Strip | None = None) -> PatientBlock:
        """Name in use, birth name where another, birth date, age, sex, weight where given, INS grouped."""
        texts, formats = self.speaking.texts, self.speaking.formats
        name = full_name(identity, self.speaking.today)
        born = formats.day(identity.birth_date) if identity.birth_date else ""
        lines = []
        if identity.used_name and identity.used_name != identity.birth_name:
            said = texts.tr("birth name {name}", name=identity.birth_name)
            lines.append(said[:1].upper() + said[1:])
        parts = [f"{born_label(texts, identity.sex)} {born}" if born else ""]
        parts.append(
            "" if identity.deceased else formats.age(identity.birth_date, self.speaking.today)
        )
        parts.append(f"sexe {sex_word(texts, identity.sex).lower()}")
        if strip is not None and strip.weight is not None:
            parts.append(measure_words(strip.weight, formats))
        lines.append(" · ".join(part.replace(" ", "\u00a0") for part in parts if part))
        if identity.ins:
            lines.append(f"INS\u00a0{formats.ins(identity.ins)}")
        foot = ", ".join(part for part in (name, born) if part)
        return PatientBlock(name=name, lines=tuple(lines), foot=foot)

    def dated(self, heading: Heading) -> str:
        """Saint-Exemple-sur-Loire, le 23 novembre 2026."""
        day = in_letters(self.speaking.today, self.texts)
        city = heading.house.city or heading.writer.city
        return f"{city}, le {day}" if city else f"Le {day}"


def french_paper(screen: Speaking) -> Paper:
    """Paper beside this screen: the same hour, in French."""
    texts = screen.texts if screen.texts.language == "fr" else load_texts("fr")
    return Paper(Speaking(texts, Formats(texts, screen.formats.zone), screen.now))


def in_letters(day: date, texts: Texts) -> str:
    """23 novembre 2026; 1er décembre 2026."""
    number = "1er" if day.day == 1 else str(day.day)
    return f"{number}\u00a0{months(texts)[day.month - 1]}\u00a0{day.year}"


def _joined_phone(number: str) -> str:
    """A telephone number held together."""
    return number.replace(" ", "\u00a0")
