"""Names of the facets the services themselves speak of (DATA-MODEL §1)."""

IDENTITY = "identity"
ACCESS = "access"
_SUFFIXES = ("np", "nr")


def access_facet(name: str) -> str:
    """The access facet in which the journal rows about a facet lie: `access` and the same suffix."""
    suffix = name.rpartition(":")[2]
    return f"{ACCESS}:{suffix}" if suffix in _SUFFIXES else ACCESS


JOURNAL_FACETS = (ACCESS, *(f"{ACCESS}:{suffix}" for suffix in _SUFFIXES))
"""Every facet a journal row may lie in."""
