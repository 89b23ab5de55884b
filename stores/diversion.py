"""Stage 13, judge: goods delivered to a store and scanned far from it. Knows sales, roll.

Consumers travel, so every store's goods are scanned far away now and then; a store whose goods are so again and again
has sold them on to where they were not meant for. The distance is the one that was frozen with the sale.
"""

from datetime import date

import numpy as np
from sqlalchemy import and_, case, func
from sqlalchemy.orm import Session

from scans.tables import Claim
from stores.excess import Excess
from stores.presence import Ints
from stores.roll import Roll
from stores.sales import goods_sold
from stores.tables import Sale

CODE = "sold_far"
FAR_M = 30_000.0
LEAST = 3
_metres = Sale.why["delivered_m"].as_float()


def sold_far(db: Session, *, roll: Roll, counts: Ints, first: date, last: date) -> Excess:
    """Count purchases far from the store the goods were delivered to; one consumer's on one day are one.

    Shapes: counts (stores, days); only its shape is used.
    """
    far = _metres > FAR_M
    consumers = func.count(case((far, Claim.consumer_id)).distinct())
    unknown = func.count(case((and_(far, Claim.consumer_id.is_(None)), 1)))
    told = goods_sold(Sale.store_id, Sale.day, consumers + unknown, func.count(case((far, 1))), func.count())
    told = told.where(Sale.evidence == "delivered", Sale.day.between(first, last), _metres.is_not(None))
    rows = db.execute(told.group_by(Sale.store_id, Sale.day))
    nothing = np.zeros_like(counts)
    events, items, of = roll.spread(rows, first=first, last=last) or (nothing, nothing, nothing)
    return Excess(CODE, LEAST, first, events, of - items + events, items, of)
