"""How tests are shared out: file by file, lectures one by one, what takes longest first."""

import pytest

# tests of one file share what they have proved and made; these take most of a minute or more
LONG = ("test_cli.py", "test_mutations.py", "test_pages.py", "test_sweep.py", "test_results.py")


def pytest_collection_modifyitems(items):
    """Give every test its group, and put long groups first, or one process ends up alone."""

    def long(item):
        return item.path.name == "test_notebooks.py" or item.path.name in LONG

    for item in items:
        alone = item.path.name == "test_notebooks.py"
        item.add_marker(pytest.mark.xdist_group(item.nodeid if alone else str(item.path)))
    items.sort(key=lambda item: (item.path.name != "test_notebooks.py", not long(item)))
