"""Canonical JSON and content hashes: stored values that must never change, and properties."""

import hashlib
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astrocnn.errors import InputMissing
from astrocnn.pipeline.identity import (
    FileHashes,
    backend_identity,
    canonical,
    content_hash,
    differences,
    file_sha256,
)

TEXT = st.text(st.characters(codec="utf-8"), max_size=8)
FINITE = st.floats(allow_nan=False, allow_infinity=False)
SCALARS = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | FINITE | TEXT
PLAIN = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4))


@pytest.mark.parametrize(
    ("data", "text", "digest"),
    [
        ({}, "{}", "44136fa355b3678a1146ad16f7e8649e"),
        (
            {"b": 1, "a": [1, 2.5, True, None, "x"]},
            '{"a":[1,2.5,true,null,"x"],"b":1}',
            "1fa3981ce11059f511432b90d39662fc",
        ),
        ({"é": "ü", "z": 1e-7}, '{"z":1e-07,"é":"ü"}', "4032d0b9d7bc9163abeba9b2145d4dde"),
        (
            [0.1, 1e22, 1e16, 123456789.0, -0.0],
            "[0.1,1e+22,1e+16,123456789.0,-0.0]",
            "d87404e41df1497a80846e58943c1215",
        ),
        ({"seed": 2**63 - 1}, '{"seed":9223372036854775807}', "813b4fcec90ec6ac1b5e99b2d2f53e1e"),
        ((1, (2,)), "[1,[2]]", "f0a3b3a97cad28da4f115aead7b6aeeb"),
    ],
)
def test_canonical_text_and_its_hash_never_change(data, text, digest):
    """Digests by `printf TEXT | sha256sum`: another one would make every product of every user again."""
    assert canonical(data) == text
    assert content_hash(data) == digest


@given(PLAIN)
def test_canonical_text_reads_back_as_the_data(data):
    assert json.loads(canonical(data)) == data


@given(st.dictionaries(TEXT, SCALARS, min_size=2))
def test_the_order_of_keys_does_not_matter(data):
    assert content_hash(dict(reversed(data.items()))) == content_hash(data)


@given(PLAIN, PLAIN)
def test_other_data_have_another_hash(one, other):
    same_text = canonical(one) == canonical(other)
    assert (content_hash(one) == content_hash(other)) == same_text


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_numbers_that_json_has_not_are_refused(value):
    with pytest.raises(ValueError, match="JSON compliant"):
        canonical({"a": [value]})


def test_the_hash_of_a_file_is_that_of_its_bytes(tmp_path):
    content = bytes(range(256)) * 10000
    (tmp_path / "f").write_bytes(content)
    assert file_sha256(tmp_path / "f") == hashlib.sha256(content).hexdigest()


def test_hashes_of_files_are_kept(tmp_path):
    file, cache = tmp_path / "f", tmp_path / "cache.json"
    file.write_text("abc")
    hashes = FileHashes(cache)
    digest = hashes.of(file)
    assert digest == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # FIPS 180-2, B.1
    assert not cache.exists()
    hashes.save()
    (key,) = json.loads(cache.read_text())
    assert key == f"{file}|3|{file.stat().st_mtime_ns}|{file.stat().st_ino}"
    cache.write_text(json.dumps({key: "kept"}))
    assert FileHashes(cache).of(file) == "kept"
    assert [path.name for path in tmp_path.iterdir()].count("cache.json") == 1


def test_nothing_is_kept_where_there_is_no_folder_or_nothing_new(tmp_path):
    (tmp_path / "f").write_text("abc")
    hashes = FileHashes(tmp_path / "no" / "cache.json")
    hashes.of(tmp_path / "f")
    hashes.save()
    assert not (tmp_path / "no").exists()
    FileHashes(tmp_path / "cache.json").save()
    assert not (tmp_path / "cache.json").exists()


def test_a_folder_is_its_files(tmp_path):
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "x").write_text("abc")
    (tmp_path / "a" / "y").write_text("")
    found = FileHashes(tmp_path / "cache").of_folder(tmp_path / "a")
    assert list(found) == ["b/x", "y"]
    assert found["y"] == hashlib.sha256(b"").hexdigest()
    with pytest.raises(InputMissing, match="is no folder"):
        FileHashes(tmp_path / "cache").of_folder(tmp_path / "nothing")


@pytest.mark.parametrize(
    ("settings", "variable", "expected"),
    [
        (None, None, {"backend": "tensorflow", "dtype": "float32"}),
        (None, "jax", {"backend": "jax", "dtype": "float32"}),
        ('{"backend": "torch", "floatx": "float16"}', None, {"backend": "torch", "dtype": "float16"}),
        ('{"backend": "torch", "floatx": "float16"}', "jax", {"backend": "jax", "dtype": "float16"}),
        ("not json", None, {"backend": "tensorflow", "dtype": "float32"}),
        ("[]", None, {"backend": "tensorflow", "dtype": "float32"}),
    ],
)
def test_the_backend_is_told_without_keras(settings, variable, expected, tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    if variable:
        monkeypatch.setenv("KERAS_BACKEND", variable)
    if settings:
        (tmp_path / "keras.json").write_text(settings)
    assert backend_identity() == expected


@pytest.mark.parametrize(
    ("old", "new", "clauses"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"parameters": {"epochs": 3}}, {"parameters": {"epochs": 5}}, ["parameters.epochs 3 -> 5"]),
        (
            {"parameters": {"keep": {"top": 1}}},
            {"parameters": {"keep": {"top": None}}},
            ["parameters.keep.top 1 -> None"],
        ),
        ({"parameters": {}}, {"parameters": {"x": 1}}, ["parameters.x None -> 1"]),
        ({"seed": 1, "revision": 1}, {"seed": 2, "revision": 2}, ["revision 1 -> 2", "seed 1 -> 2"]),
        ({"sources": {"a": [1]}}, {"sources": {"a": [2]}}, ["sources.a changed"]),
        ({"sources": {}}, {"sources": {"a": [2]}}, ["sources.a changed"]),
        ({"instrument": None}, {"instrument": {"bands": 1}}, ["instrument changed"]),
        ({"instrument": {"bands": 2}}, {"instrument": {"bands": 1}}, ["instrument.bands changed"]),
        (
            {"parts": {"a": "0", "b": "1"}},
            {"parts": {"b": "2", "c": "3"}},
            ["parts.a changed", "parts.b changed", "parts.c changed"],
        ),
    ],
)
def test_differences_are_told_in_clauses(old, new, clauses):
    assert list(differences(old, new)) == clauses
