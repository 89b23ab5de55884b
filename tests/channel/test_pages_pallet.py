"""A pallet's own address answers, and is never a way to a claim."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, func, select

from channel.config import Config
from channel.database import reading, transaction
from scans.sscc import sscc
from scans.tables import Scan
from tests import make, worlds


@pytest.fixture
def client(engine: Engine, config: Config, new_app: Any) -> FlaskClient:
    world = worlds.small(engine, config)
    with transaction(engine) as db:
        make.batch(db, ring=world.ring, gtin=world.batch.gtin, sscc_prefix="690123456")
    client: FlaskClient = new_app(config).test_client()
    return client


def test_a_pallet_says_what_it_is_and_writes_nothing(client: FlaskClient, engine: Engine) -> None:
    answer = client.get(f"/00/{sscc('690123456', 2)}", headers={"Accept-Language": "en"})
    assert (answer.status_code, "Green tea" in answer.text) == (200, True)
    assert client.post(f"/00/{sscc('690123456', 2)}").status_code == 405
    told = client.get(f"/00/{sscc('690123456', 2)}", headers={"Accept": "application/json"}).json
    assert (told["level"], told["state"]) == ("pallet", "not_for_sale")
    with reading(engine) as db:
        assert db.scalar(select(func.count()).select_from(Scan)) == 0


@pytest.mark.parametrize(
    ("text", "status"),
    [(sscc("690123456", 3), 404), (sscc("690123456", 2)[:-1] + "0", 422), ("x", 422), ("1" * 400, 422)],
    ids=["never issued", "a wrong check digit", "no digits", "too long"],
)
def test_what_is_no_pallet_of_ours_is_told_so(client: FlaskClient, text: str, status: int) -> None:
    assert client.get(f"/00/{text}").status_code == status


def test_a_scan_of_a_pallet_or_of_a_marked_case_is_never_a_claim(client: FlaskClient) -> None:
    uri = f"https://id.example.com/00/{sscc('690123456', 1)}"
    answer = client.post("/api/v1/scans", json={"key": "k", "uri": uri, "consumer": "c", "position": None})
    assert (answer.status_code, answer.json["verdict"], answer.json["claim"]) == (201, "not_for_sale", False)
