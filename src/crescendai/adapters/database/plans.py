"""Statements over tables, as a driver knows them.

SQLAlchemy works out at every call how a statement is said to the driver; for a few rows that is
most of what the call costs. Of a statement that a repository has made once it is worked out once
here, and then said to the driver itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import Delete, Dialect, Insert, IteratorResult, Select, Update
from sqlalchemy.engine.result import SimpleResultMetaData

Values = Mapping[str, Any]
Make = Callable[[Any], Any]
K = TypeVar("K")

_ONE_OF = re.compile(r"(?<!NOT )IN \(__\[POSTCOMPILE_(\w+)\]\)")


@dataclass(frozen=True)
class Plan:
    """A compiled statement.

    ``names`` are its parameters', in the order in which a driver takes them that knows no names;
    ``fixed`` are values of its own. ``made`` and ``read`` say what the columns' types make of a
    value that is sent, and of one that comes back.
    """

    sql: str
    names: Sequence[str] | None
    fixed: Values
    made: Mapping[str, Make]
    columns: SimpleResultMetaData
    answers: bool
    read: Mapping[int, Make]

    def bound(self, values: Values) -> Any:
        """A list, or by their names a dict. Raises KeyError for a value that is missing."""
        bound = {**self.fixed, **values}
        for name, make in self.made.items():
            bound[name] = make(bound[name])
        return bound if self.names is None else [bound[name] for name in self.names]

    def result(self, rows: Sequence[Sequence[Any]]) -> IteratorResult[Any]:
        for at, read in self.read.items():
            rows = [(*row[:at], read(row[at]), *row[at + 1 :]) for row in rows]
        return IteratorResult(self.columns, iter(rows))


class Plans:
    """Compiles a statement once for as long as its repository holds it."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._made: WeakKeyDictionary[Any, dict[tuple[str, ...], Plan | None]] = WeakKeyDictionary()

    def knows(self, statement: Any) -> bool:
        """Whether it was asked for before; one that is made for a single call never was."""
        if statement in self._made:
            return True
        self._made[statement] = {}
        return False

    def of(self, statement: Any, values: Values | Sequence[Values] | None) -> Plan | None:
        """How to carry it out with such values.

        None for a statement over mapped classes, which leave their mark on it for the mapper, and
        for one that is another one for every value.
        """
        is_plain = isinstance(statement, Select | Insert | Update | Delete)
        if not is_plain or statement._propagate_attrs:  # the one sign that the classes leave
            return None
        names = tuple(values[0] if isinstance(values, Sequence) else values or ())
        plans = self._made.setdefault(statement, {})
        if names not in plans:
            plans[names] = self._compile(statement, names)
        return plans[names]

    def _compile(self, statement: Any, names: tuple[str, ...]) -> Plan | None:
        dialect = self._dialect
        is_native = dialect.name == "postgresql"  # its driver takes lists, and knows the types
        keys = list(names) if isinstance(statement, Insert) else None
        compiled = statement.compile(dialect=dialect, column_keys=keys)
        sql = _ONE_OF.sub(r"= ANY(%(\1)s)", compiled.string) if is_native else compiled.string
        if "[POSTCOMPILE" in sql or compiled.insert_prefetch or compiled.update_prefetch:
            return None
        binds = {name: bind for bind, name in compiled.bind_names.items()}
        columns = statement.exported_columns
        sent = {name: bind.type.dialect_impl(dialect) for name, bind in binds.items()}
        came = {} if is_native else {n: c.type.dialect_impl(dialect) for n, c in enumerate(columns)}
        return Plan(
            sql=sql,
            names=compiled.positiontup,
            fixed={name: b.effective_value for name, b in binds.items() if not b.required},
            made=_given({name: kind.bind_processor(dialect) for name, kind in sent.items()}),
            columns=SimpleResultMetaData([column.key for column in columns]),
            answers=bool(columns),
            read=_given({n: kind.result_processor(dialect, None) for n, kind in came.items()}),
        )


def _given(makes: Mapping[K, Make | None]) -> dict[K, Make]:
    return {key: make for key, make in makes.items() if make is not None}
