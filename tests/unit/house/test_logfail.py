import logging

import pytest

from tests.logfail import LogFail


@pytest.fixture
def guard():
    logger = logging.getLogger("colloque.test.logfail")
    logger.propagate = False
    handler = LogFail()
    logger.addHandler(handler)
    yield logger, handler
    logger.removeHandler(handler)


def test_a_warning_nobody_announced_fails(guard):
    logger, handler = guard
    logger.warning("something is wrong")
    with pytest.raises(AssertionError, match="something is wrong"):
        handler.verify()


def test_an_announced_warning_passes(guard):
    logger, handler = guard
    with handler.expecting("is wrong"):
        logger.warning("something is wrong")
    handler.verify()


def test_information_is_not_a_warning(guard):
    logger, handler = guard
    logger.info("all is well")
    handler.verify()
