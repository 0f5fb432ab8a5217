"""Each fault is a row: what the caller hears, and what the record holds."""

import asyncio

import pytest

from tests.reliability.rows import ROWS
from tests.reliability.run import played


@pytest.fixture(scope="module")
def came(tmp_path_factory):
    """All calls of the matrix at once: it takes as long as the longest of them."""
    return asyncio.run(played(ROWS, tmp_path_factory.mktemp("matrix")))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_caller_hears_words_and_the_record_is_true_when(row, came):
    call = came[row.name]
    at = [call.words.find(phrase) for phrase in row.hears]

    assert -1 not in at, call.words
    assert at == sorted(at), call.words
    assert call.prompts == row.prompts
    assert call.pause_s <= row.pause_s
    assert (call.record["outcome"], call.record["ended_by"]) == (row.outcome, row.ended_by)
    assert {name: call.record[name] for name in row.record} == row.record
