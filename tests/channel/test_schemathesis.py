"""Every call of the API is tried with what its document allows and with what it forbids: no bug, no broken promise."""

from datetime import timedelta

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import load_all_checks
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from channel.calls import CALLS
from channel.database import transaction
from channel.journey import NewScan, PlaceTold, take_scan
from channel.night import close_days
from tests import make, worlds

EXAMPLES = 60
# What no schema can say: the check digit of a GTIN, the order of two days, how long ago a phone may have scanned.
UNSAID = {"post_scan", "post_return", "get_sell_through", "get_shelf", "get_code_trace"}

pytestmark = pytest.mark.slow
load_all_checks()


@pytest.fixture
def operations(engine, config, new_app, bearer):
    """Give the calls of a house in which something was sold, with a token that may do everything."""
    world = worlds.small(engine, config)
    with transaction(engine) as db:
        make.rep(db, rep_id="R1")
        for item in range(1, 4):
            place = PlaceTold(*worlds.PLACE, 20.0, "wgs84")
            scan = NewScan(uri=world.uri(item), key="k", position=place, consumer="phone")
            take_scan(db, config=config, ring=world.ring, scan=scan, now=make.NOW)
    close_days(engine, config=config, days=[make.TODAY], now=make.NOW + timedelta(days=1))
    schema = schemathesis.openapi.from_wsgi("/openapi.json", new_app(config))
    calls = [found.ok() for found in schema.get_all_operations()]
    return {call.definition.raw["operationId"]: call for call in calls}, bearer("owner")


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize("name", [call.name for call in CALLS])
def test_law_no_call_breaks_its_promise(operations, name, mode):
    calls, token = operations
    excluded = [positive_data_acceptance] if name in UNSAID else []

    @given(case=calls[name].as_strategy(generation_mode=mode))
    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    def keeps_its_promise(case):
        case.call_and_validate(headers=token, excluded_checks=excluded)

    keeps_its_promise()
