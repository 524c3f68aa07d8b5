"""Downloads what requirements.txt pins into the folder given, and runs nothing of it: not even for metadata.

`pip download` asks a source package's build backend for metadata, that is, it runs the package's own code. So this
drives pip's finder and downloader, which are no public interface: `fetch.py` runs it with exactly one version of pip.
"""

import hashlib
import re
import sys
from pathlib import Path

from pip._internal.commands import create_command
from pip._internal.network.download import Downloader
from pip._vendor.packaging.version import Version

HERE = Path(__file__).parent
PIN = re.compile(r"^([\w.-]+)==([\w.]+) \\\n    --hash=sha256:([0-9a-f]{64})$", re.MULTILINE)


def _digest(path: str) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def main() -> None:
    folder = sys.argv[1]
    pins = PIN.findall((HERE / "requirements.txt").read_text())
    command = create_command("download")
    options, _ = command.parse_args(["--no-deps", "--ignore-requires-python", "x"])
    with command.main_context():
        session = command.get_default_session(options)
        finder = command._build_package_finder(options, session, ignore_requires_python=True)  # noqa: SLF001 - see above
        fetch = Downloader(session, "off")
        for number, (name, version, digest) in enumerate(pins, 1):
            print(f"  {number:3} of {len(pins)}  {name} {version}", file=sys.stderr)
            links = [one.link for one in finder.find_all_candidates(name) if one.version == Version(version)]
            told = [link for link in links if link.hash == digest]
            if not any(_digest(fetch(link, folder)[0]) == digest for link in told or links):
                sys.exit(f"no file of {name} {version} has the pinned hash")


main()
