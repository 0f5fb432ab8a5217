"""From tokens to words: the vocabulary's file and the model's habit of repeating itself."""

from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.embedded.moonshine import read_tokens, without_loop

vocabularies = st.lists(st.binary(min_size=1, max_size=300), max_size=20)


def written(tokens: list[bytes]) -> bytes:
    data = b""
    for token in tokens:
        length = len(token)
        head = [length] if length < 128 else [length % 128 + 128, length // 128]
        data += bytes(head) + token
    return data


@given(tokens=vocabularies)
@settings(derandomize=True, max_examples=50, deadline=None)
def test_a_vocabulary_is_read_as_it_was_written(tokens: list[bytes]) -> None:
    assert read_tokens(written(tokens)) == tuple(tokens)


def test_a_phrase_that_repeats_to_the_end_is_kept_once() -> None:
    phrase = [5, 6, 7, 8, 9]

    assert without_loop([1, 2, *phrase, *phrase, *phrase, 5, 6]) == [1, 2, *phrase]


def test_what_does_not_repeat_to_the_end_is_left_alone() -> None:
    tokens = [1, 2, 3, 4, 1, 2, 3, 4, 9]

    assert without_loop(tokens) == tokens
    assert without_loop([1, 1, 2]) == [1, 1, 2]
