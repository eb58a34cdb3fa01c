"""The application: who may ask, what is answered, in one place for every page."""

import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from hxi.admin import clients
from hxi.admin.endpoints import MARTS
from pages import recording, saved, security
from pages.logins import COOKIE, Logins, Person, Project, SignInError
from pages.marts import Marts, Tables
from pages.render import Renderer
from pages.settings import SIGNED_IN_HOURS, Settings
from pages.shown import Ask, NotThereError, Shown
from pages.view import viewed
from pages.views import issues, page, session
from pages.views.shown_pages import SHOWN

HERE = Path(__file__).parent
LOG = logging.getLogger("pages")
UNKNOWN_TABLE = 60
# What PostgreSQL says of a form that asks for something that cannot be.
NOT_TAKEN = (
    psycopg.errors.InvalidParameterValue,
    psycopg.errors.ObjectNotInPrerequisiteState,
    psycopg.errors.ProgramLimitExceeded,
)
Answer = Callable[[Request, Ask], Response]
Change = Callable[[Ask, Mapping[str, str]], str]


class Pages:
    """What every request needs: the stores, who is signed in, the templates."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.logins = Logins(settings.postgres_dsn)
        self.render = Renderer(HERE / "templates")
        self._client: Client | None = None
        self._tables: Tables | None = None

    def marts(self, project: Project) -> Marts:
        """Of a project that PostgreSQL has just shown to the login. ClickHouseError when down."""
        if self._client is None or self._tables is None:
            self._client = clients.clickhouse(self.settings.clickhouse_url, MARTS)
            self._tables = Tables(self._client)
        return Marts(self._client, self._tables, project.id)

    def ask(self, request: Request, person: Person, projects: list[Project], page_name: str) -> Ask:
        """NotThereError for a project that is not among those the login reads."""
        slug = request.path_params["slug"]
        project = next((one for one in projects if one.slug == slug), None)
        if project is None:
            raise NotThereError
        given = {name: value.replace("\0", "") for name, value in request.query_params.items()}
        marts, ingest_url = self.marts(project), self.settings.ingest_url
        return Ask(*viewed(marts, project, page_name, given), marts, person, projects, ingest_url)

    def answer(self, request: Request, page_name: str, then: Answer) -> Response:
        """Signed in, allowed, answered; else the page that says why not."""
        person = self.logins.person(request.cookies.get(COOKIE))
        if person is None:
            return self._to_sign_in(request)
        try:
            projects = person.projects()
            return then(request, self.ask(request, person, projects, page_name))
        except (NotThereError, UnicodeError):
            return self.failed(404, "Not here", "There is no such page for your login.")
        except (SignInError, ClickHouseError, psycopg.Error, OSError) as error:
            return self.failed(*_reason(error))

    def failed(self, status: int, title: str, told: str) -> Response:
        """A page about what went wrong, in the shape of the others."""
        text = self.render.page("failed.html", title=title, told=told, status=status)
        return _html(text, status)

    def _to_sign_in(self, request: Request) -> Response:
        wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        target = f"/login?next={quote(wanted)}" if request.method == "GET" else "/login"
        return RedirectResponse(target, 303, security.headers())

    # Answers

    def show(self, name: str, request: Request) -> Response:
        """A page, or one of its tables as CSV."""
        return self.answer(request, name, lambda _, ask: self.shown(ask, SHOWN[name](ask)))

    def shown(self, ask: Ask, shown: Shown) -> Response:
        """The template filled, or what `format=csv` asks for."""
        if ask.view.given.get("format") == "csv":
            return _csv(ask, shown)
        return _html(self.render.shown(ask, shown))

    def session(self, request: Request) -> Response:
        one = request.path_params["session"]
        return self.answer(
            request, "sessions", lambda _, ask: self.shown(ask, session.show(ask, one))
        )

    def issue(self, request: Request) -> Response:
        key = request.path_params["key"]
        return self.answer(
            request, "issues", lambda _, ask: self.shown(ask, issues.show_one(ask, key))
        )

    def recording(self, request: Request) -> Response:
        one = request.path_params["session"]
        return self.answer(
            request,
            "sessions",
            lambda _, ask: Response(
                recording.text(ask.marts, one),
                media_type="application/json",
                headers=security.headers(),
            ),
        )

    def player(self, request: Request) -> Response:
        """The frame a recording is played in."""
        one = request.path_params["session"]

        def then(_: Request, ask: Ask) -> Response:
            text = self.render.page("player.html", source=f"{one}/recording.json", ask=ask)
            return _html(text, policy=security.PLAYER_POLICY)

        return self.answer(request, "sessions", then)

    def picture(self, request: Request) -> Response:
        """What lies under a heatmap; 204 where no recording has the page."""

        def then(_: Request, ask: Ask) -> Response:
            found = page.picture(ask)
            if found is None:
                return Response(status_code=204, headers=security.headers(security.PICTURE_POLICY))
            return _html(found, policy=security.PICTURE_POLICY)

        return self.answer(request, "page", then)

    def clicks(self, request: Request) -> Response:
        return self.answer(
            request,
            "page",
            lambda _, ask: JSONResponse(page.clicks(ask), headers=security.headers()),
        )

    async def posted(self, page_name: str, change: Change, request: Request) -> Response:
        """A form of these pages: what it asks for is done, then its page is shown again."""
        form = {name: str(value) for name, value in (await request.form()).items()}
        if not security.is_own_form(request.headers):
            return self.failed(403, "Not from here", "This form was not sent by these pages.")

        def then(_: Request, ask: Ask) -> Response:
            return RedirectResponse(change(ask, form), 303, security.headers())

        return await run_in_threadpool(self.answer, request, page_name, then)

    async def change_issue(self, request: Request) -> Response:
        """A form of the issue's page."""
        changed = partial(issues.changed, key=request.path_params["key"])
        return await self.posted("issues", changed, request)

    def first(self, request: Request) -> Response:
        """To the overview of the login's first project."""
        person = self.logins.person(request.cookies.get(COOKIE))
        if person is None:
            return RedirectResponse("/login", 303, security.headers())
        try:
            projects = person.projects()
        except SignInError as error:
            return self.failed(401, "Signed out", str(error))
        if not projects:
            return self.failed(
                404, "No project", "This login reads no project: see `hxi grant-bi`."
            )
        return RedirectResponse(f"/p/{quote(projects[0].slug)}/overview", 303, security.headers())

    def login_page(self, request: Request) -> Response:
        text = self.render.page(
            "login.html", next=_own_address(request.query_params.get("next", ""))
        )
        return _html(text)

    async def sign_in(self, request: Request) -> Response:
        form = await request.form()
        login, password = str(form.get("login", "")), str(form.get("password", ""))
        wanted = _own_address(str(form.get("next", "")))
        if not security.is_own_form(request.headers):
            return self.failed(403, "Not from here", "This form was not sent by these pages.")
        try:
            token = await run_in_threadpool(self.logins.sign_in, login, password)
        except SignInError as error:
            text = self.render.page("login.html", next=wanted, login=login, told=str(error))
            return _html(text, 401)
        answer = RedirectResponse(wanted or "/", 303, security.headers())
        answer.set_cookie(
            COOKIE,
            token,
            max_age=SIGNED_IN_HOURS * 3600,
            httponly=True,
            samesite="lax",
            secure=self.settings.is_behind_tls,
        )
        return answer

    def sign_out(self, request: Request) -> Response:
        if not security.is_own_form(request.headers):
            return self.failed(403, "Not from here", "This form was not sent by these pages.")
        self.logins.sign_out(request.cookies.get(COOKIE))
        answer = RedirectResponse("/login", 303, security.headers())
        answer.delete_cookie(COOKIE)
        return answer


