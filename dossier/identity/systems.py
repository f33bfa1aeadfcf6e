"""The identifier systems of the French health space (FR Core 2.1.0, ANS identifier tables)."""

from typing import Final

INS_NIR: Final = "urn:oid:1.2.250.1.213.1.4.8"
INS_NIA: Final = "urn:oid:1.2.250.1.213.1.4.9"
"""Waiting identifier: `use` is `temp`."""
INS_TEST: Final = "urn:oid:1.2.250.1.213.1.4.10"
INS_DEMO: Final = "urn:oid:1.2.250.1.213.1.4.11"
INS_PRODUCTION: Final = frozenset((INS_NIR, INS_NIA))
"""Under these a wrong key is an error; under the test systems it is a warning."""
INS_SYSTEMS: Final = frozenset((INS_NIR, INS_NIA, INS_TEST, INS_DEMO))

PS_IDNAT: Final = "urn:oid:1.2.250.1.71.4.2.1"
"""National identifier of a professional: 8 + RPPS, 0 + ADELI (read only)."""
STRUCT_IDNAT: Final = "urn:oid:1.2.250.1.71.4.2.2"
"""National identifier of a structure: 0 ADELI rank, 1 FINESS, 2 SIREN, 3 SIRET, 4 RPPS rank."""
RPPS: Final = "https://rpps.esante.gouv.fr"
RPPS_RANK: Final = "https://rppsrang.esante.gouv.fr"
FINESS: Final = "https://finess.esante.gouv.fr"
SIRENE: Final = "https://sirene.fr"
