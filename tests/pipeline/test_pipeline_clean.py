"""`find_removals` and `remove`: what is needed stays, to the byte."""

import os

import pytest

from astrocnn.api import run
from astrocnn.pipeline.clean import find_removals, freed_bytes, remove
from astrocnn.pipeline.store import Store, damaged_files


def by_kind(removals):
    return sorted((removal.stage, removal.kind) for removal in removals)


@pytest.fixture
def root(toy, tmp_path):
    """A run made with three values of a parameter, the last of them current."""
    for number, value in enumerate((1.0, 2.0, 3.0)):
        run(toy, runs=tmp_path, settings=[f"stages.numbers.value={value}"])
        for product in (tmp_path / "toy").glob("*/*/done.json"):
            if product.stat().st_mtime > 1e6:
                os.utime(product, (number + 1, number + 1))  # a clock that tells them apart
    return tmp_path / "toy"


def test_products_and_parts_that_are_not_current_are_found(root):
    expected = [("numbers", "part")] * 6 + [("numbers", "product")] * 2 + [("total", "product")] * 2
    assert by_kind(find_removals(root)) == expected


def test_the_most_recent_others_are_kept_with_their_parts(root):
    expected = [("numbers", "part")] * 3 + [("numbers", "product"), ("total", "product")]
    found = find_removals(root, keep=1)
    assert by_kind(found) == expected
    oldest = min(root.glob("numbers/*/done.json"), key=lambda path: path.stat().st_mtime)
    assert oldest.parent in [removal.folder for removal in found], "value 1 was made first"
    assert find_removals(root, keep=2) == []


def test_what_stays_is_whole_and_up_to_date(root, toy, tmp_path):
    remove(find_removals(root))
    assert find_removals(root) == []
    for stage in ("numbers", "total"):
        assert damaged_files((root / stage / "current").resolve()) == []
    view = run(toy, runs=tmp_path, settings=["stages.numbers.value=3.0"])
    assert {product.state for product in view} == {"reuse"}
    assert len(list((root / "numbers/parts").iterdir())) == 3


def test_unfinished_work_is_found(root):
    store = Store(root)
    store.scratch("numbers", "0" * 32).mkdir(parents=True)
    (root / "numbers" / f".{'1' * 32}.77").mkdir()
    (root / "numbers/parts" / f".{'2' * 32}.77").mkdir()
    found = [removal for removal in find_removals(root, keep=9) if removal.kind == "unfinished"]
    assert len(found) == 3
    remove(found)
    assert not any(removal.folder.exists() for removal in found)


def test_what_is_not_of_the_store_is_left_alone(root):
    (root / "numbers/my-notes").mkdir()
    (root / "numbers/my-notes/note.txt").write_text("mine")
    (root / "thesis/figures").mkdir(parents=True)
    remove(find_removals(root))
    assert (root / "numbers/my-notes/note.txt").read_text() == "mine"
    assert (root / "thesis/figures").is_dir()


def test_freed_space_does_not_count_a_file_whose_other_name_stays(root):
    found = [removal for removal in find_removals(root) if removal.kind == "part"]
    alone = freed_bytes(found)
    number = found[0].folder / "number.txt"
    assert number.stat().st_size == 1000
    kept = root / "kept.txt"
    os.link(number, kept)
    assert freed_bytes(found) == alone - 1000
    kept.unlink()
    os.link(number, found[1].folder / "again.txt")
    assert freed_bytes(found) == alone, "two names that both go are one file"


def test_freed_space_is_the_disk_space_of_all_files(root):
    found = find_removals(root)
    sizes = [path.stat().st_size for removal in found for path in removal.folder.rglob("*") if path.is_file()]
    assert freed_bytes(found) == sum(sizes)
