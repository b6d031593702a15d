"""Execute the notebooks of this folder and store their outputs; fail if a cell fails.

python notebooks/run.py            executes and stores
python notebooks/run.py --check    executes only
python notebooks/run.py --jobs 2   two at a time, which spoils the times that they measure
"""

import argparse
import os
import re
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import nbformat
from nbclient import NotebookClient

# A kernel gives every cell a file name with its process number.
CELL_FILE = re.compile(r"[^\s\"'<(]*ipykernel_\d+[/\\]\d+\.py")
#: Where packages are installed, as warnings say it.
PACKAGES = re.compile(r"[^\s\"'<(]*site-packages[/\\]")


#: What the kernels must not warn of: progress bars without widgets, and torch's profiler that starts amid allocations.
QUIET = {"PYTHONWARNINGS": "ignore:IProgress not found", "TORCH_CPP_LOG_LEVEL": "ERROR"}


def executed(path: Path) -> nbformat.NotebookNode:
    """The notebook with new outputs, free of what changes from run to run."""
    notebook = nbformat.read(path, as_version=4)
    place = {"metadata": {"path": path.parent}}
    NotebookClient(notebook, kernel_name="python3", record_timing=False, resources=place).execute()
    notebook.metadata.get("language_info", {}).pop("version", None)
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if "text" in output:
                output.text = PACKAGES.sub("", CELL_FILE.sub("notebook.py", output.text))
    return notebook


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="do not store the outputs")
    parser.add_argument("--jobs", type=int, default=1, help="how many at a time")
    options = parser.parse_args()
    os.environ.update(QUIET)
    paths = sorted(Path(__file__).parent.glob("*.ipynb"))
    with ProcessPoolExecutor(options.jobs) as pool:
        for path, notebook in zip(paths, pool.map(executed, paths), strict=True):
            if not options.check:
                nbformat.write(notebook, path)
            print(path.name, "checked" if options.check else "stored", flush=True)


if __name__ == "__main__":
    main()
