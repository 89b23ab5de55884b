"""Why a row or a form was refused: the domain's sentence, numbers and all, in the language of the answer."""

import re

from channel.words.locale import N_, gettext

_VERBATIM = (
    N_("GS1's vocabulary has no link type of this name"),
    N_("a context is 1-64 of A-Z a-z 0-9 _ . -"),
    N_("a link is of a lot or of one serial, not of both"),
    N_("a serial has 1 to 20 letters, digits or signs"),
    N_("is not a language like zh or zh-CN"),
    N_("is not a media type like text/html"),
    N_("is not an address like https://brand.example/page"),
    N_("is not yes or no"),
    N_("leads back to an address of our own products"),
    N_("leads to no named host"),
    N_("a position needs lat_deg, lon_deg and datum"),
    N_("a product has no relation to itself"),
    N_("an id has 1-64 of A-Z a-z 0-9 _ . -"),
    N_("holds characters that cannot be printed"),
    N_("is empty"),
    N_("is negative"),
    N_("is not a date like 2026-06-01"),
    N_("is not a mail address"),
    N_("is not a number"),
    N_("is not a telephone number"),
    N_("is not a time like 2026-06-01T10:30:00+08:00"),
    N_("is not a whole number"),
    N_("is not a zone like Asia/Shanghai"),
    N_("is not in whole cents: 3.50 is written 350"),
    N_("is not like colour=red;size=500ml"),
    N_("is not the address of a code"),
    N_("lies in the future"),
    N_("looks like a formula; formulas are not taken"),
    N_("rows with this id say different things"),
    N_("the store closed before it opened"),
    N_("there is no such day"),
    N_("there is no such time"),
    N_("this id is a rep's"),
    N_("the check digit of this GTIN is wrong"),
    N_("a GTIN has 8, 12, 13 or 14 digits"),
    N_("a GTIN for cases needs cases: say how many items one has"),
    N_("the GTIN of the cases is one that items carry"),
    N_("SSCCs need pallets: say how many cases one has"),
    N_("a company's prefix has 4 to 12 digits"),
    N_("this prefix overlaps one that pallets are numbered under already"),
    N_("pallets hold cases: say how many items a case has"),
    N_("its line of parents never reaches the top: a circle, or a parent that was refused itself"),
    N_("this code was never issued"),
    N_("items come back one by one: scan what is in the case"),
    N_("this item was never claimed: recall it, or deliver it elsewhere"),
    N_("this item came back already, or this id stands for another one"),
    N_("one of these items did not come back, or was decided about before"),
    N_("items of one batch are issued anew at a time"),
    N_("what is recalled is not issued anew"),
    N_("what is past its last day is not issued anew"),
    N_("choose at least one item, and at most a thousand"),
    N_("a lot has 1 to 20 letters, digits or signs"),
    N_("the product has no shelf life: say when the batch expires"),
    N_("the batch expires before it was made"),
    N_("the scheduler ended while this was done, three times"),
    N_("a cell lies too far from the others: delete the empty rows and columns between them"),
    N_("the file cannot be read as XLSX: it holds no workbook"),
    N_("the file cannot be read as XLSX: it has a cell where none can be"),
)
_WITH_NUMBERS = (
    (r"this is no value of the application identifier (?P<ai>\d+)",
     N_("this is no value of the application identifier %(ai)s")),
    (r"longer than (?P<count>\d+) words", N_("longer than %(count)s words")),
    (r"a product has at most (?P<most>\d+) links", N_("a product has at most %(most)s links")),
    (r"is not between (?P<least>.+) and (?P<most>.+)", N_("is not between %(least)s and %(most)s")),
    (r"is not one of (?P<words>.+)", N_("is not one of %(words)s")),
    (r"longer than (?P<count>\d+) characters", N_("longer than %(count)s characters")),
    (r"no product has the GTIN (?P<gtin>.+)", N_("no product has the GTIN %(gtin)s")),
    (r"there is no party (?P<id>.+)", N_("there is no party %(id)s")),
    (r"there is no product (?P<id>.+)", N_("there is no product %(id)s")),
    (r"there is no store (?P<id>.+)", N_("there is no store %(id)s")),
    (r"count (?P<id>.+) tells of the same store, product and day",
     N_("count %(id)s tells of the same store, product and day")),
    (r"stands in line (?P<line>\d+) already", N_("stands in line %(line)s already")),
    (r"has (?P<cells>\d+) cells, the header has (?P<header>\d+)", N_("has %(cells)s cells, the header has %(header)s")),
    (r"line 1: column (?P<column>.+) is missing", N_("line 1: column %(column)s is missing")),
    (r"line 1: unknown column (?P<column>.+); known are (?P<known>.+)",
     N_("line 1: unknown column %(column)s; known are %(known)s")),
    (r"line 1: column (?P<column>.+) stands there twice", N_("line 1: column %(column)s stands there twice")),
    (r"a batch has 1 to (?P<most>\d+) items", N_("a batch has 1 to %(most)s items")),
    (r"a batch is made and expires between (?P<first>\d+) and (?P<last>\d+)",
     N_("a batch is made and expires between %(first)s and %(last)s")),
)  # fmt: skip


def refusal(reason: str) -> str:
    """Return a reason in the language of the answer; one that nobody has translated stays as it is."""
    if reason in _VERBATIM:
        return gettext(reason)
    for pattern, text in _WITH_NUMBERS:
        if found := re.fullmatch(pattern, reason):
            return gettext(text, **found.groupdict())
    return reason
