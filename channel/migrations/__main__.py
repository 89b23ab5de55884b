"""The developer's command behind `./run migration`: write the revision that the tables now ask for.

`--initial` writes the first revision anew instead. That is only right while no release has left the house: it changes
what existing databases believe they already have.
"""

import sys
import tempfile
from pathlib import Path

from alembic import command

from channel.database import MIGRATIONS, make_engine, migrations_config, upgrade

VERSIONS = MIGRATIONS / "versions"


def main(arguments: list[str]) -> None:
    """Compare the metadata with an upgraded empty database and write the difference."""
    if len(arguments) != 1:
        sys.exit('usage: ./run migration "what changes" | --initial')
    initial = arguments == ["--initial"]
    if initial:
        for old in VERSIONS.glob("*.py"):
            old.unlink()
    number = f"{len(list(VERSIONS.glob('[0-9]*.py'))) + 1:04}"
    with tempfile.TemporaryDirectory() as folder:
        engine = make_engine(f"sqlite:///{Path(folder, 'empty.db')}")
        upgrade(engine)
        with engine.connect() as connection:
            config = migrations_config()
            config.attributes["connection"] = connection
            message = "Make all tables" if initial else arguments[0]
            command.revision(config, message, autogenerate=True, rev_id=number)
        engine.dispose()


if __name__ == "__main__":
    main(sys.argv[1:])
