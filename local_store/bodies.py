"""Resource bodies at rest in cache.db: one zstd frame each, against a dictionary of words FHIR repeats.

The dictionary is ours, raw content, and part of the format: changing it changes `FORMAT`, and a cache of
another format is rebuilt. The bytes that come out are those that went in (law 6).
"""

from pathlib import Path
from typing import Final

import zstandard

from dossier.errors import StoreCorrupt
from dossier.wire import limits

FORMAT: Final = "1"
_WORDS: Final = Path(__file__).parent / "schema" / "body_words.txt"
_LEVEL: Final = -1
"""Half the time of level 1 both ways for a sixth more bytes (benchmarks/README.md)."""


class BodyPacker:
    """Pack and unpack; one per thread at a time, so each user holds its own."""

    def __init__(self) -> None:
        words = zstandard.ZstdCompressionDict(
            _WORDS.read_bytes(), dict_type=zstandard.DICT_TYPE_RAWCONTENT
        )
        words.precompute_compress(level=_LEVEL)
        self._packer = zstandard.ZstdCompressor(
            level=_LEVEL,
            dict_data=words,
            write_content_size=True,
            write_checksum=False,
            write_dict_id=False,
        )
        self._unpacker = zstandard.ZstdDecompressor(dict_data=words)

    def pack(self, body: bytes) -> bytes:
        """The frame of one body."""
        return self._packer.compress(body)

    def unpack(self, frame: bytes) -> bytes:
        """The body of one frame. Raises StoreCorrupt."""
        try:
            return self._unpacker.decompress(frame, max_output_size=2 * limits.BODY_BYTES)
        except zstandard.ZstdError as error:
            raise StoreCorrupt("body") from error
