"""The application identifiers: our table held against GS1's dictionary, and each rule of their values."""

import re
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scans.gs1 import ElementError, GtinError, check_digit, check_gtin, check_pair, check_value
from scans.gs1.table import ATTRIBUTES, FORMATS, KEYS
from scans.gs1.values import CHARACTERS_82, RULES

# Lists that others keep and change.
NOT_HELD = {"iso3166", "iso3166999", "iso3166alpha2", "iso4217", "couponcode", "couponposoffer", "packagetype"}

GOOD = [
    ("00", "006141411234567890", "an SSCC"),
    ("01", "09506000134352", "a GTIN"),
    ("10", "!\"%&'()*+,-./:;<=>?", "every sign that is no letter"),
    ("17", "261231", "a day"),
    ("17", "260200", "the last of February"),
    ("17", "000229", "a leap day"),
    ("253", "4012345000115ebon-4711", "a document with its serial"),
    ("253", "4012345000115", "and without"),
    ("3103", "000195", "195 g"),
    ("401", "0614141ABC", "a consignment"),
    ("402", "06141411234567890", "a shipment"),
    ("414", "4012345000108", "a place"),
    ("423", "276036", "two countries"),
    ("4309", "18000000003600000000", "the North Pole"),
    ("4331", "000040-", "below zero"),
    ("4302", "%E4%B8%8A", "percent-encoded once more inside"),
    ("7003", "2606302359", "a minute"),
    ("7007", "260101260131", "from one day to another"),
    ("7040", "1ABC", "an importer"),
    ("7241", "80", "a kind of carrier"),
    ("7250", "19281231", "a birthday"),
    ("7252", "9", "a sex by ISO 5218"),
    ("7258", "1/2", "the first of two"),
    ("8001", "00010000100109", "a roll"),
    ("8003", "04012345111118988", "a crate"),
    ("8004", "4012345ABCD-123", "an asset"),
    ("8006", "095060001343520102", "the first piece of two"),
    ("8007", "GB82WEST12345698765432", "the account that ISO 13616 shows"),
    ("8008", "26063023", "an hour"),
    ("8008", "260630235959", "a second"),
    ("8010", "0614141#-/A1", "a component"),
    ("8011", "0", "its first serial"),
    ("8013", "1987654Ad4X4bL5ttr2310c2K", "the model that the General Specifications show"),
    ("8030", "AZaz09-_", "a signature"),
    ("99", "x" * 90, "whatever a company likes"),
]
BAD = [
    ("00", "006141411234567891", "a wrong check digit"),
    ("00", "00614141123456789", "a digit too few"),
    ("02", "9506000134352", "only AI 01 is read in short"),
    ("10", "", "nothing"),
    ("10", "x" * 21, "longer than 20"),
    ("10", "a b", "a blank is none of the 82 signs"),
    ("10", "批次", "no sign of GS1's"),
    ("10", "LOT\n", "a line end"),
    ("17", "261301", "month 13"),
    ("17", "260230", "the thirtieth of February"),
    ("17", "010229", "no leap year"),
    ("17", "２６１２３１", "digits of another script"),
    ("7006", "260200", "here the day has to be told"),
    ("3103", "195", "six digits"),
    ("3109", "000195", "no such AI: five digits behind the point at most"),
    ("401", "ABC0614141", "a company's prefix comes first"),
    ("402", "06141411234567891", "a wrong check digit"),
    ("414", "4012345000109", "a wrong check digit"),
    ("423", "27603", "a country has three digits"),
    ("4309", "18000000013600000000", "beyond the pole"),
    ("4309", "18000000003600000001", "around the world"),
    ("4331", "000040+", "only a hyphen"),
    ("4302", "100%", "half an escape"),
    ("4321", "2", "neither yes nor no"),
    ("7003", "2606302460", "no such minute"),
    ("7040", "1AB!", "no index of importers"),
    ("7241", "11", "a reserved kind"),
    ("7250", "19280230", "no such day"),
    ("7250", "00000101", "no such year"),
    ("7252", "3", "none of ISO 5218"),
    ("7258", "2/1", "the second of one"),
    ("8001", "00000000100109", "no width"),
    ("8001", "00010000100129", "wound how?"),
    ("8003", "14012345111118988", "the first digit is a nought"),
    ("8006", "095060001343520302", "the third of two"),
    ("8007", "GB82WEST12345698765433", "wrong check digits"),
    ("8007", "GB8", "too short"),
    ("8008", "2606302360", "no such minute"),
    ("8008", "260630235960", "no such second"),
    ("8008", "26063024", "no such hour"),
    ("8010", "0614141a", "capitals only"),
    ("8011", "01", "no nought in front"),
    ("8013", "1987654Ad4X4bL5ttr2310c2L", "a wrong check character"),
    ("8013", "2K", "nothing before the check characters"),
    ("8014", "19876542", "no sign that is no digit"),
    ("8030", "a=", "no padding"),
    ("9", "x", "no such AI"),
    ("98765432100", "x", "no such AI either"),
]


