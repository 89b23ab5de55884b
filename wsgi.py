"""For WSGI servers other than ours: `gunicorn wsgi:app`."""

from channel.app import from_env

app = from_env()
