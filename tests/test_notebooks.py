"""The lectures run from top to bottom, are stored without outputs, and end in what they claim."""

import time
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOKS = sorted((Path(__file__).parent.parent / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_stored_without_outputs(path):
    notebook = nbformat.read(path, 4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None
    assert "assert " in notebook.cells[-1].source


@pytest.mark.lecture
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the kernel's own start-up
def test_runs_from_top_to_bottom(path):
    notebook = nbformat.read(path, 4)
    begun = time.monotonic()
    NotebookClient(notebook, timeout=240, resources={"metadata": {"path": path.parent}}).execute()
    print(f"{path.stem}: {time.monotonic() - begun:.0f} s")
    for cell in notebook.cells:
        if "plt.subplots(" in cell.source:  # a figure that is drawn is shown
            shown = [output.get("data", {}) for output in cell.outputs]
            assert any("image/png" in data for data in shown), cell.source
