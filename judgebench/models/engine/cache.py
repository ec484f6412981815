"""Keys and values of a changing set of rows: rows come and go, and a step copies nothing but what is new.

Every layer holds tensors of shape (rows, heads, columns, size). The rows in use are the first `span.count`; all their
sequences end before the column `span.end`, and the longest begins at `span.start`. Left of a shorter one is padding,
which the mask hides. It is always finite, since 0 times nan is nan. A row that leaves gives its place to the last one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

_SPARE = 128  # columns to grow into: everything is copied once in so many steps


@dataclass
class Span:
    """Which part of the tensors is in use, in all layers alike."""

    count: int = 0
    start: int = 0
    end: int = 0

    @property
    def width(self) -> int:
        """The length of the longest sequence."""
        return self.end - self.start


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """Keys and values of a sequence's first tokens, so many; of each layer a pair of tensors (heads, tokens, size)."""

    length: int
    layers: Sequence[tuple[Any, Any]]


def begun(kept: Sequence[Kept | None], lengths: Sequence[int], width: int) -> Any:
    """A cache of transformers' with the first `width` columns of rows that end together, `lengths` of them filled."""
    from transformers import DynamicCache

    past = DynamicCache()
    found = next((one.layers for one in kept if one and width), ())
    for number, pair in enumerate(found):
        columns = [like.new_zeros((len(kept), like.shape[0], width, like.shape[2])) for like in pair]
        for row, (one, length) in enumerate(zip(kept, lengths, strict=True)):
            for mine, theirs in zip(columns, one.layers[number] if one else (), strict=bool(one)):
                mine[row, :, width - length :] = theirs[:, :length]
        past.update(*columns, number)
    return past


@cache
def _layer_class() -> Any:
    """Ours among transformers' layers; made on demand, since what it is derived from is heavy to import."""
    from transformers.cache_utils import DynamicLayer

    class Layer(DynamicLayer):  # type: ignore[misc]
        """One layer's keys and values. It keeps all columns for sliding attention too: the mask does the sliding."""

        def __init__(self, span: Span) -> None:
            super().__init__()
            self.span = span

        def update(self, key_states: Any, value_states: Any, *_: Any, **__: Any) -> tuple[Any, Any]:
            """Write the new columns behind the last ones, and give all; the span moves when every layer has them."""
            span, end = self.span, self.span.end + key_states.shape[-2]
            self.keys[: span.count, :, span.end : end] = key_states
            self.values[: span.count, :, span.end : end] = value_states
            return self.keys[: span.count, :, span.start : end], self.values[: span.count, :, span.start : end]

        def get_seq_length(self) -> int:
            """How many columns there are before the new ones."""
            return self.span.width

    return Layer


class Window:
    """The cache of at most `rows` rows; `past` is what the model is given."""

    def __init__(self, rows: int) -> None:
        self.rows = rows
        self.span = Span()
        self.past: Any = None
        self._columns = 0

    def join(self, prefilled: Any, chosen: Sequence[int], longest: int) -> None:
        """Take in the chosen rows of a cache that transformers filled with prompts, padded on the left to `longest`."""
        if self.past is None:
            self._begin(prefilled, longest)
        elif self.span.end < longest:
            self._lay_out(longest)
        span, new = self.span, len(chosen)
        for mine, theirs in zip(self.past.layers, prefilled.layers, strict=True):
            rows = slice(span.count, span.count + new), slice(None), slice(span.end - longest, span.end)
            mine.keys[rows], mine.values[rows] = theirs.keys[chosen], theirs.values[chosen]
        span.count += new
        span.start = min(span.start, span.end - longest)

    def leave(self, place: int, *, spoilt: bool = False) -> None:
        """Free a row; one that is `spoilt`, not finite, is wiped."""
        self.span.count -= 1
        last, columns = self.span.count, slice(self.span.start, self.span.end)
        for layer in self.past.layers:
            for held in (layer.keys, layer.values):
                if spoilt:
                    held[place] = 0
                if place != last:
                    held[place, :, columns] = held[last, :, columns]

    def keep(self, place: int, held: int, length: int) -> Kept | None:
        """A copy of the first `length` of the `held` tokens of a row."""
        begin = self.span.end - held
        part = place, slice(None), slice(begin, begin + length)
        return Kept(length, [(layer.keys[part].clone(), layer.values[part].clone()) for layer in self.past.layers])

    def make_column(self) -> None:
        """See to it that the next step has a column to write to."""
        if self.span.end == self._columns:
            self._lay_out(self.span.width)

    def fit(self, longest: int, *, new: int = 0) -> None:
        """Count `new` columns that every layer has, and drop leading ones: the longest sequence is `longest` long."""
        self.span.end += new
        self.span.start = self.span.end - longest

    def _begin(self, prefilled: Any, width: int) -> None:
        from transformers.cache_utils import Cache

        layers = [_layer_class()(self.span) for _ in prefilled.layers]
        self._columns = width + _SPARE
        for mine, theirs in zip(layers, prefilled.layers, strict=True):
            mine.keys, mine.values = self._empty(theirs.keys), self._empty(theirs.values)
            mine.is_initialized = True
        self.span.start = self.span.end = width
        self.past = Cache(layers=layers)

    def _lay_out(self, width: int) -> None:
        """Move everything into tensors where the sequences, the longest of them `width` long, end with room behind."""
        span, end = self.span, max(width, self.span.width)
        self._columns = end + _SPARE
        used = slice(span.count), slice(None), slice(span.start, span.end)
        moved = slice(span.count), slice(None), slice(end - span.width, end)
        for layer in self.past.layers:
            keys, values = self._empty(layer.keys), self._empty(layer.values)
            keys[moved], values[moved] = layer.keys[used], layer.values[used]
            layer.keys, layer.values = keys, values
        span.start, span.end = end - span.width, end

    def _empty(self, like: Any) -> Any:
        return like.new_zeros((self.rows, like.shape[1], self._columns, like.shape[3]))


class Closed:
    """The cache of a model with other state than keys and values (Mamba's): rows enter together and leave one by one.

    It is transformers' own, with all of its columns; `rows` is open.
    """

    def __init__(self) -> None:
        self.span = Span()
        self.past: Any = None

    def join(self, prefilled: Any, chosen: Sequence[int], longest: int) -> None:
        """Hold the chosen rows; there must be none."""
        self.past, self.span = prefilled, Span(len(chosen), 0, longest)
        self._keep(chosen)

    def leave(self, place: int, *, spoilt: bool = False) -> None:
        """Free a row; the last one takes its place."""
        self.span.count -= 1
        kept = list(range(self.span.count))
        if place < len(kept):
            kept[place] = len(kept)
        self._keep(kept)

    def keep(self, place: int, held: int, length: int) -> Kept | None:
        """Nothing: a state is that of all its tokens, not of the first ones."""
        return None

    def make_column(self) -> None:
        """Do nothing: it grows by itself."""

    def fit(self, longest: int, *, new: int = 0) -> None:
        """Count `new` columns that every layer has."""
        self.span.end += new

    def _keep(self, rows: Sequence[int]) -> None:
        import torch

        self.past.reorder_cache(torch.tensor(rows, dtype=torch.long))


def can_be_joined(config: Any) -> bool:
    """Whether all of a model's state is keys and values, one of each per token, so that rows can come and go."""
    from transformers.cache_utils import DynamicCache, DynamicLayer, DynamicSlidingWindowLayer

    plain = (DynamicLayer, DynamicSlidingWindowLayer)
    return all(type(layer) in plain for layer in DynamicCache(config=config).layers)
