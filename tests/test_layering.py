"""Who may import whom: theory knows SymPy alone, empirics knows theory at one door, no circles."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FILES = sorted([*(ROOT / "theory").rglob("*.py"), *(ROOT / "empirics").rglob("*.py")])
DOORS = (
    "empirics/compare/",
    "empirics/search/",
    "empirics/cli/",
    "empirics/gallery/",
    "empirics/tour.py",
)


def module(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path) -> list[tuple[str, bool]]:
    """Modules imported, and whether for type checking only."""
    found = []
    tree = ast.parse(path.read_text())
    typing_only = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(alias.name, id(node) in typing_only) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.append((node.module, id(node) in typing_only))
            found += [
                (f"{node.module}.{alias.name}", id(node) in typing_only) for alias in node.names
            ]
    return found


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


THEORY = [path for path in FILES if relative(path).startswith("theory/")]
BEHIND_DOORS = [
    path for path in FILES if path not in THEORY and not relative(path).startswith(DOORS)
]


@pytest.mark.parametrize("path", THEORY, ids=relative)
def test_theory_knows_sympy_and_itself(path):
    for name, _ in imports(path):
        top = name.split(".")[0]
        assert top not in {"numpy", "scipy", "matplotlib", "empirics", "sklearn", "xarray"}, name


@pytest.mark.parametrize("path", BEHIND_DOORS, ids=relative)
def test_theory_enters_empirics_by_its_doors(path):
    assert not [name for name, _ in imports(path) if name.split(".")[0] == "theory"]


def test_the_doors_exist():
    for door in DOORS:
        assert (ROOT / door).exists()
        assert any(relative(path).startswith(door) for path in FILES)


def test_no_circles():
    known = {module(path): path for path in FILES}
    graph = {
        name: {
            n for n, typing_only in imports(path) if n in known and n != name and not typing_only
        }
        for name, path in known.items()
    }
    done: set[str] = set()

    def visit(name: str, above: tuple[str, ...]) -> None:
        assert name not in above, " -> ".join([*above[above.index(name) :], name])
        if name in done:
            return
        for other in sorted(graph[name]):
            # a package's front page imports its parts; the parts may name the package's siblings
            if not (name.startswith(f"{other}.") or other == name.rpartition(".")[0]):
                visit(other, (*above, name))
        done.add(name)

    for name in sorted(graph):
        visit(name, ())


def test_floats_stay_out_of_theory():
    for path in (ROOT / "theory").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant):
                assert not isinstance(node.value, float), f"{relative(path)}:{node.lineno}"
