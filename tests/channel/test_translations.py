"""Every text that pages say is there in Chinese too, with the same places to fill."""

import pytest
from babel.messages.pofile import read_po

from channel.words.__main__ import PO, brought_up_to_date, extracted


@pytest.fixture(scope="module")
def catalogue():
    with PO.open("rb") as file:
        return read_po(file, locale="zh_Hans")


@pytest.fixture(scope="module")
def said():
    return set(ids(extracted()))


def ids(catalogue):
    told = [message for message in catalogue if message.id]
    return {message.id[0] if isinstance(message.id, tuple) else message.id: message for message in told}


def test_law_every_text_is_translated(catalogue, said):
    told = ids(catalogue)
    assert sorted(text for text in said if text not in told or not all(strings(told[text]))) == []


def test_law_no_translation_is_a_guess(catalogue):
    assert [message.id for message in catalogue if message.id and message.fuzzy] == []


def test_law_no_translation_is_left_over(catalogue, said):
    assert sorted(set(ids(catalogue)) - said) == []


def test_law_translations_fill_the_same_places(catalogue):
    assert [(message.id, [str(error) for error in errors]) for message, errors in catalogue.check()] == []


def test_bringing_the_translations_up_to_date_changes_nothing_but_what_is_new():
    there, texts = PO.read_bytes(), extracted()
    assert brought_up_to_date(there, texts) == (there, [])
    texts.add("A text that nobody has translated")
    content, waiting = brought_up_to_date(there, texts)
    assert waiting == ["A text that nobody has translated"]
    assert brought_up_to_date(content, extracted()) == (there, [])


def strings(message):
    return message.string if isinstance(message.string, tuple) else (message.string,)
