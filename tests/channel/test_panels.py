"""The judge on a file: what is read, what is refused, what is written."""

import csv
import re
from datetime import date, timedelta

import numpy as np
import pytest
from click.testing import CliRunner

from channel.panels import MOST_COUNT, PanelError, judge_command, judge_file, neighbours_text, read_panel

START = date(2026, 1, 5)


def panel_text(*, stores=12, days=60, seed=1, zeros_from=None):
    counts = np.random.default_rng(seed).poisson(6, (stores, days))
    if zeros_from is not None:
        counts[0, zeros_from:] = 0
    rows = [f"s{s},r{s % 2},{START + timedelta(days=d)},{counts[s, d]}" for s in range(stores) for d in range(days)]
    return "\n".join(["store,region,day,count", *rows]) + "\n"


def judged(tmp_path, text, *, first_day=START, every_row=True, fdr=0.1, name="panel"):
    panel, out = tmp_path / f"{name}.csv", tmp_path / f"{name}.out.csv"
    panel.write_text(text, encoding="utf-8")
    judge_file(panel, first_day=first_day, every_row=every_row, fdr=fdr, out_path=out)
    return out.read_text(encoding="utf-8")


def test_a_dried_up_store_is_flagged_with_sizes(tmp_path):
    rows = list(csv.DictReader(judged(tmp_path, panel_text(zeros_from=55), every_row=False).splitlines()))
    last = [row for row in rows if row["store"] == "s0"][-1]
    assert (last["direction"], last["flagged"], last["observed"]) == ("too_bad", "1", "0")
    assert last["reason"].startswith("sold 0 in 5 days, normally ")
    assert last["reason"].endswith("; neighbours normal")


@pytest.mark.parametrize(("ratio", "said"), [(0.75, "25% below"), (1.02, "normal"), (1.4, "40% above")])
def test_neighbours_are_told_in_per_cent(ratio, said):
    assert said in neighbours_text(ratio)


def test_cutting_the_panel_after_a_day_changes_no_row_up_to_it(tmp_path):
    late = "".join(f"late{s},r{s + 5},{START + timedelta(days=d)},{s + 3}\n" for s in range(9) for d in range(50, 60))
    lines = (panel_text(zeros_from=45) + late).splitlines(keepends=True)
    whole = judged(tmp_path, "".join(lines)).splitlines()
    for cut in (30, 47, 52):
        last = str(START + timedelta(days=cut))
        part = [lines[0], *(line for line in lines[1:] if line.split(",")[2] <= last)]
        expected = [whole[0], *(row for row in whole[1:] if row.split(",")[1] <= last)]
        assert judged(tmp_path, "".join(part)).splitlines() == expected


def test_the_order_of_rows_and_columns_does_not_matter(tmp_path):
    lines = panel_text(zeros_from=50).splitlines()
    turned = ["count,day,region,store", *(",".join(reversed(line.split(","))) for line in reversed(lines[1:]))]
    assert judged(tmp_path, "\n".join(turned) + "\n") == judged(tmp_path, "\n".join(lines) + "\n")


HEAD = "store,region,day,count\n"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "line 1: the columns"),
        (HEAD, "has no rows"),
        ("store,day,count\na,2026-01-05,1\n", "check region"),
        (HEAD + "a,r,2026-01-05,1\na,r,2026-01-05,1\n", "line 3: store a has a row for 2026-01-05 already"),
        (HEAD + "a,r,2026-01-05,1\na,r,2026-01-07,1\n", "store a has no row for 2026-01-06"),
        (HEAD + "a,r,2026-01-05,-1\n", "line 2: count '-1'"),
        (HEAD + "a,r,2026-01-05,1.5\n", "line 2: count '1.5'"),
        (HEAD + "a,r,2026-01-05,.0\n", "line 2: count '.0'"),
        (HEAD + "a,r,2026-01-05,1.0.0\n", "line 2: count '1.0.0'"),
        (HEAD + "a,r,2026-01-05,nan\n", "line 2: count 'nan'"),
        (HEAD + "a,r,2026-01-05,1_0\n", "line 2: count '1_0'"),
        (HEAD + "a,r,2026-01-05,99999999999999999999\n", "whole number"),
        (HEAD + "a,r,2026-02-30,1\n", "line 2: '2026-02-30' is not a day"),
        (HEAD + "a,r,20260105,1\n", "line 2: '20260105' is not a day"),
        (HEAD + "a,r,2026-01-05,1\na,q,2026-01-06,1\n", "line 3: store a stands in another region"),
        (HEAD + ",r,2026-01-05,1\n", "line 2: no store"),
        (HEAD + "a,r,2026-01-05\n", "line 2: 3 fields"),
        (HEAD + "a,r,0206-01-05,1\nb,r,2026-01-05,1\n", "is a year mistyped"),
        (HEAD + 'a,"r,2026-01-05,1\n', "cannot be read"),
    ],
)
def test_a_panel_that_cannot_be_is_refused_by_line(tmp_path, text, why):
    with pytest.raises(PanelError, match=why.replace("(", r"\(")):
        judged(tmp_path, text)


