"""Stage 10, share: how a pool is split into parts, to the cent. Pure rules; knows no database.

Every rule takes the pool and a value for each receiver and returns a part for each of them and for the owner; the parts
sum to the pool and none is negative.
"""

from collections.abc import Callable, Mapping

OWNER = "owner"
BASIS = 10_000
Rule = Callable[[int, Mapping[str, int]], dict[str, int]]


class ShareError(ValueError):
    """Values by which a pool cannot be split."""


def by_weight(pool_cents: int, weights: Mapping[str, int]) -> dict[str, int]:
    """Split the whole pool in proportion to the weights; the owner keeps nothing of it.

    Cents lost to rounding go to the largest remainders; ties go to whoever is listed first.

    Units: cents; weights are relative (3:1), not percent.
    Raises: ShareError if a weight is negative or none is positive.
    Source: Hamilton's method, e.g. Balinski & Young, "Fair Representation" (2001).
    """
    total = sum(weights.values())
    if total <= 0 or min(weights.values()) < 0:
        raise ShareError("weights must not be negative, and one must be positive")
    parts = {who: pool_cents * weight // total for who, weight in weights.items()}
    by_remainder = sorted(weights, key=lambda who: pool_cents * weights[who] % total, reverse=True)
    for who in by_remainder[: pool_cents - sum(parts.values())]:
        parts[who] += 1
    return {**parts, OWNER: 0}


def by_basis_points(pool_cents: int, points: Mapping[str, int]) -> dict[str, int]:
    """Give each receiver so many ten-thousandths of the pool; the owner keeps the rest.

    Units: cents; 100 basis points are one percent.
    Raises: ShareError if a value is negative or they sum to more than 10,000.
    """
    rest = BASIS - sum(points.values())
    if rest < 0 or min(points.values(), default=0) < 0:
        raise ShareError("basis points must not be negative, nor sum to more than 10,000")
    parts = by_weight(pool_cents, {**{f"={who}": value for who, value in points.items()}, "rest": rest})
    return {**{who: parts[f"={who}"] for who in points}, OWNER: parts["rest"]}


def fixed(pool_cents: int, amounts: Mapping[str, int]) -> dict[str, int]:
    """Give each receiver a fixed amount, in the order listed, while the pool lasts; the owner keeps the rest.

    Units: cents.
    Raises: ShareError if an amount is negative.
    """
    if min(amounts.values(), default=0) < 0:
        raise ShareError("amounts must not be negative")
    parts, left = {}, pool_cents
    for who, amount_cents in amounts.items():
        parts[who] = min(amount_cents, left)
        left -= parts[who]
    return {**parts, OWNER: left}


RULES: dict[str, Rule] = {"by_weight": by_weight, "by_basis_points": by_basis_points, "fixed": fixed}


def pool_of(price_cents: int, *, pool_bp: int) -> int:
    """Return the pool that a plan makes of a list price, rounded down to the cent."""
    return price_cents * pool_bp // BASIS
