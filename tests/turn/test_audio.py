"""Which words were heard by when."""

from hypothesis import given, settings
from hypothesis import strategies as st

from core.aloud import aloud
from core.audio import Piece, heard_of, heard_text, whole_frames
from core.speech import FRAME_BYTES, Word

TEXT = "You have ten dollars, I think."
WORDS = [
    Word(text="You", start_ms=0, end_ms=200),
    Word(text="have", start_ms=200, end_ms=400),
    Word(text="ten", start_ms=400, end_ms=600),
    Word(text="dollars", start_ms=600, end_ms=1000),
    Word(text="I", start_ms=1100, end_ms=1200),
    Word(text="think", start_ms=1200, end_ms=1500),
]


def test_word_times_cut_at_the_last_whole_word():
    piece = Piece(text=TEXT, ms=1500, complete=True, words=WORDS)

    assert heard_of(piece, 0) == ""
    assert heard_of(piece, 599) == "You have"
    assert heard_of(piece, 1000) == "You have ten dollars,"
    assert heard_of(piece, 1500) == TEXT


def test_figures_were_heard_once_all_their_words_were():
    said = aloud("You have $1,250.50 left.")
    spoken = [Word(text=word, start_ms=n * 100, end_ms=n * 100 + 100)
              for n, word in enumerate(said.text.rstrip(".").split())]  # fmt: skip
    timed = Piece(text="You have $1,250.50 left.", ms=1200, complete=True, words=spoken, said=said)
    untimed = Piece(text="You have $1,250.50 left.", ms=1200, complete=True, said=said)

    assert len(spoken) == 12
    assert heard_of(timed, 1000) == "You have"  # "... dollars and fifty"
    assert heard_of(timed, 1100) == "You have $1,250.50"
    assert heard_of(untimed, 900) == "You have"
    assert heard_of(untimed, 1200) == "You have $1,250.50 left."


@given(st.text("ab ,.", min_size=1, max_size=80), st.integers(20, 4000), st.data())
@settings(max_examples=150, deadline=None, derandomize=True)
def test_without_word_times_a_longer_hearing_never_knows_less(text, ms, data):
    piece = Piece(text=text, ms=ms, complete=True)
    sooner = data.draw(st.integers(0, ms))
    later = data.draw(st.integers(sooner, ms))

    assert heard_of(piece, later).startswith(heard_of(piece, sooner))
    assert text.startswith(heard_of(piece, sooner))
    assert heard_of(piece, ms) == text


def test_pieces_sound_one_after_another():
    pieces = [
        Piece(text="One.", ms=400, complete=True),
        Piece(text="Two three four.", ms=1500, complete=True),
    ]

    assert heard_text(pieces, 400) == "One."
    assert heard_text(pieces, 400 + 950) == "One. Two three"
    assert heard_text(pieces, 5000) == "One. Two three four."


@given(st.binary(max_size=5000))
@settings(max_examples=100, deadline=None, derandomize=True)
def test_frames_and_rest_are_the_audio(pcm):
    frames, rest = whole_frames(pcm)

    assert b"".join(frames) + rest == pcm
    assert all(len(frame) == FRAME_BYTES for frame in frames)
    assert len(rest) < FRAME_BYTES
