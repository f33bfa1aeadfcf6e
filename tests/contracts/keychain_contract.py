"""What every keyring does for us. A subclass gives the fixture `keychain`."""

import pytest

from dossier.errors import KeychainError
from practitioner_app.ports import Keychain

SECRET = bytes(range(32))


class KeychainContract:
    def test_a_secret_is_given_back_as_it_was(self, keychain: Keychain):
        keychain.put("device-1", SECRET)
        assert keychain.get("device-1") == SECRET
        keychain.drop("device-1")

    def test_a_secret_that_is_not_there_is_missing(self, keychain: Keychain):
        with pytest.raises(KeychainError) as caught:
            keychain.get("device-none")
        assert caught.value.reason == "missing"

    def test_a_newer_secret_replaces_the_older(self, keychain: Keychain):
        keychain.put("device-1", SECRET)
        keychain.put("device-1", SECRET[::-1])
        assert keychain.get("device-1") == SECRET[::-1]
        keychain.drop("device-1")

    def test_devices_do_not_share_a_secret(self, keychain: Keychain):
        keychain.put("device-1", SECRET)
        keychain.put("device-2", SECRET[::-1])
        assert keychain.get("device-1") == SECRET
        keychain.drop("device-1")
        assert keychain.get("device-2") == SECRET[::-1]
        keychain.drop("device-2")

    def test_a_dropped_secret_is_missing_and_dropping_twice_is_nothing(self, keychain: Keychain):
        keychain.put("device-1", SECRET)
        keychain.drop("device-1")
        keychain.drop("device-1")
        with pytest.raises(KeychainError):
            keychain.get("device-1")

    def test_it_has_a_name_to_show(self, keychain: Keychain):
        assert keychain.name()
