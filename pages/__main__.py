"""`python -m pages`: the pages of the stack that the HXI_* variables name, until it is stopped."""

import os

import uvicorn

from hxi.admin.endpoints import resolve
from pages.app import application
from pages.settings import Settings


def serve(settings: Settings) -> None:
    """In the foreground. One process: who is signed in is known to it alone."""
    uvicorn.run(
        application(settings),
        host=settings.host,
        port=settings.port,
        log_level="warning",
        proxy_headers=settings.is_behind_tls,
        server_header=False,
    )


if __name__ == "__main__":
    serve(Settings.of(resolve(), os.environ))
