"""An identity provider on a real socket that answers as ProConnect does: userinfo is signed."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

import waitress
from flask import Flask, Response, jsonify, redirect, request
from joserfc import jwt
from joserfc.jwk import RSAKey
from waitress.server import TcpWSGIServer

KEY = RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"})
HEADER = {"alg": "RS256", "kid": "one"}
CLIENT = "sourcing"


class Provider:
    """What it says of the person who signs in, and how."""

    def __init__(self) -> None:
        self.address = ""
        self.person: dict[str, Any] = {}
        self.is_plain = False
        self.nonce = ""

    def app(self) -> Flask:
        app = Flask("provider")
        app.add_url_rule("/.well-known/openid-configuration", "found", self._found)
        app.add_url_rule("/authorize", "authorize", self._authorize)
        app.add_url_rule("/token", "token", self._token, methods=["POST"])
        app.add_url_rule("/keys", "keys", lambda: jsonify(keys=[KEY.as_dict(private=False)]))
        app.add_url_rule("/userinfo", "userinfo", self._userinfo)
        return app

    def _found(self) -> Response:
        paths = {"authorization_endpoint": "/authorize", "token_endpoint": "/token",
                 "jwks_uri": "/keys", "userinfo_endpoint": "/userinfo"}  # fmt: skip
        return jsonify(
            issuer=self.address, id_token_signing_alg_values_supported=["RS256"],
            **{name: self.address + path for name, path in paths.items()},
        )  # fmt: skip

    def _authorize(self) -> Any:
        assert len(request.args["state"]) >= 32
        assert len(request.args["nonce"]) >= 32
        self.nonce = request.args["nonce"]
        said = urlencode({"code": "one-use", "state": request.args["state"]})
        return redirect(f"{request.args['redirect_uri']}?{said}")

    def _token(self) -> Response:
        claims = {"sub": "1", "nonce": self.nonce, **self._claims()}
        return jsonify(
            access_token="access", token_type="Bearer", id_token=jwt.encode(HEADER, claims, KEY)
        )

    def _userinfo(self) -> Any:
        if self.is_plain:
            return jsonify(sub="1", **self.person)
        signed = jwt.encode(HEADER, {"sub": "1", **self._claims(), **self.person}, KEY)
        return Response(signed, mimetype="application/jwt")

    def _claims(self) -> dict[str, Any]:
        now = int(time.time())
        return {"iss": self.address, "aud": CLIENT, "iat": now, "exp": now + 60}


@contextmanager
def running() -> Iterator[Provider]:
    provider = Provider()
    server = waitress.create_server(provider.app(), host="127.0.0.1", port=0, threads=2)
    assert isinstance(server, TcpWSGIServer)
    provider.address = f"http://127.0.0.1:{server.effective_port}"
    threading.Thread(target=server.run, daemon=True).start()
    yield provider
    server.close()
