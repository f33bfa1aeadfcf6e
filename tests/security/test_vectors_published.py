"""Published vectors through our wrappers, or through the primitive where a wrapper fixes an input."""

from base64 import b64decode

from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from dossier.sealing import devices, notes
from dossier.sealing.merkle import Tree, leaf_hash
from dossier.sealing.stretching import Cost, argon2id
from dossier.sealing.wrapping import expand, wrap

raw = bytes.fromhex


class Zeros:
    def bytes(self, n):
        return bytes(n)


def test_rfc_5869_hkdf_sha256_case_1_and_3():
    key, salt = raw("0b" * 22), raw("000102030405060708090a0b0c")
    assert expand(key, salt, raw("f0f1f2f3f4f5f6f7f8f9"), 42).hex() == (
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
    )
    assert expand(key, b"", b"", 42).hex() == (
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"
    )


def test_rfc_9106_argon2id():
    made = Argon2id(
        salt=b"\2" * 16,
        length=32,
        iterations=3,
        lanes=4,
        memory_cost=32,
        ad=b"\4" * 12,
        secret=b"\3" * 8,
    ).derive(b"\1" * 32)
    assert made.hex() == "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659"


def test_argon2id_of_the_reference_implementation():
    made = argon2id(b"somesalt", Cost(256, 2, 1)).derive(b"password")
    assert made.hex() == "9dfeb910e80bad0311fee20f9c0e2b12c17987b4cac90c2ef54d5b3021c68bfe"


def test_rfc_8032_ed25519_test_2():
    private = raw("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
    assert devices.public_key(private).hex() == (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
    )
    assert devices.sign(private, b"\x72").hex() == (
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    )


def test_aes_256_gcm_test_case_14():
    assert wrap(bytes(32), bytes(16), b"", Zeros()).hex() == (
        "00" * 12 + "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"
    )


def test_rfc_5297_aes_siv_a_1():
    siv = AESSIV(raw("fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"))
    header = raw("101112131415161718191a1b1c1d1e1f2021222324252627")
    assert siv.encrypt(raw("112233445566778899aabbccddee"), [header]).hex() == (
        "85632d07c6e8f37f950acd320a2ecc9340c02b9690c4dc04daef7f6afe5c"
    )


def test_rfc_6962_roots_of_the_eight_known_leaves():
    entries = "|00|10|2021|3031|40414243|5051525354555657|606162636465666768696a6b6c6d6e6f"
    tree = Tree(leaf_hash(raw(entry)) for entry in entries.split("|"))
    assert [tree.root(size).hex() for size in range(9)] == [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ]


def test_the_key_id_of_a_known_log():
    """The verifier key of the Go checksum database carries its own id."""
    name, key_id, encoded = [
        "sum.golang.org",
        "033de0ae",
        "Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8",
    ]
    public = b64decode(encoded)[1:]
    assert notes.key_id(name, public).hex() == key_id
