"""How tests are shared out: file by file, lectures one by one, what takes longest first."""

import pytest

# tests of one file share what they have proved and made; these take most of a minute or more
LONG = ("test_cli.py", "test_mutations.py", "test_pages.py", "test_sweep.py", "test_results.py")
CATALOGUE = (
    "test_cli.py",
    "test_linear.py",
    "test_results.py",
)  # each replays all of it: once will do


def pytest_collection_modifyitems(items):
    """Give every test its group, and put long groups first, or one process ends up alone."""

    def long(item):
        return item.path.name == "test_notebooks.py" or item.path.name in LONG

    for item in items:
        name = item.path.name
        group = "catalogue" if name in CATALOGUE else str(item.path)
        group = item.nodeid if name == "test_notebooks.py" else group
        item.add_marker(pytest.mark.xdist_group(group))
    items.sort(key=lambda item: (item.path.name != "test_notebooks.py", not long(item)))
