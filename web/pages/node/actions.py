"""What an operator does with a peer, each thing by a form of its own."""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from web.db import connection
from web.errors import WebError
from web.mme.nodes import BadNode
from web.mme.nodes.errors import BadAddress, NoToken, TokenLost, TooManyTokens
from web.mme.nodes.quirks import Quirks
from web.mme.tending import Tending
from web.pages.admission import the_operator
from web.pages.node.forms import BadField, entered, problem_of
from web.pages.node.peer import known, new_page, page
from web.pages.node.probing import BeingProbed, TooManyProbes, prober
from web.pages.words import counted
from web.service import service

blueprint = Blueprint("actions", __name__)


@blueprint.post("/node/add")
def add() -> ResponseReturnValue:
    """Add a peer, and show the token that it must send, this once."""
    tending = _tending()
    name = request.form.get("name", "").strip()
    try:
        said = entered()
        quirks = Quirks(**said.quirks)
        token = tending.add(name, replace(said.described, quirks=quirks))
    except (BadNode, BadAddress, BadField) as error:
        return new_page([problem_of(error)]), 422
    return _shown_once(name, token, "is added; its token is shown this once")


@blueprint.post("/node/peers/<peer>/change")
def change(peer: str) -> ResponseReturnValue:
    """Change what is known of a peer."""
    tending, node = _tending(), known(peer)
    try:
        said = entered()
        tending.change(
            peer, said.described, said.quirks, forget_token=said.forget_token
        )
    except (BadNode, BadAddress, BadField, TokenLost) as error:
        if isinstance(error, TokenLost):
            return _refused(peer, error)
        return page(node, [problem_of(error)]), 422
    flash(f"{peer} is changed.", "good")
    return _back(peer)


@blueprint.post("/node/peers/<peer>/rotate")
def rotate(peer: str) -> ResponseReturnValue:
    """Give a peer a second token, and show it this once."""
    tending = _tending()
    known(peer)
    try:
        token = tending.rotate(peer)
    except TooManyTokens as error:
        return _refused(peer, error)
    return _shown_once(peer, token, "has another token, shown this once")


@blueprint.post("/node/peers/<peer>/revoke-old")
def revoke_old(peer: str) -> ResponseReturnValue:
    """End all tokens of a peer but its newest."""
    tending = _tending()
    known(peer)
    ended = tending.revoke_old(peer)
    flash(f"Of {peer} ended: {counted(ended, 'older token')}.", "good")
    return _back(peer)


@blueprint.post("/node/peers/<peer>/revoke")
def revoke(peer: str) -> ResponseReturnValue:
    """Neither answer nor ask a peer from now on."""
    tending = _tending()
    known(peer)
    tending.revoke(peer)
    flash(f"{peer} is neither answered nor asked from now on.", "good")
    return _back(peer)


@blueprint.post("/node/peers/<peer>/remove")
def remove(peer: str) -> ResponseReturnValue:
    """Forget a peer and all that it answered, if the operator is sure."""
    tending = _tending()
    known(peer)
    if "sure" not in request.form:
        flash("Tick that you are sure; nothing was removed.", "alert")
        return _back(peer)
    tending.remove(peer)
    flash(f"{peer} is forgotten; the audit still names it.", "good")
    return redirect(url_for("pages.node.overview.show"), 303)


@blueprint.post("/node/peers/<peer>/probe")
def probe(peer: str) -> ResponseReturnValue:
    """Begin to ask a peer about a test patient; the report comes to its page."""
    by = the_operator().name
    known(peer)
    try:
        prober().begin(connection(), peer, by)
    except (BadNode, NoToken, TokenLost, BeingProbed, TooManyProbes) as error:
        return _refused(peer, error)
    return _back(peer)


def _tending() -> Tending:
    return Tending(connection(), the_operator().name)


def _shown_once(name: str, token: str, done: str) -> str:
    """The one page that ever shows a token; it is kept nowhere, and no browser stores it."""
    return render_template(
        "node/token.html",
        name=name,
        token=token,
        done=done,
        site_url=service().settings.site_url,
    )


def _refused(name: str, error: WebError) -> ResponseReturnValue:
    flash(str(error), "alert")
    return _back(name)


def _back(name: str) -> ResponseReturnValue:
    return redirect(url_for("pages.node.peer.show", peer=name), 303)
