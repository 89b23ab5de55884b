"""The demo finds what was planted in it, and says so when it does not."""

import numpy as np
import pytest
from click.testing import CliRunner

from channel.cli import main
from channel.demo.files import stock_counts
from channel.demo.goods import pack, scan, sell
from channel.demo.passing import HEALTHY_DAYS, ONE_IN, dawn, plan_passing
from channel.demo.passing import troubles as passed
from channel.demo.troubles import days_between, plan_troubles
from channel.demo.world import make_world
from stores import verdicts
from tests import make

SIZE = ("--stores", "64", "--days", "80", "--no-serve")


def run(home, *args):
    return CliRunner(env={"GLASSBOX_HOME": str(home)}).invoke(main, ["demo", *args])


@pytest.mark.slow
def test_the_demo_finds_every_planted_trouble(tmp_path):
    made = run(tmp_path, *SIZE)
    assert made.exit_code == 0, made.output
    assert "sign in" in made.stdout
    checked = run(tmp_path, "--check")
    assert checked.exit_code == 0, checked.output
    assert all(f"found   {kind}" in checked.stdout for kind in ("dried_up", "carton", "diverted", "copied"))


@pytest.mark.slow
@pytest.mark.parametrize("detector", ["concentration", "diversion"])
def test_without_a_detector_the_check_fails(tmp_path, monkeypatch, detector):
    monkeypatch.delitem(verdicts.TOO_GOOD, detector)
    run(tmp_path, *SIZE)
    checked = run(tmp_path, "--check")
    assert checked.exit_code == 1
    assert f"missed  {'carton' if detector == 'concentration' else 'diverted'}" in checked.stdout


def test_the_same_seed_draws_the_same_world():
    def draw(seed):
        rng = np.random.default_rng(seed)
        world = make_world(rng, stores=40, days=50, first_day=make.TODAY)
        plan = plan_troubles(rng, world, direct=np.ones(40, bool))
        sold = sell(rng, world, plan)
        return world.stores, sold.at_s.tolist(), scan(rng, world, sold, copied=np.arange(2)).at_s.tolist()

    assert draw(1) == draw(1) != draw(2)


def test_every_item_is_sold_once_out_of_a_case_of_its_store():
    rng = np.random.default_rng(1)
    world = make_world(rng, stores=20, days=50, first_day=make.TODAY)
    sold = sell(rng, world, plan_troubles(rng, world, direct=np.ones(20, bool)))
    cases = pack(sold)
    assert len(set(zip(sold.product.tolist(), cases.item_no.tolist(), strict=True))) == len(sold.store)
    owner = {(product, case): store for product, case, store, _ in cases.cases}
    assert all(
        owner[product, item // 24] == store
        for product, item, store in zip(sold.product.tolist(), cases.item_no.tolist(), sold.store.tolist(), strict=True)
    )


def test_what_is_counted_in_stores_is_what_came_less_what_was_sold():
    rng = np.random.default_rng(1)
    world = make_world(rng, stores=20, days=70, first_day=make.TODAY)
    direct = np.arange(20) % 2 == 0
    sold = sell(rng, world, plan_troubles(rng, world, direct=direct))
    assert 0.6 < sold.seen.mean() < 0.8
    counts = list(stock_counts(world, sold, pack(sold), direct=direct))
    assert {row["store_id"] for row in counts} == {world.stores[n]["id"] for n in range(0, 20, 2)}
    assert all(int(row["count"]) >= 0 for row in counts)


def test_what_is_never_sold_was_of_a_store_that_was_ill_that_day():
    rng = np.random.default_rng(3)
    world = make_world(rng, stores=40, days=90, first_day=make.TODAY)
    sold = sell(rng, world, plan_troubles(rng, world, direct=np.ones(40, bool)))

    def lived():
        passing = plan_passing(world, sold, busy=np.ones(40, bool))
        for number in range(world.days):
            dawn(passing, sold, number)
        return passing

    passing = lived()
    told = {(int(one.subject[1:]) - 1, *days_between(one)) for one in passed(passing, world)}
    spells = [(store, (first - make.TODAY).days, (last - make.TODAY).days) for store, first, last in told]
    ill = {(store, at) for store, first, last in spells for at in range(first, last + 1)}
    gone = {(int(sold.store[n]), int(sold.at_s[n] // 86_400)) for n in np.flatnonzero(passing.gone)}
    assert gone <= ill
    assert len({store for store, _ in ill}) <= 40 // ONE_IN
    assert min(at for _, at in ill) >= HEALTHY_DAYS
    there = np.array([(int(s), int(t // 86_400)) in ill for s, t in zip(sold.store, sold.at_s, strict=True)])
    assert passing.gone[there].mean() == pytest.approx(0.9, abs=0.1)
    assert lived().gone.tolist() == passing.gone.tolist()