class OwnFiles(StaticFiles):
    """Scripts, styles and the player, with the headers of pages."""

    def file_response(self, *args: Any, **named: Any) -> Response:
        answer = super().file_response(*args, **named)
        answer.headers.update(security.headers())
        answer.headers["cache-control"] = "no-cache"
        return answer


def application(settings: Settings) -> Starlette:
    """An ASGI application; stores are first asked with the first page."""
    pages = Pages(settings)
    one_session, one_issue = "/p/{slug}/sessions/{session:uuid}", "/p/{slug}/issues/{key:uuid}"
    routes = [
        Route("/", pages.first),
        Route("/login", pages.login_page, methods=["GET"]),
        Route("/login", pages.sign_in, methods=["POST"]),
        Route("/logout", pages.sign_out, methods=["POST"]),
        Route("/ready", lambda _: JSONResponse({"ready": True}, headers=security.headers())),
        *(Route(f"/p/{{slug}}/{name}", partial(pages.show, name)) for name in SHOWN),
        *(
            Route(
                f"/p/{{slug}}/{name}/saved",
                partial(pages.posted, name, saved.changed),
                methods=["POST"],
            )
            for name in SHOWN
        ),
        Route("/p/{slug}/page/picture", pages.picture),
        Route("/p/{slug}/page/clicks.json", pages.clicks),
        Route(one_session, pages.session),
        Route(f"{one_session}/recording.json", pages.recording),
        Route(f"{one_session}/player", pages.player),
        Route(one_issue, pages.issue, methods=["GET"]),
        Route(one_issue, pages.change_issue, methods=["POST"]),
        Mount("/static", OwnFiles(directory=HERE / "static")),
    ]

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        pages.logins.close()

    def lost(_request: Request, _error: Exception) -> Response:
        return pages.failed(404, "Not here", "There is no such page.")

    def broken(_request: Request, _error: Exception) -> Response:
        return pages.failed(500, "Something broke", "It is written down where the pages run.")

    handlers: Mapping[Any, Any] = {404: lost, 500: broken}
    return Starlette(routes=routes, lifespan=lifespan, exception_handlers=handlers)


def _reason(error: Exception) -> tuple[int, str, str]:
    """Status, heading and sentence for what kept a page from being made."""
    if isinstance(error, SignInError):
        return 401, "Signed out", str(error)
    if isinstance(error, psycopg.errors.InsufficientPrivilege):
        return 403, "Not yours to do", str(error).splitlines()[0]
    if isinstance(error, NOT_TAKEN):
        return 400, "Not taken", str(error).splitlines()[0].capitalize()
    if f"Code: {UNKNOWN_TABLE}." in str(error):
        return 503, "Nothing is built yet", "The first `hxi run` makes the tables."
    LOG.error("a store did not answer", exc_info=error)
    return 503, "A store does not answer", "Try again in a moment."


def _html(text: str, status: int = 200, policy: str = security.PAGE_POLICY) -> Response:
    return Response(text, status, security.headers(policy), "text/html; charset=utf-8")


def _csv(ask: Ask, shown: Shown) -> Response:
    """The table that is asked for, else the page's first."""
    wanted = ask.view.given.get("table", "")
    table = next((one for one in shown.tables if one.name == wanted), shown.tables[0])
    period = ask.view.period
    name = f"{ask.view.project.slug}-{table.name}-{period.since}-{period.until}.csv"
    headers = {**security.headers(), "content-disposition": f'attachment; filename="{name}"'}
    return Response(table.csv(), 200, headers, "text/csv; charset=utf-8")


def _own_address(text: str) -> str:
    """An address of these pages, or ''."""
    return text if text.startswith("/p/") and "\\" not in text else ""
