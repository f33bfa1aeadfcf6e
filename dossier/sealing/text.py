"""Strict base64url: one text for one value."""

from base64 import urlsafe_b64decode, urlsafe_b64encode


def base64url(raw: bytes) -> str:
    """RFC 4648 §5 without padding."""
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def unbase64url(text: str) -> bytes:
    """Undo `base64url`; raises ValueError for padding, foreign characters or stray trailing bits."""
    raw = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    if base64url(raw) != text:
        raise ValueError("not canonical base64url")
    return raw
