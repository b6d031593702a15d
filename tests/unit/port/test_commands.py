"""The commands: what is written, reported and answered."""

import json

import pytest

from brainstate_torch.port.__main__ import main

TEXT = "import jax.numpy as jnp\nprint(float(jnp.sum(jnp.ones(3))))\n"
LEFT = "import jax\nm = jax.pmap((1,), ('a',))\n"


@pytest.fixture
def program(tmp_path):
    path = tmp_path / "model.py"
    path.write_text(TEXT)
    return path


def notebook(*cells):
    return json.dumps(
        {
            "cells": [
                {
                    "cell_type": "code",
                    "source": cell.splitlines(True),
                    "outputs": [{"x": 1}],
                    "execution_count": 3,
                    "metadata": {},
                }
                for cell in cells
            ]
            + [{"cell_type": "markdown", "source": ["# jnp.sum"], "metadata": {}}],
            "metadata": {},
            "nbformat": 4,
            "nbformat_minor": 5,
        }
    )


def test_a_file_gets_a_neighbour_and_stays(program, capsys):
    assert main([str(program)]) == 0
    assert program.read_text() == TEXT
    assert "u.math.sum" in program.with_name("model_torch.py").read_text()
    assert "1 file, 1 to change" in capsys.readouterr().out


def test_check_and_diff_change_nothing(program, capsys):
    assert main(["--check", str(program)]) == 0
    assert main(["--diff", str(program)]) == 0
    out = capsys.readouterr().out
    assert "-import jax.numpy as jnp\n" in out
    assert "+from brainstate_torch import units as u\n" in out
    assert [p.name for p in program.parent.iterdir()] == ["model.py"]


def test_in_place_and_output(program, tmp_path):
    assert main([str(program), "-o", str(tmp_path / "new.py")]) == 0
    assert main(["--in-place", str(program)]) == 0
    assert program.read_text() == (tmp_path / "new.py").read_text() != TEXT
    before = program.read_text()
    assert main(["--in-place", str(program)]) == 0
    assert program.read_text() == before


def test_what_is_left_stands_in_the_report_with_place_reason_and_cure(program, capsys):
    program.write_text(LEFT)
    assert main([str(program)]) == 1
    out = capsys.readouterr().out
    assert f"{program}:2: left: jax.pmap: torch places" in out
    assert "Use brainstate.transform.pmap2." in out


def test_a_broken_file_is_told_of_and_the_others_are_ported(program, tmp_path, capsys):
    (tmp_path / "broken.py").write_text("def f(:\n")
    assert main([str(tmp_path), "-o", str(tmp_path.parent / f"{tmp_path.name}_new")]) == 2
    assert "broken.py: not ported: SyntaxError" in capsys.readouterr().out
    assert (tmp_path.parent / f"{tmp_path.name}_new" / "model.py").exists()


def test_a_folder_keeps_its_layout_and_gets_a_page(program, tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "left.py").write_text(LEFT)
    (tmp_path / "sub" / "data.txt").write_text("1")
    target = tmp_path.parent / f"{tmp_path.name}_torch"
    assert main([str(tmp_path)]) == 1
    assert sorted(p.relative_to(target).as_posix() for p in target.rglob("*.*")) == [
        "model.py", "report.html", "sub/left.py"]  # fmt: skip
    page = (target / "report.html").read_text()
    assert "jax.pmap" in page
    assert "u.math.sum" in page


def test_cells_of_a_notebook_stay_and_outputs_go(tmp_path):
    path = tmp_path / "book.ipynb"
    path.write_text(
        notebook(
            "%matplotlib inline\nimport jax.numpy as jnp",
            "x = jnp.ones(3)\n!ls\nx?",
            "%%bash\nimport jax",
            "x += 1\nx.max(axis=0)",
        )
    )
    assert main([str(path), "-o", str(tmp_path / "new.ipynb")]) == 0
    cells = ["".join(cell["source"]) for cell in json.loads((tmp_path / "new.ipynb").read_text())["cells"]]
    assert cells == [
        "%matplotlib inline\nfrom brainstate_torch import units as u",
        "x = u.math.ones(3)\n!ls\nx?",
        "%%bash\nimport jax",
        "x = x + 1\nu.math.max(x, axis=0)",
        "# jnp.sum",
    ]
    assert '"x": 1' not in (tmp_path / "new.ipynb").read_text()
    before = (tmp_path / "new.ipynb").read_text()
    assert main(["--in-place", str(tmp_path / "new.ipynb")]) == 0
    assert (tmp_path / "new.ipynb").read_text() == before


@pytest.mark.parametrize("first", ["", "%matplotlib inline\n"])
def test_a_line_that_ends_with_a_question_is_python(tmp_path, first):
    path = tmp_path / "book.ipynb"
    cell = f"{first}import jax.numpy as jnp\nx = jnp.ones(3)\nif x.max(axis=0):\n    x += 1  # or 2?"
    path.write_text(notebook(cell))
    assert main(["--in-place", str(path)]) == 0
    source = "".join(json.loads(path.read_text())["cells"][0]["source"])
    assert source.endswith("x = u.math.ones(3)\nif u.math.max(x, axis=0):\n    x = x + 1  # or 2?")


def test_an_installed_package_goes_into_a_folder(tmp_path, monkeypatch):
    (tmp_path / "lib" / "neighbour").mkdir(parents=True)
    (tmp_path / "lib" / "neighbour" / "__init__.py").write_text(
        "import jax.numpy as jnp\n\ndef f(x):\n    return jnp.sum(x)\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path / "lib"))
    assert main(["--package", "neighbour", str(tmp_path / "out")]) == 0
    assert "u.math.sum" in (tmp_path / "out" / "neighbour" / "__init__.py").read_text()
    with pytest.raises(SystemExit):
        main(["--package", "no_such_neighbour", str(tmp_path / "out")])


@pytest.mark.parametrize("words", [["--check", "--in-place", "X"], ["no_such_file.py"]])
def test_what_makes_no_sense_is_refused(words, program, capsys):
    with pytest.raises(SystemExit) as stop:
        main([str(program) if word == "X" else word for word in words])
    assert stop.value.code == 2


def test_the_folder_at_hand_is_a_path(tmp_path, monkeypatch):
    folder = tmp_path / "programs"
    folder.mkdir()
    (folder / "a.py").write_text("import jax.numpy as jnp\nx = jnp.ones(3)\n")
    monkeypatch.chdir(folder)
    assert main(["."]) == 0
    assert "u.math" in (tmp_path / "programs_torch" / "a.py").read_text()
