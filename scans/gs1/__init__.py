"""Stage 2, print: what stands in a symbol: keys of GS1 and their Digital Links. Knows nobody.

`read_link` reads any Digital Link, `parse_link` the address of an item, `check_value` the value of any AI.
"""

from scans.gs1.links import (
    MAX_URI,
    DigitalLink,
    Element,
    ItemLink,
    clean_serial,
    item_link,
    parse_link,
    print_path,
    print_uri,
    read_link,
)
from scans.gs1.values import (
    ElementError,
    GtinError,
    LinkError,
    check_digit,
    check_gtin,
    check_pair,
    check_value,
    read_date,
)

__all__ = [
    "MAX_URI",
    "DigitalLink",
    "Element",
    "ElementError",
    "GtinError",
    "ItemLink",
    "LinkError",
    "check_digit",
    "check_gtin",
    "check_pair",
    "check_value",
    "clean_serial",
    "item_link",
    "parse_link",
    "print_path",
    "print_uri",
    "read_date",
    "read_link",
]