def test_whole_counts_may_be_written_as_data_frames_write_them(tmp_path):
    text = panel_text()
    assert judged(tmp_path, re.sub(r"(\d)$", r"\1.0", text, flags=re.MULTILINE)) == judged(tmp_path, text)


def test_a_file_in_another_encoding_is_refused(tmp_path):
    path = tmp_path / "p.csv"
    path.write_bytes((HEAD + "店,r,2026-01-05,1\n").encode("gb18030"))
    with pytest.raises(PanelError, match="UTF-8"):
        read_panel(path)


@pytest.mark.parametrize("first_day", [date(2020, 1, 1), START, START + timedelta(days=59)])
def test_a_first_day_before_the_panel_judges_all_of_it(tmp_path, first_day):
    rows = judged(tmp_path, panel_text(), first_day=first_day).splitlines()[1:]
    assert len(rows) == 12 * (1 if first_day > START else 60)


def test_a_first_day_after_the_panel_is_refused(tmp_path):
    with pytest.raises(PanelError, match="the panel ends on 2026-03-05"):
        judged(tmp_path, panel_text(), first_day=START + timedelta(days=60))


def test_a_store_day_that_cannot_be_judged_says_so(tmp_path):
    rows = csv.DictReader(judged(tmp_path, panel_text(days=10)).splitlines())
    assert {(row["p_value"], row["flagged"]) for row in rows} == {("1", "0")}


def test_the_day_of_a_first_sale_does_not_claim_that_nothing_was_sold(tmp_path):
    row = next(csv.DictReader(judged(tmp_path, HEAD + "a,r,2026-01-05,6\n").splitlines()))
    assert (row["observed"], row["reason"]) == ("6", "not judged: too new, no sale before")


@pytest.mark.parametrize("fdr", ["0", "1", "-1", "nan", "x"])
def test_the_command_refuses_an_impossible_share_of_false_flags(tmp_path, fdr):
    (tmp_path / "p.csv").write_text(panel_text(days=3))
    args = [str(tmp_path / "p.csv"), "--from", "2026-01-05", "--fdr", fdr, "--out", str(tmp_path / "o.csv")]
    assert CliRunner().invoke(judge_command, args).exit_code == 2


def test_the_command_ends_with_one_line_when_it_could_not(tmp_path):
    (tmp_path / "p.csv").write_text(HEAD)
    args = [str(tmp_path / "p.csv"), "--from", "2026-01-05", "--out", str(tmp_path / "o.csv")]
    result = CliRunner().invoke(judge_command, args)
    assert (result.exit_code, result.stderr) == (1, "Error: p.csv has no rows\n")


@pytest.mark.parametrize(
    "counts",
    [
        np.zeros((3, 60), int),
        np.full((3, 60), 10**6),
        np.full((3, 60), MOST_COUNT),
        np.full((1, 60), 1),
        np.full((2, 1), 7),
        np.where(np.arange(60) == 40, 10**6, 1)[None, :].repeat(2, axis=0),
        np.where(np.arange(60) < 1, 5, 0)[None, :].repeat(2, axis=0),
    ],
    ids=["all zeros", "a million a day", "the most", "one store", "one day", "one day of a million", "one day of five"],
)
def test_a_strange_file_gets_sound_numbers_and_no_flag_on_nothing(tmp_path, counts):
    rows = [
        f"s{store},,{START + timedelta(days=number)},{count}"
        for store, row in enumerate(counts.tolist())
        for number, count in enumerate(row)
    ]
    text = "\n".join(["store,region,day,count", *rows]) + "\n"
    told = list(csv.DictReader(judged(tmp_path, text).splitlines()))
    assert len(told) == counts.size
    for row in told:
        assert 0 < float(row["p_value"]) <= 1
        assert np.isfinite(float(row["expected"]))
        assert row["direction"] in ("too_good", "too_bad")
    flagged = [row for row in told if row["flagged"] == "1"]
    if len(np.unique(counts)) == 1:
        assert not flagged


def test_a_store_with_one_day_of_history_has_too_little(tmp_path):
    text = panel_text(days=60) + f"young,r0,{START + timedelta(days=59)},900\n"
    [row] = [row for row in csv.DictReader(judged(tmp_path, text).splitlines()) if row["store"] == "young"]
    assert (row["p_value"], row["flagged"], row["reason"][:10]) == ("1", "0", "not judged")


def test_real_stores_that_open_close_and_rest_raise_no_flood(tmp_path, test_data):
    panel = test_data / "grocery-stores" / "panel.csv"
    out = tmp_path / "judged.csv"
    judge_file(panel, first_day=date(2017, 3, 1), every_row=True, fdr=0.1, out_path=out)
    with out.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert len(rows) == 58 * 306
    assert sum(row["flagged"] == "1" for row in rows) < 0.6 * 306
    assert sum(float(row["p_value"]) <= 0.01 for row in rows) < 0.02 * len(rows)
