"""Backup and restore of a server whose databases are files: data in one place, keys sealed in another, ROOT in neither."""
