"""How long does `everyhop scan` take beside its peers, and how much memory? Whole processes, one after the other.

On superset's source package, on the same files each: bandit and semgrep, which this installs into .bench/ as
benchmarks/peers/requirements.txt pins them. Semgrep takes the rules in SEMGREP_RULES, else benchmarks/peers/rules.yaml.
Targets: 20 times as fast as semgrep and 5 times as fast as bandit, a second run of an unchanged tree in a tenth, a
normal app within a second, 200 MB at 10,000 files, and twice the time for twice the work.

python benchmarks/scan.py
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

HERE = Path(__file__).parent
ROOT = HERE.parent
CORPUS = ROOT / ".corpus"
SUPERSET = CORPUS / "apache_superset-6.1.0"
APPS = (CORPUS / "FlaskBB-2.0.2", CORPUS / "ihatemoney-7.2.1", ROOT / "examples" / "tipline")
BENCH = ROOT / ".bench"
PEERS = BENCH / "peers"
PINS = HERE / "peers" / "requirements.txt"
BIN = Path(sys.executable).parent
FILES = 10_000

CODE = '''
def handler_{n}(request, store):
    """Ordinary code."""
    rows = [row for row in store.rows(request.args["q"]) if row.visible]
    total = sum(row.size for row in rows) + {n}
    return {{"rows": rows, "total": total}}

'''
ENGINE = """
url_{n} = f"postgresql://app:{{PASSWORD}}@{{HOST}}/db{n}"
engine_{n} = create_engine(url_{n} + "?sslmode=require", pool_size={n})
"""
HEAD = "from sqlalchemy import create_engine\nPASSWORD = 'x'\nHOST = 'db.internal'\n"
SITE = "server {{ listen 443 ssl; server_name s{n}.example.org; location / {{ proxy_pass http://app{n}:80; }} }}\n"


@dataclass(frozen=True)
class Cost:
    """`seconds` on the clock, `cpu` in processors, `memory` in MB at the most."""

    seconds: float
    cpu: float
    memory: float

    def __str__(self) -> str:
        return f"{self.seconds:7.2f} s on the clock {self.cpu:7.2f} s of processor {self.memory:6.0f} MB"


def measured(command: Sequence[str | Path], environment: Mapping[str, str] | None = None) -> Cost:
    """One run of a process; exit codes above 3 are a failure of its own, whatever the program."""
    start = perf_counter()
    with subprocess.Popen(
        command, env={**os.environ, **(environment or {})}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if not 0 <= process.returncode <= 3:
        raise SystemExit(f"{command[0]} ended with {process.returncode}")
    return Cost(perf_counter() - start, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def best(runs: int, run: Callable[[], Cost]) -> Cost:
    return min((run() for _ in range(runs)), key=lambda cost: cost.seconds)


def everyhop(tree: Path, *options: str, cache: Path | None = None) -> Cost:
    keeping = ["--no-cache"] if cache is None else []
    command = [BIN / "everyhop", "scan", tree, "--format", "json", "--quiet", *keeping, *options]
    return measured(command, {"XDG_CACHE_HOME": str(cache), "EVERYHOP_NO_CACHE": ""})


def told(label: str, cost: Cost, remark: str = "") -> None:
    print(f"{label:34} {cost}  {remark}")


def verdict(value: float, target: float, unit: str, *, at_least: bool = False) -> str:
    met = value >= target if at_least else value <= target
    return f"{value:.2f}{unit}, target {target}{unit}: {'met' if met else 'NOT met'}"


def against(peer: Cost, cold: Cost, target: float) -> str:
    """By the clock, as the target is meant, and by the processor, which other programs disturb less."""
    clock = verdict(peer.seconds / cold.seconds, target, " times as long", at_least=True)
    return f"{clock}; {peer.cpu / cold.cpu:.1f} times the processor"


def install() -> str | None:
    """Peers in an environment of their own; the reason where they cannot be had."""
    stamp, pins = PEERS / "installed", PINS.read_text()
    if stamp.exists() and stamp.read_text() == pins:
        return None
    uv = BIN / "uv"
    for step in (
        [uv, "venv", "--quiet", "--clear", PEERS],
        [uv, "pip", "install", "--quiet", "--python", PEERS / "bin/python", "--require-hashes", "--requirement", PINS],
    ):
        done = subprocess.run(step, capture_output=True, text=True, check=False)
        if done.returncode:
            return (done.stderr.strip().splitlines() or ["no reason given"])[0]
    stamp.write_text(pins)
    return None


def against_peers() -> None:
    with tempfile.TemporaryDirectory() as folder:
        places = iter(range(100))
        cold = best(3, lambda: everyhop(SUPERSET, cache=Path(folder, str(next(places)))))
        one = best(2, lambda: everyhop(SUPERSET, "--jobs", "1"))
        warm = best(5, lambda: everyhop(SUPERSET, cache=Path(folder, "0")))
    told("everyhop, first run", cold)
    told("everyhop, first run, --jobs 1", one)
    told("everyhop, second run", warm, verdict(warm.seconds / cold.seconds, 0.1, " of the first"))
    missing = install()
    if missing is not None:
        print(f"bandit, semgrep: not measured: {missing}")
        return
    bandit = measured([PEERS / "bin/bandit", "--quiet", "--recursive", "--format", "json", SUPERSET])
    told("bandit", bandit, against(bandit, cold, 5))
    given = os.environ.get("SEMGREP_RULES")
    rules = given or HERE / "peers" / "rules.yaml"
    print(f"semgrep's rules: {f'SEMGREP_RULES={given}' if given else f'{rules.relative_to(ROOT)}, no registry'}")
    offline = ["--metrics", "off", "--disable-version-check", "--no-git-ignore", "--quiet", "--json"]
    command = [PEERS / "bin/semgrep", "scan", "--config", rules, "--jobs", "2", *offline, SUPERSET]
    path = f"{PEERS / 'bin'}{os.pathsep}{os.environ['PATH']}"
    semgrep = measured(command, {"PATH": path, "SEMGREP_SETTINGS_FILE": str(BENCH / "semgrep.yml")})
    told("semgrep", semgrep, against(semgrep, cold, 20))


def normal_apps() -> None:
    for app in APPS:
        cost = best(3, lambda app=app: everyhop(app))
        told(app.name, cost, verdict(cost.seconds, 1, " s"))


def tree_of(folder: Path, files: int, engines: int) -> Path:
    """Ordinary modules of 120 lines; every so many there is one with an engine."""
    for number in range(files):
        package = folder / f"package{number // 100}"
        package.mkdir(parents=True, exist_ok=True)
        engine = HEAD + ENGINE.format(n=number) if engines and number % (files // engines) == 0 else ""
        (package / f"module{number}.py").write_text(engine + "".join(CODE.format(n=n) for n in range(20)))
    return folder


def many_files(folder: Path) -> None:
    for label, engines in (("no engine", 0), ("100 engines", 100), ("500 engines", 500)):
        cost = everyhop(tree_of(folder / label.replace(" ", ""), FILES, engines))
        told(f"{FILES} files, {label}", cost, verdict(cost.memory, 200, " MB"))


def engines_in_one_file(folder: Path, count: int) -> None:
    (folder / "app.py").write_text(HEAD + "".join(CODE.format(n=n) + ENGINE.format(n=n) for n in range(count)))


def engines_in_files(folder: Path, count: int) -> None:
    for number in range(count):
        (folder / f"app{number}.py").write_text(HEAD + ENGINE.format(n=number))


def sites(folder: Path, count: int) -> None:
    (folder / "nginx.conf").write_text("http {\n" + "".join(SITE.format(n=number) for number in range(count)) + "}\n")


def services(folder: Path, count: int) -> None:
    lines = [f"  db{n}:\n    image: postgres:16\n    command: -c ssl=on\n" for n in range(count)]
    (folder / "compose.yaml").write_text("services:\n" + "".join(lines))


def variables(folder: Path, count: int) -> None:
    lines = [f"DATABASE_URL_{n}=postgresql://app:pw@db{n}.internal/x\n" for n in range(count)]
    (folder / ".env").write_text("".join(lines))


def linear(folder: Path) -> None:
    for write in (engines_in_one_file, engines_in_files, sites, services, variables):
        costs = []
        for count in (750, 1500):
            tree = folder / f"{write.__name__}{count}"
            tree.mkdir()
            write(tree, count)
            costs.append(best(2, lambda tree=tree: everyhop(tree)))
        growth = costs[1].cpu / costs[0].cpu
        told(f"1500 {write.__name__.replace('_', ' ')}", costs[1], verdict(growth, 2.4, " times that of 750"))


def load() -> None:
    """How busy the machine is with other things: above its processors, nobody's seconds on the clock mean much."""
    print(f"load {os.getloadavg()[0]:.1f} on {len(os.sched_getaffinity(0))} processors")


def main() -> None:
    subprocess.run([sys.executable, HERE / "corpus" / "fetch.py"], check=True)
    load()
    against_peers()
    load()
    normal_apps()
    with tempfile.TemporaryDirectory() as folder:
        many_files(Path(folder))
        linear(Path(folder))


main()