def dictionary(test_data):
    """Return each AI of GS1's dictionary: its format, its qualifiers (None: no key), whether a query may hold it."""
    lines = (test_data / "gs1" / "gs1-syntax-dictionary.txt").read_text(encoding="utf-8").splitlines()
    for line in filter(None, (line.partition("#")[0].strip() for line in lines)):
        span, *words = line.split()
        flags = words.pop(0) if set(words[0]) <= {"*", "?"} else ""
        told = [word for word in words if not re.match(r"(req|ex|dlpkey)\b", word)]
        key = next((word for word in words if word.startswith("dlpkey")), None)
        first, _, last = span.partition("-")
        for no in range(int(first), int(last or first) + 1):
            yield str(no).zfill(len(first)), " ".join(map(held, told)), key, "?" in flags


def held(component):
    """Leave out the rules that are not held, and the prefix of a key of digits, which holds by itself."""
    kind, *rules = component.split(",")
    digits = kind.strip("[")[0] == "N"
    return ",".join([kind, *(rule for rule in rules if rule not in NOT_HELD and not (digits and "gcppos" in rule))])


def test_law_every_ai_has_the_format_of_the_dictionary(test_data):
    told = {ai: format_ for ai, format_, _, _ in dictionary(test_data)}
    assert len(told) == 541
    assert told == FORMATS


def test_law_the_keys_and_their_qualifiers_are_those_of_the_dictionary(test_data):
    told = {ai: key.removeprefix("dlpkey").removeprefix("=") for ai, _, key, _ in dictionary(test_data) if key}
    ours = {ai: "|".join(",".join(row) for row in rows) for ai, rows in KEYS.items()}
    assert told == ours


def test_law_a_query_may_hold_what_the_dictionary_lets_it_hold(test_data):
    assert {ai for ai, _, _, allowed in dictionary(test_data) if allowed} == ATTRIBUTES


def test_law_every_rule_that_a_format_names_is_written():
    named = {name for format_ in FORMATS.values() for part in format_.split() for name in part.split(",")[1:]}
    assert named == RULES.keys()


@given(st.text(alphabet="0123456789", min_size=6, max_size=17), st.integers(1, 9), st.data())
def test_law_one_wrong_digit_of_any_key_is_seen(digits, change, data):
    full = digits + check_digit(digits)
    place = data.draw(st.integers(0, len(digits)))
    wrong = full[:place] + str((int(full[place]) + change) % 10) + full[place + 1 :]
    assert RULES["csum"](full)
    assert not RULES["csum"](wrong)
    weights = [1 + 2 * (no % 2) for no in range(len(full))]  # by the book: 1, 3, 1, 3, ... from the right
    assert sum(w * int(d) for w, d in zip(weights, reversed(full), strict=True)) % 10 == 0


@given(st.text(alphabet=CHARACTERS_82, min_size=1, max_size=17), st.data())
def test_law_one_wrong_sign_of_a_model_is_seen(text, data):
    full = "9524" + text + check_pair("9524" + text)
    place = data.draw(st.integers(4, len(full) - 1))
    wrong = full[:place] + data.draw(st.sampled_from(CHARACTERS_82.replace(full[place], ""))) + full[place + 1 :]
    assert check_value("8013", full) == full
    with pytest.raises(ElementError):
        check_value("8013", wrong)


@given(st.sampled_from(sorted(FORMATS)), st.text(max_size=30))
def test_law_any_text_is_taken_or_refused(ai, text):
    with suppress(ElementError, GtinError):
        assert check_value(ai, text).endswith(text)


@pytest.mark.parametrize(("ai", "value", "why"), GOOD, ids=[f"{row[0]} {row[2]}" for row in GOOD])
def test_a_good_value_is_taken(ai, value, why):
    assert check_value(ai, value) == value, why


@pytest.mark.parametrize(("ai", "value", "why"), BAD, ids=[f"{row[0]} {row[2]}" for row in BAD])
def test_a_bad_value_is_refused(ai, value, why):
    with pytest.raises(ElementError):
        check_value(ai, value)


def test_a_gtin_is_kept_with_14_digits():
    assert check_value("01", "9506000134352") == check_gtin("9506000134352") == "09506000134352"
    with pytest.raises(GtinError):
        check_value("01", "9506000134353")
