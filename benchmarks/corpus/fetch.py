"""Fetches the packages that requirements.txt pins by hash, and unpacks each into .corpus/<name>-<version>.

pip does the fetching, from whatever index it is set up for (`download.py`). Nothing is installed or run, and what is
unpacked is only read.
"""

import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
CORPUS = HERE.parents[1] / ".corpus"
PACKAGES = CORPUS / "packages"
UV = Path(sys.executable).with_name("uv")
PIP = "pip==24.3.1"  # download.py uses what pip promises to nobody


def download() -> None:
    command = [UV, "run", "--quiet", "--no-project", "--isolated", "--with", PIP, "python", str(HERE / "download.py")]
    subprocess.run([*command, str(PACKAGES)], check=True)


def unpack(package: Path) -> None:
    """A source package holds one folder named as here; a wheel's files stand at its top."""
    if package.suffix == ".whl":
        shutil.unpack_archive(package, CORPUS / "-".join(package.name.split("-")[:2]), "zip")
    else:
        shutil.unpack_archive(package, CORPUS, "gztar", filter="data")


def main() -> None:
    pins, stamp = (HERE / "requirements.txt").read_text(), CORPUS / "fetched"
    if stamp.exists() and stamp.read_text() == pins:
        return
    print(f"fetching {pins.count('==')} packages, some 500 MB, which takes minutes", file=sys.stderr)
    shutil.rmtree(CORPUS, ignore_errors=True)
    PACKAGES.mkdir(parents=True)
    download()
    for package in sorted(PACKAGES.iterdir()):
        unpack(package)
    shutil.rmtree(PACKAGES)
    stamp.write_text(pins)


main()
