"""A KeyProvider with a known ROOT."""


class FixedRoot:
    def __init__(self, root: bytes = bytes(range(32))) -> None:
        self._root = root

    def root(self) -> bytes:
        return self._root
