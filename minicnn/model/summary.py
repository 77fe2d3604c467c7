"""A network as a table: what Keras shows, and what it costs to run."""

from __future__ import annotations

import math
from dataclasses import dataclass

from minicnn.layers import Chain, Layer
from minicnn.layers.inputs import dtype_of
from minicnn.streams import for_console
from minicnn.training import trainable
from minicnn.typing import Shape


@dataclass(frozen=True)
class Row:
    """One layer; layers inside containers are indented below them."""

    depth: int
    name: str
    kind: str
    output_shape: Shape
    params: int
    multiply_adds: int
    activations: int  # numbers of one sample that the layer adds; a chain adds none of its own


@dataclass(frozen=True, repr=False)
class Summary:
    """All rows and the totals; ``str(summary)`` is the table."""

    title: str
    rows: tuple[Row, ...]
    total: int
    trainable: int
    itemsize: int
    batch_size: int
    input_shape: Shape

    @property
    def non_trainable(self) -> int:
        """Frozen parameters and running figures."""
        return self.total - self.trainable

    @property
    def multiply_adds(self) -> int:
        """Of one sample's forward pass."""
        return sum(row.multiply_adds for row in self.rows if row.depth == 0)

    @property
    def activation_bytes(self) -> int:
        """What the outputs of all layers, and the input, take for a batch."""
        numbers = sum(row.activations for row in self.rows)
        numbers += math.prod(self.input_shape)
        return numbers * self.itemsize * self.batch_size

    def __repr__(self) -> str:
        """One line: at a prompt, ``model.summary()`` has just printed the table."""
        return f"<Summary of {self.title}: {self.total:,} parameters>"

    def __str__(self) -> str:
        head = ("Layer (type)", "Output shape", "Params", "Multiply-adds", "Activations")
        table = [
            (
                f"{'  ' * row.depth}{row.name} ({row.kind})",
                str(row.output_shape),
                f"{row.params:,}",
                f"{row.multiply_adds:,}",
                megabytes(row.activations * self.itemsize * self.batch_size),
            )
            for row in self.rows
        ]
        widths = [max(len(line[i]) for line in [head, *table]) for i in range(len(head))]
        rule = "─" * (sum(widths) + 3 * (len(widths) - 1))
        lines = [f'Model "{self.title}", input {self.input_shape}', rule]
        for line in [head, *table]:
            cells = [line[0].ljust(widths[0]), line[1].ljust(widths[1])]
            cells += [text.rjust(width) for text, width in zip(line[2:], widths[2:], strict=True)]
            lines.append("   ".join(cells).rstrip())
            if line is head:
                lines.append(rule)
        lines += [
            rule,
            f"Total parameters: {self.total:,} ({megabytes(self.total * self.itemsize)})",
            f"Trainable: {self.trainable:,} ({megabytes(self.trainable * self.itemsize)})",
            f"Non-trainable: {self.non_trainable:,} "
            f"({megabytes(self.non_trainable * self.itemsize)})",
            f"Multiply-adds of one sample: {self.multiply_adds:,}",
            f"Activations of a batch of {self.batch_size}: {megabytes(self.activation_bytes)}",
        ]
        return for_console("\n".join(lines))


def summarize(network: Layer, batch_size: int) -> Summary:
    """The table of a built network."""
    assert network.input_shape is not None
    rows = tuple(row for child in network.children for row in _rows(child, 0))
    params = network.params
    return Summary(
        title=network.name or "sequential",
        rows=rows,
        total=sum(p.size for p in params.values()) + sum(s.size for s in network.state.values()),
        trainable=sum(params[path].size for path in trainable(network)),
        itemsize=dtype_of(network).itemsize,
        batch_size=batch_size,
        input_shape=network.input_shape,
    )


def _rows(layer: Layer, depth: int) -> list[Row]:
    assert layer.output_shape is not None
    row = Row(
        depth=depth,
        name=layer.name or "",
        kind=type(layer).__name__,
        output_shape=layer.output_shape,
        params=sum(p.size for p in (*layer.params.values(), *layer.state.values())),
        multiply_adds=layer.multiply_adds(),
        activations=0 if isinstance(layer, Chain) else math.prod(layer.output_shape),
    )
    return [row, *(below for child in layer.children for below in _rows(child, depth + 1))]


def megabytes(count: int) -> str:
    """Bytes for people, as Keras counts them: 1 MB = 1024 · 1024.

    >>> megabytes(9_494_561 * 4), megabytes(2052), megabytes(0)
    ('36.22 MB', '2.00 KB', '0.00 B')
    """
    size = float(count)
    for unit in ("B", "KB", "MB"):
        if size < 1024:
            return f"{size:.2f} {unit}"
        size /= 1024
    return f"{size:.2f} GB"
