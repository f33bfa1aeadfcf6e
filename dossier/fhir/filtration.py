"""Estimated glomerular filtration rate by the CKD-EPI equation of 2009.

Levey et al., Ann Intern Med 2009; 150: 604-612, without the coefficient of ethnicity, as French practice
wants it. For adults: no estimate is made below 18 years. The result is mL/min/1.73 m² of body surface.
"""

from decimal import Decimal
from typing import Final

ADULT: Final = 18
MICROMOLES: Final = {
    "umol/L": Decimal(1),
    "mg/L": Decimal("8.84"),
    "mg/dL": Decimal("88.4"),
}
"""UCUM unit of a creatinine in blood to µmol/L; in another unit nothing is computed (HZ-11)."""
_PER_MG_DL: Final = 88.4


def filtration(creatinine: Decimal, ucum: str, *, female: bool, age: int) -> Decimal | None:
    """The rate for a creatinine in blood, in whole mL/min/1.73 m².

    None where the equation says nothing: a child, a unit it does not know, a creatinine that is not above 0.
    """
    factor = MICROMOLES.get(ucum)
    if factor is None or age < ADULT or creatinine <= 0:
        return None
    scaled = float(creatinine * factor) / _PER_MG_DL / (0.7 if female else 0.9)
    below = min(scaled, 1.0) ** (-0.329 if female else -0.411)
    above = max(scaled, 1.0) ** -1.209
    rate = 141 * below * above * 0.993**age * (1.018 if female else 1.0)
    return Decimal(round(rate))
