"""Statements that are carried out again and again, as the driver knows them.

SQLAlchemy works out for every call how a statement is said to the driver; for a few rows that is
most of what the call costs. Here it is worked out when one and the same statement, made once for a
module, is met for the second time.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Delete, Dialect, Insert, IteratorResult, Select, Update
from sqlalchemy.engine.result import SimpleResultMetaData
from sqlalchemy.exc import DBAPIError

Process = Callable[[Any], Any]


class Prepared:
    """What is known of statements; those of entities are left to SQLAlchemy."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._met: WeakKeyDictionary[Any, dict[tuple[str, ...], _Form | None]] = WeakKeyDictionary()

    def form_of(self, statement: Any, params: Any) -> _Form | None:
        """How to carry it out with parameters of such names; None where SQLAlchemy has to."""
        if not isinstance(statement, (Select, Insert, Update, Delete)):
            return None
        forms = self._met.get(statement)
        if forms is None:
            self._met[statement] = {}
            return None
        names = tuple(params[0] if isinstance(params, Sequence) else params or ())
        if names not in forms:
            forms[names] = self._form(statement, names)
        return forms[names]

    def _form(self, statement: Any, names: tuple[str, ...]) -> _Form | None:
        if statement._propagate_attrs.get("compile_state_plugin") == "orm":
            return None
        compiled: Any = statement.compile(dialect=self._dialect, column_keys=list(names) or None)
        made_up = compiled.insert_prefetch or compiled.update_prefetch
        if compiled.post_compile_params or compiled.literal_execute_params or made_up:
            return None
        return _Form(compiled, self._dialect)


class _Form:
    """One statement with parameters of certain names."""

    def __init__(self, compiled: Any, dialect: Dialect) -> None:
        self._sql = str(compiled.string)
        binds = [compiled.binds[name] for name in compiled.positiontup]
        self._given = {bind.key: bind.effective_value for bind in binds if not bind.required}
        self._takes = [
            (bind.key, bind.type.dialect_impl(dialect).bind_processor(dialect) or _as_it_is)
            for bind in binds
        ]
        columns = compiled._result_columns
        self._gives = SimpleResultMetaData([column.keyname for column in columns])
        processes = [c.type.dialect_impl(dialect).result_processor(dialect, None) for c in columns]
        self._read = [(n, process) for n, process in enumerate(processes) if process is not None]

    def execute(self, driver: sqlite3.Connection, params: Any) -> IteratorResult[Any]:
        try:
            if isinstance(params, Sequence):
                driver.executemany(self._sql, [self._taken(one) for one in params]).close()
                return self._result([])
            cursor = driver.execute(self._sql, self._taken(params or {}))
            rows = cursor.fetchall()
            cursor.close()
        except sqlite3.Error as error:
            raise DBAPIError.instance(
                self._sql, None, error, sqlite3.Error, hide_parameters=True
            ) from error
        return self._result(rows)

    def _taken(self, params: Mapping[str, Any]) -> list[Any]:
        all_of_them = {**self._given, **params}
        return [process(all_of_them[key]) for key, process in self._takes]

    def _result(self, rows: list[Any]) -> IteratorResult[Any]:
        for process_at, process in self._read:
            rows = [
                (*row[:process_at], process(row[process_at]), *row[process_at + 1 :])
                for row in rows
            ]
        return IteratorResult(self._gives, iter(rows))


def _as_it_is(value: Any) -> Any:
    return value
