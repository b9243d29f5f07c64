"""Draw the demo shop's pictures: a motif in the colours of a palette, as SVG."""

import tomllib
from pathlib import Path
from string import Template

SEED = Path(__file__).parent / "seed"
SCENE = Template("""\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 300" width="800" height="600" role="img">
<title>$title</title>
<defs><radialGradient id="wall" cx="50%" cy="38%" r="80%">\
<stop offset="0" stop-color="#fff" stop-opacity=".75"/><stop offset="1" stop-color="#fff" stop-opacity="0"/>\
</radialGradient></defs>
<rect width="400" height="300" fill="$paper"/><rect width="400" height="300" fill="url(#wall)"/>
<ellipse cx="200" cy="252" rx="128" ry="13" fill="$b" opacity=".18"/>
$motif
</svg>
""")


class Drawings:
    """Writes each picture once into `media`/products and tells the path under which nginx serves it."""

    def __init__(self, media: Path, palettes: dict[str, list[str]]) -> None:
        self.folder = media / "products"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o755)
        self.palettes = palettes
        with (SEED / "motifs.toml").open("rb") as file:
            self.motifs = tomllib.load(file)

    def render(self, motif: str, palette: str) -> str:
        """The text of the picture of `motif` in `palette`."""
        paper, *inks = self.palettes[palette]
        colours = dict(zip("abcd", inks, strict=True))
        body = Template(self.motifs[motif]).substitute(colours)
        title = f"{motif.replace('_', ' ')}, {palette.lower()}"
        return SCENE.substitute(colours, paper=paper, motif=body, title=title)

    def draw(self, motif: str, palette: str) -> str:
        """The path of the picture of `motif` in `palette`; drawn anew, so that a changed motif arrives."""
        name = f"{motif.replace('_', '-')}-{palette.lower()}.svg"
        path = self.folder / name
        path.write_text(self.render(motif, palette))
        path.chmod(0o644)
        return f"/media/products/{name}"
