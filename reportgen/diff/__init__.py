"""What differs between two contents: texts word by word, tables cell by cell. Pure functions of plain data, no HTML.

Contents come from records, which are hostile: no function here takes more than about linear time, and what was not
compared is said in the result.
"""

from reportgen.diff.sequence import Match, match_closely, match_sequences
from reportgen.diff.table import Column, RowChange, Table, TableDiff, compare_tables, find_delta
from reportgen.diff.words import Fold, LineChange, Piece, TextDiff, compare_texts, count_words, fold_lines, split_words

__all__ = [
    "Column",
    "Fold",
    "LineChange",
    "Match",
    "Piece",
    "RowChange",
    "Table",
    "TableDiff",
    "TextDiff",
    "compare_tables",
    "compare_texts",
    "count_words",
    "find_delta",
    "fold_lines",
    "match_closely",
    "match_sequences",
    "split_words",
]
