"""Every text that pages say is there in Chinese too, with the same places to fill."""

from pathlib import Path

import pytest
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po

ROOT = Path(__file__).parents[2]
CATALOGUE = ROOT / "channel/translations/zh_Hans/LC_MESSAGES/messages.po"


@pytest.fixture(scope="module")
def catalogue():
    if not CATALOGUE.exists():
        pytest.skip("absent: nothing is translated yet")
    with CATALOGUE.open("rb") as file:
        return read_po(file, locale="zh_Hans")


@pytest.fixture(scope="module")
def said():
    with (ROOT / "babel.cfg").open() as file:
        methods, options = parse_mapping_cfg(file)
    found = extract_from_dir(ROOT, methods, options, {**DEFAULT_KEYWORDS, "lazy_gettext": None})
    return {message[0] if isinstance(message, tuple) else message for _, _, message, _, _ in found}


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


def strings(message):
    return message.string if isinstance(message.string, tuple) else (message.string,)
