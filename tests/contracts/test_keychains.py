"""The fake keyring and ours over an accepted back end pass one suite."""

import pytest

from practitioner_app.keychain import SystemKeychain
from tests.contracts.keychain_contract import KeychainContract
from tests.fakes.memory_keychain import GoodBackend, MemoryKeychain


class TestMemoryKeychain(KeychainContract):
    @pytest.fixture
    def keychain(self):
        return MemoryKeychain()


class TestSystemKeychain(KeychainContract):
    @pytest.fixture
    def keychain(self):
        return SystemKeychain(GoodBackend())
