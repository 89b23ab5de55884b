"""Which language a request is answered in: asked for by `?lang=`, chosen before (a cookie), or the browser's own."""

from flask import Flask, Response, has_request_context, request
from flask_babel import Babel, get_locale
from flask_babel import gettext as translated
from flask_babel import ngettext as translated_plural

from channel.config import Config

LANGUAGES = {"zh": "zh_Hans", "en": "en"}
NAMES = {"zh": "中文", "en": "English"}
COOKIE = "lang"
YEAR_S = 365 * 24 * 3600


def init_app(app: Flask, config: Config) -> None:
    """Give an application its languages, and its zone and currency to write instants and money in."""
    app.extensions["glassbox_currency"] = config.currency
    Babel(app, default_locale="en", locale_selector=_select, timezone_selector=lambda: config.zone)
    app.after_request(_remember)


def language() -> str:
    """Return the language of this answer as the two letters that addresses use."""
    locale = get_locale()
    return "zh" if locale is not None and locale.language == "zh" else "en"


def other_language() -> tuple[str, str]:
    """Return the letters and the own name of the language that this answer is not in."""
    code = "en" if language() == "zh" else "zh"
    return code, NAMES[code]


def gettext(text: str, **said: object) -> str:
    """Return a text in the language of this answer."""
    return str(translated(text, **said))


def ngettext(one: str, many: str, num: int, **said: object) -> str:
    """Return a text that depends on a number."""
    return str(translated_plural(one, many, num, **said))


def after(said: str, more: str) -> str:
    """Put a sentence after another: with a space between them, but not in Chinese."""
    return said + more if not said or not more or language() == "zh" else f"{said} {more}"


def N_(text: str) -> str:  # noqa: N802 - the name that every extractor of texts knows
    """Mark a text for translation where it is written; it is translated where it is told."""
    return text


def _select() -> str:
    if not has_request_context():
        return "en"
    for asked in (request.args.get("lang"), request.cookies.get(COOKIE)):
        if asked in LANGUAGES:
            return LANGUAGES[asked]
    best = request.accept_languages.best_match(["en", "zh", "zh-Hans", "zh-CN", "zh-SG", "zh-Hant", "zh-TW", "zh-HK"])
    return LANGUAGES["zh" if best is not None and best.startswith("zh") else "en"]


def _remember(response: Response) -> Response:
    if response.mimetype != "text/html":
        return response
    asked = request.args.get("lang")
    if asked in LANGUAGES:
        response.set_cookie(COOKIE, asked, max_age=YEAR_S, samesite="Lax", httponly=True, secure=request.is_secure)
    if request.endpoint != "static":
        response.vary.update(["Accept-Language", "Cookie"])
    return response
