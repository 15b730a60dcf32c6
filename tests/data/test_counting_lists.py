"""Labels counted in lists of images and in tables: a text, and the counts or what is said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from protofix.data.counting import ImageListLabels, TableLabels, count_labels

LISTS: dict[str, tuple[bytes, list[int]]] = {
    "plain": (b"a.jpg 0\nb.jpg 1\nc.jpg 1\n", [1, 2]),
    "no line end at the end": (b"a.jpg 0\nb.jpg 1", [1, 1]),
    "blanks in a path": (b"my cat.jpg 1\n", [0, 1]),
    "line ends of Windows": (b"a.jpg 0\r\nb.jpg 1\r\n", [1, 1]),
    "empty lines": (b"a.jpg 0\n\n\nb.jpg 1\n\n", [1, 1]),
    "signs and zeros": (b"a.jpg +1\nb.jpg 007\n", [0, 1, 0, 0, 0, 0, 0, 1]),
    "a path that is no UTF-8": (b"\xff.jpg 1\n", [0, 1]),
}


@pytest.mark.parametrize("case", LISTS)
def test_lists(case: str, tmp_path: Path) -> None:
    content, expected = LISTS[case]
    (tmp_path / "list.txt").write_bytes(content)
    assert count_labels(ImageListLabels(tmp_path / "list.txt")).counts.tolist() == expected


WRONG_LISTS: dict[str, tuple[bytes, dict[str, Any], str]] = {
    "no label": (b"a.jpg 0\nb.jpg\n", {},
                 ":2: `b.jpg` has no label behind a blank: write PATH LABEL"),
    "a tab": (b"a.jpg\t0\n", {}, ":1: `a.jpg\\t0` has no label behind a blank, which a tab is not: "
              "write PATH LABEL"),
    "a blank at the end": (b"a.jpg 3 \n", {}, ":1: ends with a blank, behind which Caffe reads the "
                           "label 0: take the blank away"),
    "a name": (b"a.jpg 0\n\nb.jpg cat\n", {}, ":3: the label `cat` is no whole number, which Caffe "
               "needs: write PATH LABEL"),
    "a point": (b"a.jpg 1.0\n", {}, ":1: the label `1.0` is no whole number, which Caffe needs: "
                "write PATH LABEL"),
    "negative": (b"a.jpg -1\n", {}, ":1: the label is -1, and classes count from 0: give it as the "
                 "label to ignore if it marks what has no class"),
    "beyond the classes": (b"a.jpg 0\nb.jpg 2\n", {"classes": 2}, ":2: the label is 2, and 2 "
                           "classes end with label 1: give the number of classes, or the label to "
                           "ignore"),
    "empty": (b"\n\n", {}, ": names no images, a line each: its path, a blank, its label"),
    "no text at all": (b"x" * (3 << 20), {}, ": is no list: it has a line of 64 KiB or more"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG_LISTS)
def test_lists_that_are_none(case: str, tmp_path: Path) -> None:
    content, how, expected = WRONG_LISTS[case]
    path = tmp_path / "list.txt"
    path.write_bytes(content)
    with pytest.raises(ValueError) as error:
        count_labels(ImageListLabels(path), **how)
    assert str(error.value) == f"{path}{expected}"


def test_a_long_list_counts_in_blocks_and_names_the_line(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    lines = [f"some/folder/of/images/{index}.jpg {index % 10}\n" for index in range(100_000)]
    path.write_text("".join(lines))
    assert count_labels(ImageListLabels(path)).counts.tolist() == [10_000] * 10
    assert count_labels(ImageListLabels(path), ignore_label=9).ignored == 10_000
    lines[77_777] = "some.jpg cat\n"
    path.write_text("".join(lines))
    with pytest.raises(ValueError, match=":77778: the label `cat` is no whole number"):
        count_labels(ImageListLabels(path))


TABLES: dict[str, tuple[bytes, str | None, list[int]]] = {
    "the last column": (b"file,class\na,0\nb,2\n", None, [1, 0, 1]),
    "by name": (b"class,x\n0,9\n2,9\n", "class", [1, 0, 1]),
    "by number": (b"class,x\n0,9\n2,9\n", "0", [1, 0, 1]),
    "a name that is a number": (b"5,1\n7,2\n8,2\n", "1", [0, 1, 2]),
    "no header": (b"a,0\nb,2\n", None, [1, 0, 1]),
    "one column": (b"0\n2\n", None, [1, 0, 1]),
    "semicolons": (b"file;class\na;0\nb;2\n", None, [1, 0, 1]),
    "tabs": (b"file\tclass\na\t0\nb\t2\n", None, [1, 0, 1]),
    "quotes": (b'file,class\n"a, b","0"\n"c\nd",2\n', None, [1, 0, 1]),
    "as pandas writes numbers with gaps": (b"class\n0.0\n2.0\n", None, [1, 0, 1]),
    "a byte order mark": (b"\xef\xbb\xbfclass,x\n1,9\n", "class", [0, 1]),
    "empty lines": (b"class\n\n1\n\n", None, [0, 1]),
    "no UTF-8": (b"file,class\n\xe9,1\n", None, [0, 1]),
}


@pytest.mark.parametrize("case", TABLES)
def test_tables(case: str, tmp_path: Path) -> None:
    content, column, expected = TABLES[case]
    (tmp_path / "t.csv").write_bytes(content)
    found = count_labels(TableLabels(tmp_path / "t.csv", column))
    assert found.counts.tolist() == expected


WRONG_TABLES: dict[str, tuple[bytes, str | None, str]] = {
    "no such name": (b"a,b\n1,2\n", "c", ": has no column `c`, but `a`, `b`"),
    "no such number": (b"a,b\n1,2\n", "2", ": has 2 columns, 0 to 1, and no column 2"),
    "an array": (b"\x93NUMPY\x01\x00v\x00{}\n\x00\x01", None,
                 ": is no table of text: it has bytes of 0, as binary files do"),
    "a header alone": (b"a,b\n", None, ": has a header and no rows"),
    "empty": (b"", None, ": has no rows"),
    "a name": (b"class\n0\ncat\n", None, ":3: the label `cat` is no whole number: give the number "
               "of the class, from 0"),
    "a gap": (b"class,x\n0,1\n,1\n", "class", ":3: has no label in that column"),
    "a short row": (b"x,class\n1,0\n1\n", None, ":3: has no label in that column"),
    "not whole": (b"class\n0.5\n", None, ":2: the label is 0.5, which is no class: classes are "
                  "whole numbers from 0"),
    "huge": (b"class\n1e300\n", None, "which is beyond 1,048,576 classes"),
    "no text": (b"a\n\x00\xff\n", None, ":2: "),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG_TABLES)
def test_tables_that_are_none(case: str, tmp_path: Path) -> None:
    content, column, expected = WRONG_TABLES[case]
    path = tmp_path / "t.csv"
    path.write_bytes(content)
    with pytest.raises(ValueError) as error:
        count_labels(TableLabels(path, column))
    said = str(error.value)
    assert said.startswith(str(path)) and expected in said and "\n" not in said
