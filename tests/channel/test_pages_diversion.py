"""The office sees which dealers' goods turn up elsewhere, takes the evidence along, and decides."""

import io
import re
from datetime import timedelta

import pytest
from python_calamine import CalamineWorkbook

from channel import jobs
from channel.database import reading, transaction
from channel.pages.office.diversion import odds
from stores.diverters import case_lines, dealer_lines
from tests import diverting, make


@pytest.fixture
def world(engine, config):
    ring = make.ring(config.keys_path.parent)
    with transaction(engine) as db:
        brand = diverting.make_brand(db, ring=ring, dealers=16, regions=8, scans=300)
        diverting.buy(db, brand, scans=80, diverting=[2])
    return brand


def send(client, to, **told):
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/office/diversion").text)[1]
    return client.post(to, data={"csrf_token": token, **told})


def judged(engine, config):
    jobs.run_due(engine, config=config, now=make.NOW, jobs=[job for job in jobs.JOBS if job.name == "diversion"])
    with reading(engine) as db:
        return dealer_lines(db), case_lines(db)


def test_on_day_one_the_page_says_what_to_do(signed_in):
    client = signed_in("owner")
    assert "Nothing to weigh yet" in client.get("/office/diversion").text


def test_the_nightly_job_weighs_and_the_office_decides(engine, config, world, signed_in):
    dealers, cases = judged(engine, config)
    assert [line.party_id for line in dealers if line.found] == ["D2"]
    client = signed_in("owner")
    page = client.get("/office/diversion").text
    assert "Dealer 2" in page
    assert "waits for a decision" in page
    assert client.get("/office/diversion/D2").status_code == 200
    said = {"decision": "confirmed", "reason": "sold on"}
    assert send(client, f"/office/diversion/cases/{cases[0].case_id}", **said).status_code == 303
    assert send(client, f"/office/diversion/cases/{cases[0].case_id}", **said).status_code == 409
    assert "sold on" in client.get("/office/diversion").text


def test_the_evidence_opens_in_a_spreadsheet(engine, config, world, signed_in):
    dealers, _ = judged(engine, config)
    client = signed_in("auditor")
    told = client.get("/office/diversion/D2/evidence.xlsx")
    rows = CalamineWorkbook.from_filelike(io.BytesIO(told.data)).get_sheet_by_index(0).to_python()
    assert len(rows) == 1 + dealers[0].outside
    assert {row[2] for row in rows[1:]}.isdisjoint({"R02"})
    assert {row[4] for row in rows[1:]} == {"R02"}


@pytest.mark.parametrize(
    ("path", "status"),
    [("/office/diversion/nobody", 404), ("/office/diversion/%20", 404), ("/office/diversion/%00", 404)],
)
def test_who_is_no_dealer_is_not_found(signed_in, path, status):
    client = signed_in("owner")
    assert client.get(path).status_code == status
    assert client.get(path + "/evidence.xlsx").status_code == status


def test_a_case_that_is_none_and_a_decision_that_is_none_are_refused(engine, config, world, signed_in):
    _, cases = judged(engine, config)
    client = signed_in("owner")
    good = {"decision": "dismissed", "reason": "a fair"}
    assert send(client, "/office/diversion/cases/C0", **good).status_code == 404
    assert send(client, f"/office/diversion/cases/{cases[0].case_id}", **(good | {"reason": ""})).status_code == 422


def test_a_job_of_a_day_is_done_once(engine, config, world):
    job = [job for job in jobs.JOBS if job.name == "diversion"]
    first = jobs.run_due(engine, config=config, now=make.NOW, jobs=job)
    assert [state for _, _, state in first] == ["done"]
    assert jobs.run_due(engine, config=config, now=make.NOW + timedelta(hours=1), jobs=job) == []


@pytest.mark.parametrize(("log_e", "said"), [(-9.0, "none"), (2.0, "7.4"), (5.0, "148"), (99.0, "million")])
def test_evidence_is_told_as_odds(app, log_e, said):
    with app.test_request_context():
        assert said in odds(log_e)
