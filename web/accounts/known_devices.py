"""Who has logged in from a browser before, kept by the browser under our signature."""

from __future__ import annotations

import secrets
from datetime import timedelta

from flask import Flask, Response, after_this_request, current_app, request
from itsdangerous import BadData, URLSafeTimedSerializer

from web.accounts.throttling import NEW_DEVICE, Device

LIFETIME = timedelta(days=365)
MOST_PEOPLE = 20


def this_device() -> Device:
    """The device behind the request; a new one where it brings no cookie of ours."""
    try:
        device_id, person_ids = _signed(current_app).loads(
            request.cookies.get(_cookie_name(), ""),
            max_age=int(LIFETIME.total_seconds()),
        )
    except BadData:
        return NEW_DEVICE
    return Device(device_id=device_id, person_ids=tuple(person_ids))


def remember(device: Device, person_id: int) -> None:
    """Let the browser keep, with the answer to this request, that the person logged in."""
    device_id = device.device_id or secrets.token_urlsafe(16)
    others = [known for known in device.person_ids if known != person_id]
    value = _signed(current_app).dumps(
        [device_id, [person_id, *others][:MOST_PEOPLE]],
    )

    @after_this_request
    def keep(response: Response) -> Response:
        response.set_cookie(
            _cookie_name(),
            str(value),
            max_age=LIFETIME,
            secure=current_app.config["SESSION_COOKIE_SECURE"],
            httponly=True,
            samesite="Lax",
        )
        return response


def _signed(app: Flask) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(str(app.secret_key), salt="known device")


def _cookie_name() -> str:
    return f"{current_app.config['SESSION_COOKIE_NAME']}-device"
