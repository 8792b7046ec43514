"""`--retry-rejected`: only what holds rejected objects is made again, and what follows from it if the data changed."""

import pytest

from astrocnn.pipeline import run as run_module


@pytest.fixture
def troubled(tiles):
    """A finished run in which one of three tiles was rejected, by a trouble that leaves no trace in the input."""
    tiles.write(
        """
        cut: {use: tiles, images: "${inputs.images}"}
        arcs: {use: follow, tiles: cut}
        other: {use: numbers}
        """,
        'inputs: {images: "tile_*.txt"}\nfailure_budget: 0.5\n',
    )
    (tiles.folder / "tile_b.trouble").touch()
    tiles.run()
    tiles.made()
    return tiles


def end(troubled):
    (troubled.folder / "tile_b.trouble").unlink()


def texts(troubled, stage):
    return [path.read_text() for path in sorted(troubled.product(stage).glob("*.h5"))]


def test_without_the_flag_rejected_objects_stay(troubled):
    end(troubled)
    troubled.run()
    assert troubled.made() == []


def test_what_was_rejected_is_tried_again_alone(troubled):
    outcome = troubled.run(retry_rejected=True)
    assert troubled.made() == ["cut", "cut:tile_b"]
    assert outcome.ear.states == {"cut": "made", "arcs": "reuse", "other": "reuse"}
    assert outcome.ear.counts["cut"] == {"read": {"": 2}, "rejected": {"trouble": 1}}


def test_what_follows_is_made_again_when_the_data_changed(troubled, tmp_path):
    digest = troubled.product("cut").name
    end(troubled)
    outcome = troubled.run(retry_rejected=True)
    assert outcome.ear.states == {"cut": "made", "arcs": "made", "other": "reuse"}
    assert outcome.ear.counts["cut"] == {"read": {"": 3}}
    assert troubled.product("cut").name == digest
    assert texts(troubled, "arcs") == [f"{value} seed 1 plus 0.0" for value in ("1.0", "2.0", "3.0")]
    troubled.made()
    troubled.run(retry_rejected=True)
    assert troubled.made() == [], "nothing is rejected any more"
    assert not (troubled.runs / "toy" / "retry.json").exists()


def test_the_reason_is_told(troubled):
    end(troubled)
    outcome = troubled.run(retry_rejected=True, to_stage="cut")
    assert outcome.run["cut"].reason == "retries 1 rejected object"
    assert troubled.states()["arcs"] == ("run", "cut holds other data since it was retried")


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_kill_around_the_retry_loses_nothing(troubled, monkeypatch, moment):
    """Killed just before the tile is tried again, or just after its product stands in place and before more is done."""
    end(troubled)

    def kill(*arguments, **keywords):
        if moment == "after":
            make(*arguments, **keywords)
        raise KeyboardInterrupt

    make = run_module._make
    monkeypatch.setattr(run_module, "_make", kill)
    with pytest.raises(KeyboardInterrupt):
        troubled.run(retry_rejected=True)
    monkeypatch.undo()
    monkeypatch.setenv("THROWAWAY_LOG", str(troubled.log))
    troubled.made()
    troubled.run(retry_rejected=moment == "before")
    assert texts(troubled, "arcs") == [f"{value} seed 1 plus 0.0" for value in ("1.0", "2.0", "3.0")]
    assert not (troubled.runs / "toy" / "retry.json").exists()


def test_a_changed_file_ends_a_retry_that_was_killed(troubled, monkeypatch):
    end(troubled)
    monkeypatch.setattr(run_module, "_make", lambda *arguments, **keywords: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        troubled.run(retry_rejected=True)
    monkeypatch.undo()
    monkeypatch.setenv("THROWAWAY_LOG", str(troubled.log))
    troubled.run("stages.cut.scale=2.0")
    assert not (troubled.runs / "toy" / "retry.json").exists()
    assert texts(troubled, "arcs")[1] == "4.0 seed 1 plus 0.0"


def test_stages_that_were_not_asked_for_are_not_tried_again(troubled):
    end(troubled)
    troubled.run(retry_rejected=True, from_stage="arcs")
    assert troubled.made() == []


def test_a_stage_in_one_piece_is_tried_again_whole(workshop):
    workshop.write("a: {use: numbers, number: 1, rejected: 1}\nb: {use: numbers}", "failure_budget: 1\n")
    workshop.run()
    workshop.made()
    workshop.run(retry_rejected=True)
    assert workshop.made() == ["a"]
