"""`python -m bi`: writes the bundles anew; `python -m bi pack OUT.zip`: Superset's, filled in."""

import os
import shutil
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

from bi import grafana, superset

HERE = Path(__file__).parent


def bundles() -> dict[Path, str]:
    """Text of every file."""
    of_superset = {HERE / "superset" / path: text for path, text in superset.files().items()}
    return of_superset | {HERE / "grafana" / path: text for path, text in grafana.files().items()}


def write() -> None:
    """What is there and no longer made goes."""
    for folder in ("superset", "grafana"):
        shutil.rmtree(HERE / folder, ignore_errors=True)
    for path, text in bundles().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def pack(out: Path, environment: Mapping[str, str]) -> None:
    """A zip that Superset imports, with the addresses of the environment in it."""
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, text in superset.files().items():
            archive.writestr(f"hxi/{path}", superset.filled(text, environment))


def main(arguments: list[str]) -> int:
    """Exit code 2: HXI_BI_CLICKHOUSE_URI or HXI_BI_POSTGRES_URI is not set, or not understood."""
    try:
        if not arguments:
            write()
        elif arguments[:1] == ["pack"] and len(arguments) == 2:
            pack(Path(arguments[1]), os.environ)
        else:
            raise ValueError(__doc__)
    except (KeyError, ValueError) as error:
        missing = f"{error.args[0]} is not set" if isinstance(error, KeyError) else str(error)
        print(missing, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
