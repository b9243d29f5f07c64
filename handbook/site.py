"""Build the site: `python -m handbook.site`, into build/site.

Pages are written for GitHub and the site alike: links are relative, also those to files outside of docs. Such files
become pages of the site too, below repository/.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from stack.binaries import npm_file

ROOT = Path(__file__).parents[1]
BUILD = ROOT / "build"
ROOMS = {
    "tutorial": "Tutorial",
    "how-to": "How-to", "reference": "Reference", "explanation": "Explanation",
    "decisions": "Decisions", "repository": "Repository",
}  # fmt: skip
LINK = re.compile(r"(?<=\]\()([^)\s#:]+)(?=[)#])")
FENCE = re.compile(r"(^```.*?^```$)", re.MULTILINE | re.DOTALL)


def place(path: Path, root: Path) -> Path:
    """Where a file of the repository lies in the site."""
    inside = path.relative_to(root)
    if inside.parts[0] == "docs":
        return inside.relative_to("docs")
    # The builder passes over files whose names begin with a dot.
    return Path("repository", *inside.parts[:-1], inside.name.lstrip(".").removesuffix(".md") + ".md")


def gather(root: Path, pages: Path) -> None:
    """Copy docs, and each file that a page links to, with its links turned to where things lie now.

    Raises ValueError with every link to what is no file.
    """
    shutil.copytree(root / "docs", pages, ignore=shutil.ignore_patterns("*.md"))
    waiting = [*(root / "docs").rglob("*.md")]
    seen, broken = {*waiting}, []
    for page in waiting:
        goal = pages / place(page, root)

        def turned(link: re.Match[str], page: Path = page, goal: Path = goal) -> str:
            target = (page.parent / link[1]).resolve()
            if not target.is_file() or not target.is_relative_to(root):
                broken.append(f"{page.relative_to(root)}: {link[1]}")
                return link[1]
            if target not in seen and not target.is_relative_to(root / "docs"):
                seen.add(target)
                waiting.append(target)
            return os.path.relpath(pages / place(target, root), goal.parent)

        text = page.read_text()
        if page.suffix == ".md":
            parts = FENCE.split(text)
            text = "".join(part if part.startswith("```") else LINK.sub(turned, part) for part in parts)
        else:
            text = f"# `{page.relative_to(root)}`\n\n````{page.suffix.lstrip('.') or 'text'}\n{text}````\n"
        goal.parent.mkdir(parents=True, exist_ok=True)
        goal.write_text(text)
    if broken:
        raise ValueError("no such file:\n  " + "\n  ".join(broken))


def navigation(pages: Path) -> str:
    """The order of the site, as TOML: rooms in theirs, in each the index first and then by name."""
    rooms = ['{ "pgshop" = "index.md" }']
    for room, title in ROOMS.items():
        found = sorted(path.relative_to(pages) for path in (pages / room).rglob("*.md"))
        found.sort(key=lambda path: path.name != "index.md")
        listed = ", ".join(f'"{path}"' for path in found)
        rooms.append(f'{{ "{title}" = [{listed}] }}')
    return "nav = [\n  " + ",\n  ".join(rooms) + "\n]\n"


def build(root: Path = ROOT, into: Path = BUILD) -> str:
    """Build the site of a repository into a folder's `site`. Raises ValueError that names what is broken."""
    pages = into / "pages"
    shutil.rmtree(pages, ignore_errors=True)
    gather(root, pages)
    (pages / "assets").mkdir()
    shutil.copy(npm_file("@mermaid-js/tiny/dist/mermaid.tiny.js"), pages / "assets/mermaid.js")
    shutil.copy(ROOT / "handbook/site.css", pages / "assets")
    order = f'docs_dir = "pages"\nsite_dir = "site"\n{navigation(pages)}'
    settings = (ROOT / "handbook/zensical.toml").read_text().replace("[project]\n", f"[project]\n{order}", 1)
    (into / "zensical.toml").write_text(settings)
    command = [sys.executable, "-m", "zensical", "build", "--clean", "--strict"]
    done = subprocess.run(command, cwd=into, capture_output=True, text=True, check=False)
    said = re.sub(r"\x1b\[[0-9;]*m", "", done.stdout + done.stderr).partition("Traceback")[0]
    if done.returncode:
        raise ValueError(said)
    return said


if __name__ == "__main__":
    try:
        print(build())
    except ValueError as error:
        sys.exit(f"{error}")
    print(f"see {BUILD / 'site/index.html'}")
