from channel.database import transaction
from scans.versions import draw, kept, touch


def test_numbers_are_drawn_once_and_in_order(db):
    assert [draw(db, name="n"), draw(db, name="n", count=5), draw(db, name="n")] == [1, 2, 7]


def test_what_is_kept_is_loaded_again_only_after_a_touch(engine):
    loads = []

    def load(_):
        loads.append(len(loads))
        return loads[-1]

    for touched in (False, False, True, False):
        with transaction(engine) as db:
            if touched:
                touch(db, name="n")
        with transaction(engine) as db:
            kept(db, name="n", load=load)
    assert loads == [0, 1]


def test_what_a_transaction_saw_before_it_was_rolled_back_is_not_kept(engine):
    with transaction(engine) as db:
        touch(db, name="n")
        assert kept(db, name="n", load=lambda _: "never committed") == "never committed"
        db.rollback()
    with transaction(engine) as db:
        touch(db, name="n")
    with transaction(engine) as db:
        assert kept(db, name="n", load=lambda _: "true") == "true"
