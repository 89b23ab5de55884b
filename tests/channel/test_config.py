"""The settings are read once, checked, and never guessed."""

import re
from pathlib import Path

import pytest

from channel.config import Config, ConfigError


def config(**settings):
    return Config.from_env({f"GLASSBOX_{name}": value for name, value in settings.items()})


def test_nothing_needs_to_be_set(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    told = config()
    assert told.home == tmp_path / "instance"
    assert told.database_url == f"sqlite:///{tmp_path}/instance/glassbox.db"
    assert told.keys_path == tmp_path / "instance" / "keys.json"
    assert (told.base_url, told.currency, told.zone) == ("http://127.0.0.1:8000", "CNY", "Asia/Shanghai")
    assert told.scan_limit is None
    assert not told.home.exists()


def test_what_the_rest_of_the_machine_is_told_is_not_ours(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert Config.from_env({"HOME": "/root", "DATABASE_URL": "mysql://", "ZONE": "Mars"}) == config()


@pytest.mark.parametrize(
    ("settings", "name", "told"),
    [
        ({"HOME": "/srv/glass"}, "keys_path", Path("/srv/glass/keys.json")),
        ({"HOME": "/srv/glass"}, "database_url", "sqlite:////srv/glass/glassbox.db"),
        ({"HOME": "/srv/glass", "KEYS": "/etc/ring.json"}, "keys_path", Path("/etc/ring.json")),
        (
            {"DATABASE_URL": "postgresql+psycopg://u:p%40ss@db/glass"},
            "database_url",
            "postgresql+psycopg://u:p%40ss@db/glass",
        ),
        ({"BASE_URL": "https://id.brand.cn/"}, "base_url", "https://id.brand.cn"),
        ({"BASE_URL": "https://id.brand.cn"}, "trusted_hosts", ("id.brand.cn", "127.0.0.1", "localhost")),
        (
            {"TRUSTED_HOSTS": "a.cn, b.cn"},
            "trusted_hosts",
            ("127.0.0.1", "a.cn", "b.cn", "localhost"),
        ),
        ({"SCAN_LIMIT": "60/minute"}, "scan_limit", "60/minute"),
        ({"SCAN_LIMIT": "off"}, "scan_limit", None),
        ({"SECRET_KEY": ""}, "secret_key", None),
        ({"REACH_M": "500"}, "reach_m", 500),
    ],
)
def test_what_is_set_is_read(settings, name, told):
    assert getattr(config(**settings), name) == told


@pytest.mark.parametrize(
    "settings",
    [
        {"DATABASE_URL": "nonsense"},
        {"DATABASE_URL": "mysql://localhost/glass"},
        {"DATABASE_URL": "postgresql://localhost/glass"},
        {"DATABASE_URL": "sqlite://"},
        {"DATABASE_URL": "sqlite:///:memory:"},
        {"DATABASE_URL": "sqlite:///file:glass.db?uri=true"},
        {"BASE_URL": "id.brand.cn"},
        {"BASE_URL": "ftp://id.brand.cn"},
        {"BASE_URL": "https://id.brand.cn/?a=b"},
        {"CURRENCY": "yuan"},
        {"CURRENCY": "cny"},
        {"ZONE": "Asia/Atlantis"},
        {"ZONE": "../etc/passwd"},
        {"SCAN_LIMIT": "many"},
        {"SCAN_LIMIT": "0/minute"},
        {"REACH_M": "-1"},
        {"HOLD_HOURS": "a day"},
    ],
    ids=str,
)
def test_what_cannot_be_is_refused_by_name(settings):
    with pytest.raises(ConfigError, match=f"GLASSBOX_{next(iter(settings))}"):
        config(**settings)


def test_relative_paths_belong_to_the_folder_of_the_start(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    told = config(HOME="here", DATABASE_URL="sqlite:///some.db", KEYS="ring.json")
    assert told.home == tmp_path / "here"
    assert told.database_url == f"sqlite:///{tmp_path}/some.db"
    assert told.keys_path == tmp_path / "ring.json"


def test_the_home_is_for_its_owner_only(tmp_path):
    told = config(HOME=str(tmp_path / "a" / "b"))
    assert told.make_home() == told.home
    assert told.home.stat().st_mode & 0o777 == 0o700
    told.make_home()


def test_a_home_that_cannot_be_made_is_said(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="GLASSBOX_HOME"):
        config(HOME=str(tmp_path / "file")).make_home()


def test_no_secret_is_made_up():
    with pytest.raises(ConfigError, match="GLASSBOX_SECRET_KEY"):
        config().require_secret_key()
    assert config(SECRET_KEY="s").require_secret_key() == "s"


def test_secrets_are_not_shown():
    told = repr(config(SECRET_KEY="very secret", DATABASE_URL="postgresql+psycopg://u:hidden@db/glass"))
    assert "very secret" not in told
    assert "hidden" not in told


def test_law_every_setting_is_explained():
    root = Path(__file__).parents[2]
    read = re.findall(r'(?:given\.get|_whole)\("([A-Z_]+)"', (root / "channel/config.py").read_text())
    explained = re.findall(r"^\| `GLASSBOX_([A-Z_]+)` \|", (root / "docs/settings.md").read_text(), re.MULTILINE)
    assert sorted(read) == sorted(explained)
