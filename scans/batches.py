"""Stage 1, mint: batches, whose items, cases and pallets are ranges of code numbers. Knows nobody.

There is no row per code: issuing ten million codes writes a row for the batch and one for each level.
"""

import secrets
from datetime import date, datetime
from itertools import accumulate, groupby
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import RowMapping, func, insert, select
from sqlalchemy.orm import Session

from scans import codes, versions
from scans.catalogue import Catalogue, FrozenReward, IssuedBatch, Span
from scans.gs1 import check_gtin
from scans.keys import KeyRing
from scans.life import batch_parts
from scans.parts import Part
from scans.products import UnknownProductError
from scans.sscc import SsccPrefixError, check_prefix, room
from scans.tables import Batch, Claim, CodeRange, Product
from scans.terms import Terms, check_terms

MAX_COUNT = 100_000_000


class BatchError(ValueError):
    """A batch like this cannot be issued."""


class BatchLine(NamedTuple):
    """A batch as the office lists it; `claimed` is how many of its items have been scanned first."""

    batch_id: str
    gtin: str
    product: str
    state: str
    items: int
    items_per_case: int | None
    cases_per_pallet: int | None
    issued_at: datetime
    printed_at: datetime | None
    activated_at: datetime | None
    recalled_at: datetime | None
    recalled_why: str | None
    reward_rule: str | None
    lot: str | None
    expires_on: date | None
    earns: str
    claimed: int


