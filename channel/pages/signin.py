"""The door of those who work here: `/` asks who, then leads to the page of the role that is worn."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from channel import access, words
from channel.tables import ROLES

HOMES = {
    "owner": "/office",
    "finance": "/office",
    "auditor": "/office",
    "rep": "/rep",
    "dealer": "/franchise",
    "franchisee": "/franchise",
    "keeper": "/franchise",
    "guide": "/franchise",
}

page = Blueprint("signin", __name__)


@page.get("/")
@access.public
def enter() -> ResponseReturnValue:
    """Ask who it is, or lead on whoever has signed in."""
    principal = access.current_principal()
    if principal is None or principal.role not in HOMES:
        return render_template("signin/enter.html", refused=None, name="")
    return redirect(HOMES[principal.role])


@page.post("/")
@access.public
def sign_in() -> ResponseReturnValue:
    """Begin a session; whoever has several roles chooses one."""
    name = request.form.get("name", "").strip()
    try:
        roles = access.sign_in(name=name, password=request.form.get("password", ""))
    except access.SignInError:
        refused = words.said(words.PROBLEMS, "sign-in-refused")
        return render_template("signin/enter.html", refused=refused, name=name), 401
    return redirect(url_for("signin.choose") if len(roles) > 1 else HOMES.get(roles[0].role, "/"), 303)


@page.get("/roles")
@access.allow(*ROLES)
def choose() -> str:
    """Let one choose among one's roles."""
    return render_template("signin/choose.html", roles=access.my_roles())


@page.post("/roles")
@access.allow(*ROLES)
def wear() -> ResponseReturnValue:
    """Wear another of one's roles."""
    number = request.form.get("membership", "")
    principal = access.switch_role(membership_id=int(number) if number.isdecimal() and len(number) < 18 else 0)
    return redirect(HOMES.get(principal.role, "/"), 303)


@page.post("/signout")
@access.public
def sign_out() -> ResponseReturnValue:
    """End the session."""
    access.sign_out()
    return redirect("/", 303)
