"""What tests of the doors ask for: the application, somebody who calls it, a clock that stands still."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine

from channel import access
from channel.app import create_app
from channel.config import Config
from channel.database import transaction
from channel.providers import house
from scans.keys import make_ring
from tests import make


class Clock:
    """A clock that tests move by hand."""

    def __init__(self) -> None:
        self.now = make.NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def new_app(clock: Clock) -> Iterator[Callable[[Config], Flask]]:
    """Make applications and close what they opened."""
    made: list[Flask] = []

    def make_app(config: Config) -> Flask:
        made.append(create_app(config, clock=clock))
        return made[-1]

    yield make_app
    for app in made:
        house(app).engine.dispose()


@pytest.fixture
def app(engine: Engine, config: Config, new_app: Callable[[Config], Flask]) -> Flask:
    make_ring(config.keys_path, now=make.NOW)
    return new_app(config)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def bearer(engine: Engine) -> Callable[..., dict[str, str]]:
    """Make a token for a role and tell the headers that show it."""

    def make_token(role: str = "api", party: str | None = None, **more: Any) -> dict[str, str]:
        with transaction(engine) as db:
            token = access.add_token(db, name="program", role=role, party=party, now=make.NOW, **more)
        return {"Authorization": f"Bearer {token}"}

    return make_token


@pytest.fixture
def signed_in(engine: Engine, client: FlaskClient) -> Callable[..., FlaskClient]:
    """Make a person with a role, let them sign in and give their browser."""

    def sign_in(role: str = "owner", party: str | None = None, name: str = "somebody") -> FlaskClient:
        with transaction(engine) as db:
            password = access.add_user(db, name=name, role=role, party=party, now=make.NOW)
        client.post("/", data={"name": name, "password": password})
        return client

    return sign_in
