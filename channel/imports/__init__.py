"""Imports: what the owner knows comes in as CSV or XLSX, and goes in by the same calls as everything else."""

from channel.imports.cells import CellError
from channel.imports.directory import PARTIES, REPS, STORES
from channel.imports.files import BadRow, ImportFileError, error_file
from channel.imports.kind import Door, Kind
from channel.imports.links import LINKS
from channel.imports.money import PLANS, REWARDS_OF_PRODUCTS
from channel.imports.movements import DELIVERIES, PACKINGS, RETURNS, SCANS
from channel.imports.products import PRODUCTS, RELATIONS_OF_PRODUCTS
from channel.imports.running import Tally, import_file, template
from channel.imports.shelf import SHELF_FACTS
from channel.imports.stock import POS_SALES, STOCK_COUNTS

KINDS: dict[str, Kind] = {
    "products": PRODUCTS,
    "relations": RELATIONS_OF_PRODUCTS,
    "links": LINKS,
    "parties": PARTIES,
    "stores": STORES,
    "reps": REPS,
    "plans": PLANS,
    "rewards": REWARDS_OF_PRODUCTS,
    "packings": PACKINGS,
    "deliveries": DELIVERIES,
    "stock-counts": STOCK_COUNTS,
    "pos-sales": POS_SALES,
    "shelf-facts": SHELF_FACTS,
    "returns": RETURNS,
    "scans": SCANS,
}

__all__ = [
    "KINDS",
    "BadRow",
    "CellError",
    "Door",
    "ImportFileError",
    "Kind",
    "Tally",
    "error_file",
    "import_file",
    "template",
]
