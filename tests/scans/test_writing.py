import pytest
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from channel.database import reading, transaction
from scans.tables import Consumer, Version
from scans.writing import in_one_go, insert_rows
from tests import make


def consumers(*devices):
    return [{"device": device, "first_seen_at": make.NOW} for device in devices]


def there(engine):
    with reading(engine) as db:
        return set(db.scalars(select(Consumer.device)))


def test_what_is_written_in_one_go_is_all_there(engine):
    with transaction(engine) as db:
        with in_one_go(db):
            insert_rows(db, Consumer, consumers("a", "b"))
            insert_rows(db, Version, [{"name": "test", "no": 7}])
        assert db.scalar(select(Version.no).where(Version.name == "test")) == 7
    assert there(engine) == {"a", "b"}


def test_one_statement_of_many_that_fails_takes_all_back(engine):
    def write():
        with transaction(engine) as db, in_one_go(db):
            insert_rows(db, Consumer, consumers("a"))
            insert_rows(db, Consumer, consumers("b", "b"))
            insert_rows(db, Version, [{"name": "test", "no": 7}])

    with pytest.raises(DBAPIError):
        write()
    assert there(engine) == set()
    with transaction(engine) as db:
        insert_rows(db, Consumer, consumers("a"))
    assert there(engine) == {"a"}
