"""Serials: unguessable, unique, verifying themselves; held against a slow and obvious reference."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES128
from cryptography.hazmat.primitives.ciphers.modes import ECB
from hypothesis import given
from hypothesis import strategies as st

from scans.codes import ALPHABET, CHUNK, MAX_CODE_NO, CodeError, decipher, decipher_all, serial, serials

SECRET = bytes(range(16))
secrets = st.binary(min_size=16, max_size=16)
code_nos = st.integers(0, MAX_CODE_NO)


def slow_serial(secret, code_no):
    def f(half, number):
        block = half + bytes([number]) + b"glassbox.1"
        return Cipher(AES128(secret), ECB()).encryptor().update(block)[:5]

    def xor(one, other):
        return bytes(a ^ b for a, b in zip(one, other, strict=True))

    left, right = code_no.to_bytes(5, "little"), bytes(5)
    right = xor(right, f(left, 0))
    left = xor(left, f(right, 1))
    right = xor(right, f(left, 2))
    left = xor(left, f(right, 3))
    text = ""
    for half in (left, right):
        number = int.from_bytes(half, "little")
        text += "".join(ALPHABET[number // 32**place % 32] for place in range(7, -1, -1))
    return text


@given(secrets, code_nos)
def test_law_a_serial_is_the_reference_s_and_deciphers_to_its_number(secret, code_no):
    text = serial(secret, code_no)
    assert text == slow_serial(secret, code_no)
    assert decipher(secret, text) == code_no


@given(secrets, st.lists(code_nos, max_size=40))
def test_law_many_at_once_are_the_same_as_one_by_one(secret, numbers):
    many = serials(secret, np.array(numbers, dtype=np.uint64))
    assert [text.decode() for text in many] == [serial(secret, number) for number in numbers]
    back, valid = decipher_all(secret, many)
    assert back.tolist() == numbers
    assert valid.all()


@given(code_nos, st.integers(0, 15), st.sampled_from(ALPHABET))
def test_law_a_changed_character_is_never_accepted(code_no, place, char):
    text = serial(SECRET, code_no)
    changed = text[:place] + char + text[place + 1 :]
    if changed != text:
        with pytest.raises(CodeError):
            decipher(SECRET, changed)


def test_no_one_character_change_of_two_hundred_serials_passes():
    real = serials(SECRET, np.arange(1, 201, dtype=np.uint64)).view("S1").reshape(200, 16)
    changed = np.repeat(real, 16 * 32, axis=0)
    rows = np.arange(len(changed))
    changed[rows, rows // 32 % 16] = np.frombuffer(ALPHABET.encode(), dtype="S1")[rows % 32]
    same = (changed == np.repeat(real, 16 * 32, axis=0)).all(axis=1)
    _, valid = decipher_all(SECRET, changed.reshape(-1).view("S16"))
    assert same.sum() == 200 * 16
    assert (valid == same).all()


def test_a_serial_that_others_made_is_not_ours():
    with pytest.raises(CodeError):
        decipher(bytes(16), serial(SECRET, 7))


@pytest.mark.parametrize(
    "text", ["", "0" * 15, "0" * 17, "U" * 16, "i" * 16, "0" * 15 + "_", "0" * 15 + " ", "０" * 16]
)
def test_what_is_no_serial_is_refused(text):
    with pytest.raises(CodeError):
        decipher(SECRET, text)


def test_what_is_no_serial_is_refused_among_many():
    texts = np.array([b"U" * 16, b"short", serial(SECRET, 5).lower().encode(), serial(SECRET, 5).encode()], dtype="S16")
    numbers, valid = decipher_all(SECRET, texts)
    assert valid.tolist() == [False, False, False, True]
    assert numbers[3] == 5


@pytest.mark.parametrize("code_no", [-1, MAX_CODE_NO + 1])
def test_a_number_of_more_than_40_bits_gets_no_serial(code_no):
    with pytest.raises(CodeError):
        serial(SECRET, code_no)


def test_a_number_of_more_than_40_bits_gets_no_serial_among_many():
    with pytest.raises(CodeError):
        serials(SECRET, np.array([1, MAX_CODE_NO + 1], dtype=np.uint64))


def test_serials_do_not_depend_on_where_a_chunk_ends():
    numbers = np.arange(CHUNK - 2, 2 * CHUNK + 3, dtype=np.uint64)
    assert serials(SECRET, numbers)[-1].decode() == serial(SECRET, 2 * CHUNK + 2)
    assert len(set(serials(SECRET, numbers).tolist())) == len(numbers)


def test_threads_do_not_disturb_each_other():
    def there_and_back(code_no):
        return decipher(SECRET, serial(SECRET, code_no))

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(there_and_back, range(5000))) == list(range(5000))


def test_a_known_answer_holds_for_ever():
    """What is printed on goods cannot follow a change of the code."""
    assert serial(SECRET, 1) == "GZ6RX5S8JC85XZK5"
