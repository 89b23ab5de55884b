"""The judge's memory saves work and changes no verdict."""

from datetime import date

import numpy as np
import pytest

from stores import judge as judging
from stores import memory as module
from stores.judge import Panel, judge
from stores.memory import OPEN_DAYS, Memory

START, STORES, DAYS = date(2026, 1, 5), 40, 100


@pytest.fixture(scope="module")
def panel():
    counts = np.random.default_rng(3).poisson(3.0, (STORES, DAYS))
    counts[7, 80:] = 0
    return Panel([f"s{n}" for n in range(STORES)], np.arange(STORES) % 3, START, counts)


def upto(panel, days):
    return panel._replace(counts=panel.counts[:, :days])


def night(memory, panel):
    """Judge the last day of a panel."""
    *_, (number, judged) = memory.nights(panel, first=panel.counts.shape[1] - 1, fdr=0.10)
    assert number == panel.counts.shape[1] - 1
    return judged


def assert_same(judged, panel):
    fresh = judge(panel, first=panel.counts.shape[1] - 1)
    assert all(np.array_equal(one, other[:, 0]) for one, other in zip(judged, fresh, strict=True))


@pytest.fixture
def looked_at(monkeypatch):
    """Count the nights that are judged."""
    days, real = [], judging.judge_night

    def judge_night(radar, counts, *, day, fdr):
        days.append(day)
        return real(radar, counts, day=day, fdr=fdr)

    monkeypatch.setattr(judging, "judge_night", judge_night)
    return days


def test_law_night_after_night_is_the_panel_judged_at_once_and_looks_at_the_last_days_only(panel, looked_at):
    memory = Memory()
    for days in range(85, 95):
        looked_at.clear()
        judged = night(memory, upto(panel, days))
        assert len(looked_at) == (days if days == 85 else OPEN_DAYS + 1)
        assert_same(judged, upto(panel, days))


@pytest.mark.parametrize(
    "change",
    [
        lambda panel: panel.counts.__setitem__((3, 60), 50),
        lambda panel: panel.region.__setitem__(3, 1),
        lambda panel: panel.stores.__setitem__(3, "another"),
    ],
    ids=["a late scan long ago", "another region", "another store"],
)
def test_what_is_no_longer_so_is_not_remembered(panel, looked_at, change):
    memory = Memory()
    night(memory, upto(panel, 90))
    changed = Panel([*panel.stores], panel.region.copy(), START, panel.counts.copy())
    change(changed)
    looked_at.clear()
    judged = night(memory, upto(changed, 91))
    assert len(looked_at) == 91
    assert_same(judged, upto(changed, 91))


def test_a_scan_that_comes_late_within_the_open_days_is_seen(panel):
    memory = Memory()
    night(memory, upto(panel, 90))
    late = panel._replace(counts=panel.counts.copy())
    late.counts[5, 90 - OPEN_DAYS] += 40
    assert_same(night(memory, upto(late, 91)), upto(late, 91))


def test_days_closed_again_are_judged_again(panel):
    memory = Memory()
    night(memory, upto(panel, 90))
    told = dict(memory.nights(upto(panel, 91), first=60, fdr=0.10))
    assert set(range(60, 91)) <= set(told)
    assert_same(told[60], upto(panel, 61))


def test_negative_control_a_memory_that_is_not_compared_tells_another_verdict(panel, monkeypatch):
    memory = Memory()
    night(memory, upto(panel, 90))
    changed = panel._replace(counts=panel.counts.copy())
    changed.counts[:, 40:70] *= 5
    monkeypatch.setattr(module, "_same", lambda one, other: True)
    with pytest.raises(AssertionError):
        assert_same(night(memory, upto(changed, 91)), upto(changed, 91))
