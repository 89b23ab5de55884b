"""Connections, transactions and upgrades keep their promises on both databases."""

from sqlalchemy import text


def test_smoke(db):
    assert db.execute(text("SELECT count(*) FROM entry")).scalar() == 0
