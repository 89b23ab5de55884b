"""The rules of the house that a machine can check, each a function from a module's text to what breaks it."""

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

MAY_BE_ABSENT = "absent:"  # how the reason of a skip begins that is no lack of a tool
ROOT = Path(__file__).parents[1]
PACKAGES = ("scans", "stores", "channel")
MODULE_LINES = 250
FUNCTION_LINES = 40
NESTING = 3
NO_NAMES = {"base", "common", "helpers", "manager", "service", "utils"}
NESTS = (ast.If, ast.For, ast.While, ast.With, ast.Try, ast.Match)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
FILLS = re.compile("insert|upsert|put_rows|bulk")
CLOCKS = {"now", "today", "utcnow", "localtime", "gmtime", "current_timestamp"}
SQL_VERBS = {"text", "select", "insert", "update", "delete"}
ELEMENTS = ("div", "section", "nav", "main", "form", "fieldset", "details", "table", "tbody", "ul", "ol", "dl")

Rule = Callable[[str], list[str]]


def modules() -> list[Path]:
    """List the modules of the three packages, without the generated revisions."""
    found = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    return sorted(path.relative_to(ROOT) for path in found if path.parent.name != "versions")


def is_domain(path: Path) -> bool:
    """Tell the packages that know no door."""
    return path.parts[0] != "channel"


def too_long(source: str) -> list[str]:
    """Find a module or function that has outgrown its length."""
    lines = source.count("\n")
    module = [f"the module has {lines} lines"] if lines > MODULE_LINES else []
    lengths = {node.name: (node.end_lineno or 0) - node.lineno + 1 for node in functions(source)}
    return module + [f"{name} has {length} lines" for name, length in lengths.items() if length > FUNCTION_LINES]


def too_deep(source: str) -> list[str]:
    """Find functions that nest deeper than a reader can hold."""
    return [f"{node.name} nests {depth(node)} deep" for node in functions(source) if depth(node) > NESTING]


def depth(node: ast.AST) -> int:
    """Count the blocks around the innermost statement; an elif is not inside its if."""
    deepest = 0
    for child in ast.iter_child_nodes(node):
        elif_ = isinstance(node, ast.If) and isinstance(child, ast.If) and node.orelse == [child]
        own = isinstance(child, NESTS) and not elif_
        deepest = max(deepest, depth(child) + own)
    return deepest


def undocumented(source: str) -> list[str]:
    """Find a module, public class or public function without a docstring."""
    tree = ast.parse(source)
    public = [node for node in tree.body if isinstance(node, (*FUNCTIONS, ast.ClassDef)) and node.name[0] != "_"]
    missing = [node.name for node in public if not ast.get_docstring(node)]
    return missing if ast.get_docstring(tree) else ["the module", *missing]


def clocks(source: str) -> list[str]:
    """Find where the time is read: the module `time`, or a call such as `date.today()` or `func.now()`."""
    tree = ast.parse(source)
    called = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    read = [ast.unparse(func) for func in called if isinstance(func, ast.Attribute) and func.attr in CLOCKS]
    return read + [name for name in imported(source) if name == "time" or name.startswith("time.")]


def sql(source: str) -> list[str]:
    """Find statements where none belong: what is imported to write one."""
    return [
        name for name in imported(source) if name.startswith("sqlalchemy.") and name.rpartition(".")[2] in SQL_VERBS
    ]


def inserts(*tables: str) -> Rule:
    """Make a rule against adding rows to the tables: by statement, by object or in SQL."""

    def rule(source: str) -> list[str]:
        tree = ast.parse(source)
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
        texts = [
            node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)
        ]
        raw = re.compile(rf"\b(INTO|COPY)\s+({'|'.join(tables)})\b", re.IGNORECASE)
        renamed = [name for name in aliases(tree) if name in tables]
        made = [ast.unparse(call) for call in calls if fills(call, tables)]
        return renamed + made + [text for text in texts if raw.search(text)]

    return rule


def fills(call: ast.Call, tables: tuple[str, ...]) -> bool:
    """Tell if a call makes an object of the tables, or names one to what inserts."""
    func = last_name(call.func)
    told = [*call.args, *(keyword.value for keyword in call.keywords)]
    asked = [call.func, *told] if func == "insert" else told
    named = {name for part in asked for name in names(part)}
    return func in tables or (bool(FILLS.search(func)) and not named.isdisjoint(tables))


def calls(*called: str) -> Rule:
    """Make a rule against calling, or even importing, the functions."""

    def rule(source: str) -> list[str]:
        tree = ast.parse(source)
        calls = [last_name(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)]
        imports = [name.rpartition(".")[2] for name in imported(source)]
        return [name for name in [*calls, *imports] if name in called]

    return rule


def imports(*packages: str) -> Rule:
    """Make a rule against importing the packages."""

    def rule(source: str) -> list[str]:
        return [name for name in imported(source) if name.partition(".")[0] in packages]

    return rule


def errors(source: str) -> list[str]:
    """List the error classes that a module defines."""
    tree = ast.parse(source)
    return [node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef) and node.name.endswith("Error")]


def stages(readme: str) -> set[str]:
    """List the modules that README's table of stages names, as `scans/codes`."""
    rows = [line for line in readme.splitlines() if re.match(r"\|\s*\d+\s*\|", line)]
    return {name for row in rows for name in re.findall(r"`((?:scans|stores|channel)/\w+)`", row)}


def unclosed(template: str) -> list[str]:
    """Elements that a template opens more often than it closes, or less often; `{% if %}` splits none of them."""
    ends = {tag: (len(re.findall(rf"<{tag}\b", template)), template.count(f"</{tag}>")) for tag in ELEMENTS}
    return [f"{tag}: {opened} opened, {closed} closed" for tag, (opened, closed) in ends.items() if opened != closed]


def functions(source: str) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Walk through all functions and methods."""
    return (node for node in ast.walk(ast.parse(source)) if isinstance(node, FUNCTIONS))


def imported(source: str) -> list[str]:
    """List what a module imports, dotted, each name of a `from` for itself."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        if isinstance(node, ast.ImportFrom):
            found += [f"{node.module}.{alias.name}" for alias in node.names]
    return found


def aliases(tree: ast.AST) -> list[str]:
    """List what is imported under another name."""
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    return [alias.name for node in nodes for alias in node.names if alias.asname]


def last_name(node: ast.expr) -> str:
    """Tell the last name of `a.b.c`, of `a` or of `a(...)`'s function."""
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.Call):
        return last_name(node.func)
    return node.id if isinstance(node, ast.Name) else ""


def names(node: ast.AST) -> list[str]:
    """List all names in an expression."""
    found = [part.id for part in ast.walk(node) if isinstance(part, ast.Name)]
    return found + [part.attr for part in ast.walk(node) if isinstance(part, ast.Attribute)]


def refuse_skip(report: Any, *, in_ci: bool) -> None:
    """Turn a skip into a failure, unless its reason says that what lacks is no tool."""
    if not (in_ci and report.skipped) or hasattr(report, "wasxfail"):
        return
    reason = report.longrepr[2].removeprefix("Skipped: ")
    if not reason.startswith(MAY_BE_ABSENT):
        report.outcome = "failed"
        report.longrepr = f"skipped although CI=true: {reason}"
