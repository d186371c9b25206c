"""Files of reports/ to open or to download: those that are there under a study's name, and nothing else."""

from email.utils import formatdate
from pathlib import Path
from typing import TYPE_CHECKING

from gangru.report.blocks import text, verbatim
from gangru.serve.asked import PageError
from gangru.serve.studies import editions, stamp
from gangru.study.workspace import NAME

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

KINDS = {
    "html": "text/html; charset=utf-8",
    "pdf": "application/pdf",
    "json": "application/json",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "svg": "image/svg+xml",
    "png": "image/png",
    "csv": "text/csv; charset=utf-8",
}
SHOWN = ("html", "pdf", "json", "png", "svg")  # the others are downloads always
# A report has its scripts inside: it may run them, cut off from these pages and from the network.
REPORT_POLICY = (
    "sandbox allow-scripts allow-modals allow-downloads allow-popups; default-src 'none'; "
    "style-src 'unsafe-inline'; script-src 'unsafe-inline' 'unsafe-eval'; img-src data:; font-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
BARE_POLICY = "frame-ancestors 'none'"  # a browser's own viewer of PDF brings styles and scripts


def report_file(root: Path, study: str, name: str) -> Path:
    """The file of an edition. Raises PageError for any name that is not one of those that lie in reports/STUDY."""
    there = (
        {file for one in editions(root, [study]) for file in one.files} if NAME.fullmatch(study) else set()
    )
    path = root / "reports" / study / name if name in there else None
    # A link out of reports/ is no file of a report, whatever its name.
    if path is None or not path.resolve().is_relative_to((root / "reports").resolve()):
        near = tuple((file, f"/files/{study}/{file}") for file in sorted(there, reverse=True)[:8])
        what = text(
            "There is no report {name} of study {study}.",
            name=verbatim(name[:200]),
            study=verbatim(study[:80]),
        )
        raise PageError(404, what, near or ((text("All studies"), "/"),))
    return path


def files(request: "Request") -> "Response":
    """A file of a report; `?download` saves it."""
    from starlette.responses import FileResponse, Response

    study, name = request.path_params["study"], request.path_params["name"]
    path = report_file(request.app.state.desk.root, study, name)
    mark = stamp(path)
    tag = f'"{mark[0]:x}-{mark[1]:x}"' if mark else '""'
    if tag in request.headers.get("if-none-match", "").replace("W/", "").split(", "):
        return Response(status_code=304, headers={"etag": tag})
    kind = name.rpartition(".")[2]
    saved = "download" in request.query_params or kind not in SHOWN
    policy = BARE_POLICY if kind == "pdf" else REPORT_POLICY
    headers = {"content-security-policy": policy, "etag": tag}
    if mark:
        headers["last-modified"] = formatdate(mark[0] / 1e9, usegmt=True)
    return FileResponse(
        path,
        headers=headers,
        media_type=KINDS.get(kind, "application/octet-stream"),
        filename=f"{study}-{name}",
        content_disposition_type="attachment" if saved else "inline",
    )
