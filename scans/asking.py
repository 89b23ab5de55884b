"""Before every stage: many keys asked about in one statement whose text is always the same. Knows nobody.

`IN` with a mark for each key is another statement for every number of keys: SQLAlchemy writes it, and the database
plans it, each time anew, at the price of several claims.
"""

from typing import Any

from sqlalchemy import ARRAY, JSON, BigInteger, Date, Text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

# Types for `bindparam`: a list of keys travels as an array, or where there are none as JSON.
NUMBERS = JSON().with_variant(ARRAY(BigInteger), "postgresql")
TEXTS = JSON().with_variant(ARRAY(Text), "postgresql")
DAYS = JSON().with_variant(ARRAY(Date), "postgresql")


class among(FunctionElement[Any]):  # noqa: N801 - it is written like a function
    """Ask whether a column is one of the values of a parameter of one of the types above.

    Not said to be Boolean: on SQLite that would be compared with 1, and no index be used.
    """

    inherit_cache = True


@compiles(among, "sqlite")
def _in_json(element: among, compiler: SQLCompiler, **told: Any) -> str:
    column, values = (compiler.process(clause, **told) for clause in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({values}))"


@compiles(among, "postgresql")
def _in_array(element: among, compiler: SQLCompiler, **told: Any) -> str:
    column, values = (compiler.process(clause, **told) for clause in element.clauses)
    return f"{column} = ANY ({values})"
