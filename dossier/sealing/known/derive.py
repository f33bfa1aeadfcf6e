"""Derive `passwords.txt`: the passwords that everybody tries first, in the form in which they are compared.

    python -m dossier.sealing.known.derive

Our own small list: French and English words, first names, rows of the keyboard and patterns, each alone, doubled,
with a row of digits or with a year. The words below are ours; nothing is taken from a leaked list.
"""

from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Final

FILE: Final = Path(__file__).with_name("passwords.txt")
_WORDS: Final = (
    "motdepasse password passphrase secret bonjour bonsoir bienvenue welcome hello soleil sunshine doudou "
    "chouchou loulou amour jetaime iloveyou princesse princess dragon monkey football rugby marseille paris "
    "lyon nantes bretagne france vacances famille family maison liberte chocolat papillon coucou azerty qwerty "
    "admin administrateur administrator root user utilisateur login connexion access letmein master changeme "
    "temporaire temporary invite guest default test demo docteur doctor medecin medical infirmiere cabinet "
    "secretaire secretariat hopital hospital clinique clinic sante health patient patients pharmacie ordonnance "
    "ordinateur computer internet windows microsoft google facebook colloque printemps summer winter spring "
    "autumn automne hiver janvier fevrier mars avril juin juillet aout septembre octobre novembre decembre "
    "lundi mardi mercredi jeudi vendredi samedi dimanche monday friday sunday nicolas julien thomas camille "
    "marie sophie isabelle christine nathalie philippe catherine michel pierre antoine alexandre charlotte "
    "baseball superman batman starwars pokemon trustno shadow michael jennifer jordan freedom whatever "
    "champion naruto tigrou minette caramel vanille noisette cheval poney chaton etoile arcenciel"
)
_ROWS: Final = (
    "azertyuiop qsdfghjklm wxcvbn qwertyuiop asdfghjkl zxcvbnm azerty qwerty azertyqsdfgh qwertyasdfgh "
    "1234567890 0123456789 123456789 12345678 1234567 123456 987654321 0987654321 147258369 159357 "
    "abcdefghijkl abcdefgh abcdef abc123 1q2w3e4r 1q2w3e4r5t 1a2z3e4r 1a2z3e4r5t q1w2e3r4 a1z2e3r4 "
    "112233 11223344 123123 123321 aaabbbccc azeqsdwxc qweasdzxc"
)
WORDS, ROWS = _WORDS.split(), _ROWS.split()
_TAILS: Final = ("", "1", "12", "123", "1234", "12345", "123456", "01", "007")
_YEARS: Final = tuple(str(year) for year in (*range(1998, 2003), *range(2018, 2031)))
_PAIRED: Final = 26
_SHORTEST: Final = 6


def known() -> Iterator[str]:
    """Every password of the list, with repetitions."""
    for stem, tail in product((*WORDS, *ROWS), (*_TAILS, *_YEARS)):
        yield stem + tail
    for stem in (*WORDS, *ROWS):
        yield stem * 2
        yield "123" + stem
    for first, second in product(WORDS[:_PAIRED], repeat=2):
        yield first + second
    yield from ("correcthorsebatterystaple", "letmeinplease", "jaimeleschats", "jaimelavie")


def main() -> None:
    """Write the list again."""
    lines = sorted({one for one in known() if len(one) >= _SHORTEST})
    FILE.write_text("\n".join(lines) + "\n", encoding="ascii")


if __name__ == "__main__":
    main()
