"""The application: all doors of the house in the order in which a request passes them. Knows everything below."""

from flask import Flask
from werkzeug.routing import BaseConverter

from channel import access, api, errors, headers, health, logs, metrics, pages, providers, words
from channel.access import policies
from channel.config import Config


class OutsideIdConverter(BaseConverter):
    """`<id:store_id>`: what is no outside id is not found before any query runs."""

    regex = r"[A-Za-z0-9_.-]{1,64}"


def create_app(config: Config, *, clock: providers.Clock = providers.utc_now) -> Flask:
    """Make the application for these settings.

    Raises: ConfigError without a secret key; PolicyError if a route has no policy.
    """
    app = Flask("channel")
    app.config.from_mapping(headers.settings(config))
    app.url_map.converters["id"] = OutsideIdConverter

    providers.init_app(app, config, clock=clock)
    words.init_app(app, config)
    logs.init_app(app)
    metrics.init_app(app)
    policies.init_app(app)
    errors.init_app(app)
    headers.init_app(app, config)

    app.register_blueprint(api.calls, url_prefix="/api/v1")
    app.register_blueprint(api.documents)
    app.register_blueprint(health.doors)
    for page in pages.BLUEPRINTS:
        app.register_blueprint(page)

    access.public(app.view_functions["static"])
    access.require_policies(app)
    return app


def from_env() -> Flask:
    """Make the application for the settings in the environment, as servers ask for it."""
    return create_app(Config.from_env())
