from hypothesis import given
from hypothesis import strategies as st

from minicnn.data.picture_error import PictureError, printable


@given(st.text(st.characters(exclude_categories=[])))  # lone surrogates too: undecodable bytes
def test_whatever_a_file_is_called_its_name_can_be_printed(name: str) -> None:
    shown = printable(name)
    assert shown.isprintable()
    shown.encode()
    assert str(PictureError(name, "why")) == f"{shown}: why"


@given(st.text().filter(str.isprintable))
def test_an_ordinary_name_is_shown_as_it_is(name: str) -> None:
    assert printable(name) == name
