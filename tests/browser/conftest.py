"""What tests in a browser ask for: a living brand, served once, and windows that notice what they must not do."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import pytest
from werkzeug.serving import make_server

from channel.app import create_app
from channel.config import Config
from channel.database import make_engine, upgrade
from tests import living

SIZES = {"phone": {"width": 390, "height": 844}, "desk": {"width": 1280, "height": 900}}
LOCALES = {"zh": "zh-CN", "en": "en-GB"}
Window = Callable[..., Any]


class Watched:
    """What a page asked of other hosts, and what its console complained about."""

    def __init__(self, page: Any, host: str) -> None:
        self.outside: list[str] = []
        self.complaints: list[str] = []
        page.on("request", lambda request: self._asked(request.url, host))
        page.on(
            "console", lambda told: self.complaints.append(told.text) if told.type in ("error", "warning") else None
        )
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _asked(self, url: str, host: str) -> None:
        if urlsplit(url).netloc != host:
            self.outside.append(url)


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> living.World:
    """Make the brand once; tests that claim take codes of their own."""
    home = tmp_path_factory.mktemp("living")
    settings = {"HOME": str(home), "BASE_URL": "http://127.0.0.1:8000", "SECRET_KEY": "only for tests"}
    config = Config.from_env({f"GLASSBOX_{name}": value for name, value in settings.items()})
    engine = make_engine(config.database_url)
    upgrade(engine)
    return living.brand(engine, config)


@pytest.fixture(scope="session")
def served(world: living.World) -> Iterator[str]:
    """Serve it on this machine and tell where."""
    app = create_app(world.config, clock=lambda: living.NOW)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()
    app.extensions["glassbox"].engine.dispose()
    world.engine.dispose()


@pytest.fixture(scope="session")
def session_of(browser: Any, served: str) -> Callable[[str], Any]:
    """Give a function that signs somebody in, once a run, and tells their cookies."""

    @cache
    def signed_in(user: str) -> Any:
        context = browser.new_context(base_url=served)
        page = context.new_page()
        page.goto("/")
        page.fill("#name", user)
        page.fill("#password", living.PASSWORD)
        page.click("form[action='/'] button")
        state = context.storage_state()
        context.close()
        return state

    return signed_in


@pytest.fixture
def window(browser: Any, served: str, session_of: Callable[[str], Any]) -> Iterator[Window]:
    """Give a function that opens a window of some size, theme and language for somebody who has signed in."""
    contexts = []

    def open_window(
        size: str = "phone", theme: str = "light", language: str = "en", user: str | None = None, **more: Any
    ) -> Any:
        more["storage_state"] = session_of(user) if user else None
        look = {"viewport": SIZES[size], "color_scheme": theme, "locale": LOCALES[language]}
        context = browser.new_context(base_url=served, **look, **more)
        contexts.append(context)
        page = context.new_page()
        page.watched = Watched(page, urlsplit(served).netloc)
        if user is not None:
            page.goto("/")
        return page

    yield open_window
    for context in contexts:
        context.close()


@contextmanager
def quiet(page: Any) -> Iterator[None]:
    """Hold a page to asking nobody else and leaving its console empty."""
    yield
    assert page.watched.outside == []
    assert page.watched.complaints == []
