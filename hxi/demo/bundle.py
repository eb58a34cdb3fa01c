"""Scripts of SDKs that come as modules: bundled for a browser by esbuild, once."""

import os
import subprocess
from pathlib import Path

from hxi.admin.errors import UserError

SECONDS = 60


def bundled(code: str, sdk_dir: Path) -> bytes:
    """A script that needs nothing else; UserError when esbuild fails.

    `sdk_dir` is a node_modules with esbuild and all that the code imports.
    """
    esbuild = sdk_dir.resolve() / ".bin" / "esbuild"
    try:
        done = subprocess.run(
            [esbuild, "--bundle", "--minify", "--log-level=error"],
            input=code.encode(),
            env={**os.environ, "NODE_PATH": str(sdk_dir.resolve())},
            capture_output=True,
            timeout=SECONDS,
            check=True,
        )
    except subprocess.CalledProcessError as error:
        raise UserError(f"esbuild: {error.stderr.decode().strip()}") from error
    return done.stdout
