"""What MkDocs does besides: pictures of the results come along, and the explorer; links to other files of the
repository become plain text; the repository itself is linked where the checkout knows one."""

import os
import re
import subprocess
from importlib import resources
from pathlib import Path

from mkdocs.structure.files import File

from fastweights.explorer.page import page as explorer_page

_ROOT = Path(__file__).resolve().parent.parent
_LINK = re.compile(r"(!?)\[([^\]]*)\]\((\.\./[^)#\s]*)\)")
_HOST = re.compile(r"(?:https://(?:[^/@]*@)?|ssh://git@|git@)([^/:@]+)(?::\d+)?[:/]([^:@]+?)(?:\.git)?/?")


def on_config(config, **_):
    """A link to the repository, where the checkout knows one: FASTWEIGHTS_REPOSITORY, or what `origin` is."""
    place = _HOST.fullmatch(os.environ.get("FASTWEIGHTS_REPOSITORY") or _origin())
    if place:
        config.repo_url, config.repo_name = "https://%s/%s" % place.groups(), place[2]
    return config


def _origin():
    """The address of the remote `origin`, or nothing."""
    command = ["git", "-C", str(_ROOT), "remote", "get-url", "origin"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    except OSError:  # no git, no remote
        return ""


def on_files(files, config, **_):
    """The explorer; the results' pictures, where the repository has them; and STIX Two Math, which ziamath
    brings along: with fonts that know nothing of mathematics, parentheses and sums stay small."""
    files.append(File.generated(config, "explore.html", content=explorer_page(docs="./")))
    files.append(File.generated(config, "changelog.md", abs_src_path=str(_ROOT / "CHANGELOG.md")))
    font = str(resources.files("ziamath") / "fonts" / "STIXTwoMath-Regular.ttf")
    files.append(File.generated(config, "math.ttf", abs_src_path=font))
    for path in sorted((_ROOT / "results").glob("**/*.svg")):
        name = path.relative_to(_ROOT).as_posix()
        files.append(File.generated(config, name, abs_src_path=str(path)))
    return files


def on_page_markdown(markdown, page, config, **_):
    """Links out of the documentation; one to a file that is missing stays, for MkDocs to complain of."""
    documents = Path(config["docs_dir"]).resolve()
    # A generated page has no file.
    here = Path(page.file.abs_src_path or documents / page.file.src_uri).parent

    def mended(link):
        picture, text, target = link[1], link[2], (here / link[3]).resolve()
        if documents in target.parents or not target.exists():
            return link[0]
        copied = documents / target.relative_to(_ROOT)
        return f"![{text}]({Path(os.path.relpath(copied, here)).as_posix()})" if picture else text

    return _LINK.sub(mended, markdown)
