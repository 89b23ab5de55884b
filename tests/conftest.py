"""What tests may ask for by name: databases of both kinds, a config, the app, a browser."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import settings
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool
from werkzeug.serving import make_server

from channel.config import Config
from channel.database import make_engine, transaction, upgrade
from tests.house import MAY_BE_ABSENT, refuse_skip
from tests.postgres import NoPostgresError, cluster, fast_folder, find_binaries

IN_CI = os.environ.get("CI", "").lower() == "true"
BACKENDS = ("sqlite", "postgresql")
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

# A shared machine is slow at times; that is no failure of a law.
settings.register_profile("house", deadline=None, print_blob=True)
settings.load_profile("house")

Databases = Callable[[], AbstractContextManager[URL]]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run whatever touches a database on both kinds, or on one alone where the test says so."""
    if "backend" in metafunc.fixturenames:
        only = [kind for kind in BACKENDS if metafunc.definition.get_closest_marker(f"{kind}_only")]
        metafunc.parametrize("backend", only or BACKENDS, scope="session")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Where CI=true, a test that was skipped for want of a tool has failed."""
    report = yield
    refuse_skip(report, in_ci=IN_CI)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Iterator[None]:
    """The same for a file that skips itself as a whole."""
    report = yield
    refuse_skip(report, in_ci=IN_CI)
    return report


@pytest.fixture(scope="session")
def databases(backend: str, request: pytest.FixtureRequest) -> Databases:
    """Give a context that holds a fresh upgraded database, a copy of one, and tells its URL."""
    databases: Databases = request.getfixturevalue(f"{backend}_databases")
    return databases


@pytest.fixture(scope="session")
def sqlite_databases() -> Iterator[Databases]:
    """Copy a file."""
    with TemporaryDirectory(dir=fast_folder()) as folder:
        template = Path(folder, "template.db")
        upgrade_at(make_url(f"sqlite:///{template}"))

        @contextmanager
        def fresh() -> Iterator[URL]:
            with TemporaryDirectory(dir=folder) as home:
                yield make_url(f"sqlite:///{shutil.copy(template, home)}")

        yield fresh


@pytest.fixture(scope="session")
def postgresql_databases() -> Iterator[Databases]:
    """Let PostgreSQL copy a database; the names tell the runs apart that share a server."""
    given = os.environ.get("GLASSBOX_TEST_POSTGRES_URL")
    with nullcontext(make_url(given)) if given else found_cluster() as server:
        admin = create_engine(server, isolation_level="AUTOCOMMIT", poolclass=NullPool)
        prefix = f"glassbox_test_{os.getpid()}"
        numbers = count()

        @contextmanager
        def made(name: str, template: str) -> Iterator[URL]:
            with admin.connect() as connection:
                connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
            try:
                yield server.set(database=name)
            finally:
                with admin.connect() as connection:
                    connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))

        with made(prefix, "template1") as template:
            upgrade_at(template)
            yield lambda: made(f"{prefix}_{next(numbers)}", prefix)


@contextmanager
def found_cluster() -> Iterator[URL]:
    """Run a cluster of our own, or skip what needs one."""
    try:
        find_binaries()
    except NoPostgresError as error:
        pytest.skip(str(error))
    with cluster() as url:
        yield url


def upgrade_at(url: URL) -> None:
    """Upgrade the database and leave no connection behind."""
    engine = make_engine(url)
    upgrade(engine)
    engine.dispose()


@pytest.fixture
def database_url(databases: Databases) -> Iterator[str]:
    """Tell the URL of a database of this test's own."""
    with databases() as url:
        yield url.render_as_string(hide_password=False)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """Give an engine on a database of this test's own: on SQLite and on PostgreSQL, one after the other."""
    engine = make_engine(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def db(engine: Engine) -> Iterator[Session]:
    """Give a session inside a transaction that is rolled back; tests that commit open their own on `engine`."""
    with transaction(engine) as db:
        yield db
        db.rollback()


@pytest.fixture
def config(database_url: str, tmp_path: Path) -> Config:
    """Give the settings of a deployment in an empty home, on the same database as `engine`."""
    settings = {
        "HOME": str(tmp_path / "home"),
        "DATABASE_URL": database_url,
        "BASE_URL": "http://localhost",
        "SECRET_KEY": "only for tests",
    }
    config = Config.from_env({f"GLASSBOX_{name}": value for name, value in settings.items()})
    config.make_home()
    return config


@pytest.fixture
def app(config: Config) -> Iterator[Flask]:
    """Give the application on the database of `engine`."""
    from channel.app import create_app

    app = create_app(config)
    yield app
    app.extensions["glassbox"].engine.dispose()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Give a client that speaks to the application without a network."""
    return app.test_client()


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    """Serve the application on this machine, for a browser, and tell where."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="session")
def test_data() -> Path:
    """Find the folder of public test data beside the repository."""
    folder = Path(__file__).parents[1] / os.environ.get("GLASSBOX_TEST_DATA", "../shared/data")
    if not folder.is_dir():
        pytest.skip(f"{MAY_BE_ABSENT} no test data at {folder}; GLASSBOX_TEST_DATA names the folder")
    return folder


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Run a real Chromium, controlled by Playwright."""
    playwright = pytest.importorskip("playwright.sync_api")
    path = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if path is None:
        pytest.skip("no Chromium on this machine; install chromium")
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=path, args=list(CHROMIUM_FLAGS))
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Any, address: str) -> Iterator[Any]:
    """Open a window of the browser in which paths lead to the served application."""
    page = browser.new_page(base_url=address)
    yield page
    page.close()
