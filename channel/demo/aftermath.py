"""What else becomes of goods in the demo: a lot whose last day is near, a part called back, items that came back."""

from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from channel.config import Config
from channel.journey import take_returns
from scans.batches import batch_list, catalogue
from scans.keys import KeyRing
from scans.life import recall
from scans.marks import uri
from scans.parts import Positions
from scans.returns import ReturnRow
from scans.tables import Claim
from scans.terms import Terms

NEAR, FAR = timedelta(days=12), timedelta(days=400)
CALLED_BACK, CAME_BACK = 24, 3


def terms_of(number: int, *, last_day: date) -> Terms:
    """Return what the batch of a product is issued on: of the first one the last day is near when the demo is shown."""
    return Terms(lot=f"L{number + 1:03}", expires_on=last_day + (FAR if number else NEAR))


def come_back(db: Session, *, config: Config, ring: KeyRing, spare: int, now: datetime) -> None:
    """Call back a part of the latest batch that nobody has scanned yet, and take back what was sold last."""
    batch = batch_list(db, limit=1)[0]
    first = batch.items - spare + 1
    why = "某班次瓶盖渗漏"
    recall(db, batch_id=batch.batch_id, why=why, now=now, part=Positions(first, first + CALLED_BACK - 1))
    codes = catalogue(db)
    sold = db.scalars(select(Claim.code_no).order_by(Claim.received_at.desc(), Claim.code_no).limit(CAME_BACK)).all()
    rows = [
        ReturnRow(f"RT-{place}", uri(codes.find(code_no), ring=ring, base_url=config.base_url), now, "顾客退货")
        for place, code_no in enumerate(sold, 1)
    ]
    take_returns(db, config=config, ring=ring, rows=rows, now=now)
