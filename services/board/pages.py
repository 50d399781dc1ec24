"""The pages: login, the board, and what is shown when something is missing."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse, JSONResponse, Response

if TYPE_CHECKING:
    from services.board.sessions import Session

HERE = Path(__file__).parent
_RETRY_AFTER_S = 3

_templates = Environment(
    loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
)
_templates.globals["version"] = version("pumpwatch")


def _page(template: str, status: int = 200, headers: dict[str, str] | None = None, **context: Any) -> HTMLResponse:
    return HTMLResponse(_templates.get_template(template).render(context), status, headers)


def page(template: str, session: Session, **context: Any) -> Response:
    """A page of somebody who is logged in, on a template that extends `frame.html`."""
    return _page(template, session=session, **context)


def login(
    status: int = 200, *, problem: str = "", user: str = "", target: str = "/", wait_s: int = 0, provider: str = ""
) -> Response:
    """The login form, with what was wrong with the last try, and the way to an OpenID provider of this name."""
    headers = {"Retry-After": str(wait_s)} if wait_s else None
    return _page("login.html", status, headers, problem=problem, user=user, target=target, provider=provider)


def entered(target: str) -> Response:
    """Somebody is logged in, and goes on to a path of this site."""
    return _page("entered.html", target=target)


def unavailable(page: bool) -> Response:  # noqa: FBT001 - the two forms of one answer
    """Redis is away. The page asks again by itself."""
    headers = {"Retry-After": str(_RETRY_AFTER_S)}
    reason = "Redis, where the board reads from, does not answer. Alerts go on being recorded."
    if page:
        return _page(
            "message.html", 503, headers, title="Redis does not answer", reason=reason, retry_after_s=_RETRY_AFTER_S
        )
    return JSONResponse({"error": reason}, 503, headers)


def failure(page: bool, status: int, reason: str) -> Response:  # noqa: FBT001 - the two forms of one answer
    """Something was asked for that is not there or not allowed."""
    if page:
        return _page("message.html", status, title=f"{status}", reason=reason, retry_after_s=0)
    return JSONResponse({"error": reason}, status)
