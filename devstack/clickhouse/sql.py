"""Reads the text of statements: quoting, what they begin and end with, what the front refuses.

Pure. Texts are judged in the engine's own normal form (one line, no comments), except by `begins_with`
and `may_need_judging`, which are cheap and may say yes too often.
"""

import re
from itertools import pairwise

from devstack.clickhouse.errors import Code, QueryError

# What reads or writes files, starts programs or reaches into this process. The engine's grants stop
# most of it; these it does not.
_REFUSED_CALLS = {"python", "file", "executable", "executablepool", "catboostevaluate"}
_CLIENT_CLAUSES = ("INTO OUTFILE", "FROM INFILE")

_SUSPICIOUS = re.compile(rf"{'|'.join(_REFUSED_CALLS)}|outfile|infile|format|[`\"][^`\"]*\\", re.IGNORECASE)
_COMMENTS = r"(?:\s|--[^\n]*(?:\n|$)|#[! ][^\n]*(?:\n|$)|/\*.*?\*/|\()*"
_QUERY = re.compile(_COMMENTS + r"(?:SELECT|WITH)\b", re.IGNORECASE | re.DOTALL)
_INSERT = re.compile(_COMMENTS + r"INSERT\b", re.IGNORECASE | re.DOTALL)

_STRING = r"'(?:[^'\\]|\\.|'')*'"
_NAME = r"`(?:[^`\\]|\\.|``)*`|\"(?:[^\"\\]|\\.|\"\")*\""
_TOKEN = re.compile(rf"(?P<string>{_STRING})|(?P<name>{_NAME})|\w+|\S", re.DOTALL)

_FORMAT_TAIL = re.compile(r" FORMAT (\w+)( SETTINGS .*)?$")
_DATA_FOLLOWS = re.compile(r"\b(?:VALUES|FORMAT\s+\w+)\s*;?\s*$", re.IGNORECASE)
_HEAD = re.compile(
    rf"INSERT INTO (?P<target>(?:{_NAME}|\w+)(?:\.(?:{_NAME}|\w+))?)"
    r"(?: \((?P<columns>.*?)\))?(?P<settings> SETTINGS .*)?$"
)


def quote(text: str) -> str:
    """Write a string literal."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def backtick(name: str) -> str:
    """Write an identifier."""
    return "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"


def escape_parameter(value: str) -> str:
    """Write the value of a query parameter as the engine takes it: escaped, not quoted."""
    return value.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t")


def unquote_parameter(value: str) -> str:
    """Undo the quotes that clients of the native protocol put around the value of a parameter."""
    if len(value) < 2 or not value.startswith("'") or not value.endswith("'"):  # noqa: PLR2004
        return value
    return re.sub(r"\\(.)", r"\1", value[1:-1], flags=re.DOTALL)


def begins_as_query(sql: str) -> bool:
    """Whether the text begins with SELECT or WITH."""
    return _QUERY.match(sql) is not None


def begins_as_insert(sql: str) -> bool:
    """Whether the text begins with INSERT."""
    return _INSERT.match(sql) is not None


def may_need_judging(sql: str) -> bool:
    """Whether the normal form is worth having: false only for texts that `judge` surely accepts."""
    return _SUSPICIOUS.search(sql) is not None


def judge(normal: str) -> None:
    """Raise QueryError for a statement in normal form that reaches out of the database.

    Inline VALUES may hold expressions and are not part of the normal form: judge them as well.
    """
    if any(clause in _outside_quotes(normal) for clause in _CLIENT_CLAUSES):
        sentence = "INTO OUTFILE and FROM INFILE are features of a client, not of this server"
        raise QueryError.of(Code.NOT_IMPLEMENTED, sentence)
    tokens = [found[0] for found in _TOKEN.finditer(normal)]
    for token, following in pairwise(tokens):
        if following == "(" and _is_refused(token):
            sentence = f"{token}() is not available on the development server"
            raise QueryError.of(Code.ACCESS_DENIED, sentence)


def _is_refused(token: str) -> bool:
    quoted = token[0] in '`"'
    # A quoted name with escapes is not decoded here: nobody needs one for a function.
    return token.strip('`"').lower() in _REFUSED_CALLS or (quoted and "\\" in token)


def _outside_quotes(normal: str) -> str:
    return re.sub(f"{_STRING}|{_NAME}", "''", normal, flags=re.DOTALL)


def split_format(normal: str) -> tuple[str, str | None]:
    """Take the FORMAT clause off a statement in normal form."""
    found = _FORMAT_TAIL.search(normal)
    if found is None:
        return normal, None
    return normal[: found.start()] + (found[2] or ""), found[1]


def data_follows(sql: str) -> bool:
    """Whether an INSERT, as the client wrote it, ends where its data would begin."""
    return _DATA_FOLLOWS.search(sql) is not None


def is_insert_select(normal: str) -> bool:
    """Whether an INSERT in normal form takes its rows from a query."""
    return re.search(r"\b(?:SELECT|WITH)\b", _outside_quotes(normal)) is not None


class InsertHead:
    """An INSERT in normal form without its data: `INSERT INTO t (a, b) SETTINGS x = 1`."""

    def __init__(self, normal: str) -> None:
        found = _HEAD.match(normal)
        if found is None:
            sentence = "This form of INSERT is not supported by the development server"
            raise QueryError.of(Code.NOT_IMPLEMENTED, sentence)
        self.target = found["target"]
        self._columns = found["columns"]
        self._settings = found["settings"] or ""

    @property
    def sample(self) -> str:
        """A query whose columns are the ones to insert."""
        return f"SELECT {self._columns or '*'} FROM {self.target}"

    def from_file(self, path: str, data_format: str) -> str:
        """The same INSERT with its data in a file, as the engine wants it."""
        columns = f" ({self._columns})" if self._columns else ""
        source = f"FROM INFILE {quote(path)}{self._settings} FORMAT {data_format}"
        return f"INSERT INTO {self.target}{columns} {source}"