def level_sizes(
    count: int, items_per_case: int | None, cases_per_pallet: int | None, *, has_outer: bool = False
) -> dict[str, int]:
    """Return how many items, cases, pallets and outer marks a batch has; the last case and pallet may be part full.

    Raises: BatchError if that cannot be packed or is too much.
    """
    if not 1 <= count <= MAX_COUNT:
        raise BatchError(f"a batch has 1 to {MAX_COUNT} items")
    if cases_per_pallet is not None and items_per_case is None:
        raise BatchError("pallets hold cases: say how many items a case has")
    sizes = {"item": count}
    for level, size in (("case", items_per_case), ("pallet", cases_per_pallet)):
        if size is None:
            break
        if not 1 <= size <= MAX_COUNT:
            raise BatchError(f"a {level} holds 1 to {MAX_COUNT}")
        sizes[level] = -(-next(reversed(sizes.values())) // size)
    return sizes | ({"outer": count} if has_outer else {})


def issue_batch(
    db: Session,
    *,
    ring: KeyRing,
    gtin: str,
    count: int,
    items_per_case: int | None = None,
    cases_per_pallet: int | None = None,
    case_gtin: str | None = None,
    sscc_prefix: str | None = None,
    terms: Terms = Terms(),
    now: datetime,
) -> IssuedBatch:
    """Issue codes for a product, packed by range into cases and pallets if wanted.

    Cases may carry a GTIN of their own, pallets SSCCs under a company's prefix.

    Raises: UnknownProductError, GtinError, SsccPrefixError, BatchError, TermsError, KeyRingError without a code key.
    """
    sizes = level_sizes(count, items_per_case, cases_per_pallet, has_outer=terms.has_outer)
    product_id, agreed = _agreed(db, gtin, terms)
    first_no = _draw_codes(db, sum(sizes.values()))
    marked = _marks(db, case_gtin=case_gtin, sscc_prefix=sscc_prefix, sizes=sizes)
    batch = Batch(
        batch_id="B" + "".join(secrets.choice(codes.ALPHABET) for _ in range(10)),
        product_id=product_id,
        key_id=ring.newest("code").id,
        state="issued",
        count=count,
        items_per_case=items_per_case,
        cases_per_pallet=cases_per_pallet,
        issued_at=now,
        **marked | agreed,
    )
    db.add(batch)
    db.flush()
    db.execute(insert(CodeRange), _ranges(batch.id, sizes, first_no))
    versions.touch(db, name="batches")
    return _issued(db, batch_id=batch.batch_id)[0]


def catalogue(db: Session) -> Catalogue:
    """Return all codes ever issued, loaded again only after a batch or a product has changed."""
    return versions.kept(db, name="batches", load=lambda db: Catalogue(_issued(db)))


def batch_list(db: Session, *, limit: int = 50, offset: int = 0, batch_id: str | None = None) -> list[BatchLine]:
    """Return batches, the latest first; only one if it is named."""
    claimed = select(func.count()).where(Claim.batch_id == Batch.id).scalar_subquery()
    told = select(
        Batch.batch_id, Product.gtin, Product.name, Batch.state, Batch.count, Batch.items_per_case,
        Batch.cases_per_pallet, Batch.issued_at, Batch.printed_at, Batch.activated_at, Batch.recalled_at,
        Batch.recalled_why, Batch.reward_rule, Batch.lot, Batch.expires_on, Batch.earns, claimed,
    )  # fmt: skip
    listed = told.join(Product, Product.id == Batch.product_id).order_by(Batch.id.desc())
    named = listed if batch_id is None else listed.where(Batch.batch_id == batch_id)
    return [BatchLine._make(row) for row in db.execute(named.limit(limit).offset(offset))]


def named_keys(db: Session) -> set[str]:
    """Return the ids of all keys that a batch needs; a key ring without one of them is not this database's."""
    rows = db.execute(select(Batch.key_id, Batch.prize_key_id).distinct())
    return {key_id for row in rows for key_id in row if key_id is not None}


def _agreed(db: Session, gtin: str, terms: Terms) -> tuple[int, dict[str, Any]]:
    """Return our own key of a product, and the columns of a batch of it that its terms fill."""
    asked = select(Product.id, Product.shelf_life_days).where(Product.gtin == check_gtin(gtin))
    product = db.execute(asked).one_or_none()
    if product is None:
        raise UnknownProductError(f"there is no product {gtin}")
    agreed = check_terms(terms, shelf_life_days=product.shelf_life_days)
    return product.id, {"lot": agreed.lot, "expires_on": agreed.expires_on, "earns": agreed.earns}


def batches_by_key(db: Session) -> dict[str, int]:
    """Return how many batches each key has made the codes or draws the prizes of."""
    made = select(Batch.key_id, func.count()).group_by(Batch.key_id)
    drawn = select(Batch.prize_key_id, func.count()).where(Batch.prize_key_id.is_not(None)).group_by(Batch.prize_key_id)
    return {key_id: count for key_id, count in db.execute(made.union_all(drawn)) if key_id is not None}


def _draw_codes(db: Session, count: int) -> int:
    first_no = versions.draw(db, name="code_no", count=count)
    if first_no + count > codes.MAX_CODE_NO:
        raise BatchError("all code numbers are used up")
    return first_no


def _marks(db: Session, *, case_gtin: str | None, sscc_prefix: str | None, sizes: dict[str, int]) -> dict[str, Any]:
    """Return what stands on cases and pallets in place of the item's GTIN, with the pallets' numbers drawn."""
    marked: dict[str, Any] = {}
    if case_gtin is not None:
        marked["case_gtin"] = check_gtin(case_gtin)
        if "case" not in sizes:
            raise BatchError("a GTIN for cases needs cases: say how many items one has")
        if db.scalar(select(Product.id).where(Product.gtin == marked["case_gtin"])) is not None:
            raise BatchError("the GTIN of the cases is one that items carry")
    if sscc_prefix is not None:
        if "pallet" not in sizes:
            raise BatchError("SSCCs need pallets: say how many cases one has")
        marked |= _draw_ssccs(db, check_prefix(sscc_prefix), sizes["pallet"])
    return marked


def _draw_ssccs(db: Session, prefix: str, count: int) -> dict[str, Any]:
    used = db.scalars(select(Batch.sscc_prefix).where(Batch.sscc_prefix.is_not(None)).distinct())
    if any(one != prefix and (one.startswith(prefix) or prefix.startswith(one)) for one in used if one):
        raise SsccPrefixError("this prefix overlaps one that pallets are numbered under already")
    first_no = versions.draw(db, name=f"sscc:{prefix}", count=count)
    if first_no + count > room(prefix):
        raise SsccPrefixError(f"all SSCCs under the prefix {prefix} are used up")
    return {"sscc_prefix": prefix, "first_sscc_no": first_no}


def _ranges(batch_pk: int, sizes: dict[str, int], first_no: int) -> list[dict[str, Any]]:
    lasts = accumulate(sizes.values(), initial=first_no - 1)
    return [
        {"batch_id": batch_pk, "level": level, "first_no": last + 1, "last_no": last + size}
        for (level, size), last in zip(sizes.items(), lasts, strict=False)
    ]


def _issued(db: Session, *, batch_id: str | None = None) -> list[IssuedBatch]:
    query = (
        select(
            Batch.__table__,
            Product.gtin,
            Product.list_price_cents,
            CodeRange.level,
            CodeRange.first_no,
            CodeRange.last_no,
        )
        .join(Product, Product.id == Batch.product_id)
        .join(CodeRange, CodeRange.batch_id == Batch.id)
        .order_by(Batch.id, CodeRange.first_no)
    )
    if batch_id is not None:
        query = query.where(Batch.batch_id == batch_id)
    rows = db.execute(query).mappings()
    parts = batch_parts(db)
    return [_record(list(ranges), parts.get(key, ())) for key, ranges in groupby(rows, key=itemgetter("id"))]


def _record(ranges: list[RowMapping], parts: tuple[Part, ...]) -> IssuedBatch:
    row = ranges[0]
    same = {name: row[name] for name in IssuedBatch.__slots__ if name in row}
    return IssuedBatch(
        **same,
        spans=tuple(Span(part["level"], part["first_no"], part["last_no"]) for part in ranges),
        reward=_reward(row) if row["reward_rule"] else None,
        parts=parts,
    )


def _reward(row: RowMapping) -> FrozenReward:
    tiers = [(amount_cents, items) for amount_cents, items in row["reward_tiers"]]
    return FrozenReward(row["reward_rule"], tiers, row["reward_hash"], row["prize_key_id"])
