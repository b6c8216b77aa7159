"""A run's curves and diagnostics; Parquet bytes depend on content alone."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from ingredients.errors import StoreError
from ingredients.store.checksums import damaged, read_checked

CURVES = pa.schema(
    [
        ("study", pa.string()),
        ("reward_observation", pa.string()),
        ("action_observation", pa.string()),
        ("memory", pa.string()),
        ("task_distribution", pa.string()),
        ("seed", pa.int64()),
        ("train_step", pa.int64()),
        ("probe", pa.string()),
        ("tasks", pa.string()),
        ("episode", pa.int64()),
        ("return", pa.float64()),
        ("regret", pa.float64()),
    ]
)
AXES = ("episode", "step")
"""What a curve can run over, and the column that counts it: an episode, or the first step of a bin."""
CURVE_KEYS = tuple(CURVES.names[:10])  # over episodes


def curves_over(axis: str) -> pa.Schema:
    """Returns the columns of curves over one of `AXES`."""
    place = CURVES.get_field_index(AXES[0])
    return CURVES.set(place, CURVES.field(place).with_name(axis))


def axis_in(columns: Iterable[Hashable]) -> str:
    """Returns over which axis curves with these columns are."""
    return next((axis for axis in AXES if axis in columns), AXES[0])


DIAGNOSTICS = pa.schema(
    [
        ("update", pa.int64()),
        ("train_step", pa.int64()),
        *(
            (name, pa.float64())
            for name in (
                "policy_loss",
                "value_loss",
                "entropy",
                "return_per_lifetime",
                "gradient_norm",
                "kl",
                "clip_fraction",
            )
        ),
    ]
)
DIAGNOSTIC_KEYS = ("update", "train_step")

_SLICE_ROWS = 250_000


def write_parquet(frame: pd.DataFrame, schema: pa.Schema, path: Path) -> None:
    """Writes a frame with the schema's columns, equal content as equal bytes."""
    form: dict[str, Any] = {"compression": "zstd", "store_schema": False}
    with pa.parquet.ParquetWriter(path, schema, **form) as writer:
        for table in _arrow_tables(frame, schema):
            writer.write_table(table)


def write_csv(frame: pd.DataFrame, schema: pa.Schema, path: Path) -> None:
    """Writes the frame; floats as the shortest text that reads back equal."""
    options = pa.csv.WriteOptions(quoting_header="none", quoting_style="none")  # no name or level needs quotes
    with pa.csv.CSVWriter(path, schema, write_options=options) as writer:
        for table in _arrow_tables(frame, schema):
            writer.write_table(table)


def _arrow_tables(frame: pd.DataFrame, schema: pa.Schema) -> Iterator[pa.Table]:
    """Yields the rows in slices: text columns are never expanded all at once."""
    missing = [name for name in schema.names if name not in frame]
    if missing:
        raise ValueError(f"the table lacks the columns {', '.join(missing)}")
    for start in range(0, len(frame), _SLICE_ROWS):
        rows = frame.iloc[start : start + _SLICE_ROWS]
        yield pa.Table.from_arrays([_array(rows[field.name], field.type) for field in schema], schema=schema)


def _array(column: pd.Series, kind: pa.DataType) -> pa.Array:
    """Returns a column; Arrow expands categories in a tenth of pandas' time."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return pa.array(column).cast(kind)
    return pa.array(column, type=kind, from_pandas=True)


def sorted_frame(frame: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    """Returns the rows sorted by those keys that exist."""
    varied = [key for key in keys if key in frame and _varies(frame[key])]  # in a run's table, three of ten
    return frame.sort_values(varied, kind="stable", ignore_index=True) if varied else frame.reset_index(drop=True)


def _varies(column: pd.Series) -> bool:
    return len(column) > 0 and bool((column != column.iloc[0]).any())


def read_parquet(path: Path, schema: pa.Schema) -> pa.Table:
    """Returns a run's stored table; text columns are dictionaries.

    Raises:
        StoreError: it is missing or damaged, or its columns differ.
    """
    texts = [field.name for field in schema if pa.types.is_string(field.type)]
    content = pa.BufferReader(read_checked(path))
    try:
        # older runs have no list of checksums, but checksums of their pages
        with pa.parquet.ParquetFile(content, read_dictionary=texts, page_checksum_verification=True) as file:
            table = file.read(use_threads=False)
    except (OSError, KeyError, pa.ArrowException) as error:  # KeyError: a text column is not there
        raise StoreError(damaged(path)) from error
    if [(field.name, _plain(field.type)) for field in table.schema] != [(field.name, field.type) for field in schema]:
        raise StoreError(damaged(path))
    return table


def read_all_curves(path: Path, wanted: Sequence[tuple[str, str, str]] | None = None) -> pd.DataFrame:
    """Returns a report's table of curves, or its wanted rows.

    Raises:
        StoreError: it cannot be read, or lacks a column.
    """
    try:
        columns = curves_over(axis_in(pa.parquet.read_schema(path).names)).names
        return pd.read_parquet(path, columns=columns, filters=wanted)
    except (OSError, KeyError, ValueError) as error:  # pa.ArrowInvalid is a ValueError
        raise StoreError(f"{path}: missing, truncated or altered, so its curves cannot be read") from error


def read_last_curves(path: Path) -> pd.DataFrame:
    """Returns a report table's end of training, on held-out tasks without a probe.

    Raises:
        StoreError: it cannot be read, or lacks a column.
    """
    frame = read_all_curves(path, [("probe", "=", "none"), ("tasks", "=", "held_out")])
    steps = frame.groupby(list(CURVES.names[1:6]), observed=True)["train_step"].transform("max")
    return frame[frame["train_step"] == steps]


def _plain(kind: pa.DataType) -> pa.DataType:
    """Returns the type of a column's values."""
    return kind.value_type if pa.types.is_dictionary(kind) else kind
