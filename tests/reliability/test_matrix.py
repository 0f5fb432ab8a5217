"""Each fault is a row: what the caller hears, and what the record holds."""

import asyncio

import pytest

from tests.reliability.rows import ROWS
from tests.reliability.run import mistakes, played


@pytest.fixture(scope="module")
def came(tmp_path_factory):
    """All calls of the matrix: they take little longer than the longest of them."""
    return asyncio.run(played(ROWS, tmp_path_factory.mktemp("matrix")))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_caller_hears_words_and_the_record_is_true_when(row, came):
    assert mistakes(row, came[row.name]) == []
