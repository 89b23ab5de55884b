"""Tables of a code's life, from product to claim. Knows nobody.

Instants are aware UTC; ids from outside are text that sorts bytewise on both databases.
"""

from scans.tables.codes import BATCH_STATES, EARNS, LEVELS, PART_STATES, Batch, BatchPart, CodeRange, Version
from scans.tables.custody import Export, ExportRange
from scans.tables.doubted import DOUBT_ACTS, DOUBT_STATES, Doubt, DoubtStep, Norm, Report
from scans.tables.goods import PRODUCT_KINDS, RELATIONS, Product, ProductRelation, Reward
from scans.tables.packed import Packing
from scans.tables.printed import FORMS, LabelRun
from scans.tables.returned import RETURN_STATES, ReturnedItem
from scans.tables.scanned import Claim, Consumer, Scan
from scans.tables.targets import HREF_CHARS, Target

__all__ = [
    "BATCH_STATES",
    "DOUBT_ACTS",
    "DOUBT_STATES",
    "EARNS",
    "FORMS",
    "HREF_CHARS",
    "LEVELS",
    "PART_STATES",
    "PRODUCT_KINDS",
    "RELATIONS",
    "RETURN_STATES",
    "Batch",
    "BatchPart",
    "Claim",
    "CodeRange",
    "Consumer",
    "Doubt",
    "DoubtStep",
    "Export",
    "ExportRange",
    "LabelRun",
    "Norm",
    "Packing",
    "Product",
    "ProductRelation",
    "Report",
    "ReturnedItem",
    "Reward",
    "Scan",
    "Target",
    "Version",
]
