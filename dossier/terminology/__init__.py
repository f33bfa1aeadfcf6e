"""Codes and labels in dated packs."""

from dossier.terminology.catalogue import Terminology

__all__ = ["Terminology"]
