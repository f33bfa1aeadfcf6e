"""A real OpenID provider (idpyoidc) on a loopback port of its own: `python -m tests.fakes.openid_provider_process`.

Its one person is whom the command line names; it asks them nothing. It stands for the national service, whose shape of
claims it is given, and which is never reached from here. SIGHUP replaces its keys.
"""

import argparse
import logging
import signal
import sys
import tempfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
from cryptojwt.key_issuer import build_keyissuer
from idpyoidc.server import Server
from idpyoidc.server.configure import OPConfiguration
from idpyoidc.server.exception import UnAuthorizedClient

LEVEL = "eidas1"
CLAIMS = ("SubjectNameID", "preferred_username", "Palier_Authentification", "SubjectRefPro")
_KEYS = [{"type": "RSA", "use": ["sig"]}, {"type": "EC", "crv": "P-256", "use": ["sig"]}]
_ENDPOINTS = {
    "provider_config": (
        ".well-known/openid-configuration",
        "provider_config.ProviderConfiguration",
    ),
    "authorization": ("authorization", "authorization.Authorization"),
    "token": ("token", "token.Token"),
    "userinfo": ("userinfo", "userinfo.UserInfo"),
}


def configured(issuer: str, folder: Path, person: dict[str, Any]) -> dict[str, Any]:
    """What idpyoidc is told."""
    told: dict[str, Any] = {
        name: {"path": path, "class": f"idpyoidc.server.oidc.{kind}", "kwargs": {}}
        for name, (path, kind) in _ENDPOINTS.items()
    }
    told["provider_config"]["kwargs"] = {"client_authn_method": None}
    told["authorization"]["kwargs"] = {
        "client_authn_method": None,
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
    }
    told["token"]["kwargs"] = {"client_authn_method": ["client_secret_basic"]}
    told["userinfo"]["kwargs"] = {"client_authn_method": ["bearer_header"]}
    lives = {"kwargs": {"lifetime": 300, "add_claims_by_scope": False}}
    return {
        "issuer": issuer,
        "httpc_params": {"verify": False, "timeout": 2},
        "keys": {
            "private_path": str(folder / "private.json"),
            "public_path": str(folder / "public.json"),
            "key_defs": _KEYS,
            "uri_path": "keys",
            "read_only": False,
        },
        "endpoint": told,
        "scopes_to_claims": {"openid": ["sub"], "scope_all": list(CLAIMS)},
        "preference": {"subject_types_supported": ["public"]},
        "subject_types_supported": ["public"],
        "session_params": {
            "encrypter": {
                "kwargs": {
                    "keys": {
                        "key_defs": [
                            {"type": "OCT", "use": ["enc"], "kid": "password"},
                            {"type": "OCT", "use": ["enc"], "kid": "salt"},
                        ]
                    },
                    "iterations": 1,
                }
            }
        },
        "token_handler_args": {
            "key_conf": {"key_defs": [{"type": "oct", "bytes": 24, "use": ["enc"], "kid": "code"}]},
            "code": {"kwargs": {"lifetime": 60}},
            "token": {"class": "idpyoidc.server.token.jwt_token.JWTToken", **lives},
            "id_token": {
                "class": "idpyoidc.server.token.id_token.IDToken",
                "kwargs": {"lifetime": 300},
            },
        },
        "authentication": {
            "one_person": {
                "acr": LEVEL,
                "class": "idpyoidc.server.user_authn.user.NoAuthn",
                "kwargs": {"user": "person"},
            }
        },
        "add_on": {
            "pkce": {
                "function": "idpyoidc.server.oauth2.add_on.pkce.add_support",
                "kwargs": {"essential": True, "code_challenge_method": "S256"},
            }
        },
        "userinfo": {
            "class": "idpyoidc.server.user_info.UserInfo",
            "kwargs": {"db": {"person": person}},
        },
        "template_dir": "",
    }


class Provider:
    """The endpoints of one provider, over what a request carries."""

    def __init__(self, issuer: str, folder: Path, options: argparse.Namespace) -> None:
        self._issuer = issuer
        person = {"SubjectNameID": options.subject, "preferred_username": options.subject}
        person["Palier_Authentification"] = "APPPRIP3^1.2.250.1.213.1.5.1.1.1"
        activity = {"codeModeExercice": "L", "numeroFinessSite": options.finess}
        exercise = {"codeProfession": options.profession, "activities": [activity]}
        person["SubjectRefPro"] = {"exercices": [exercise]}
        told = configured(issuer, folder, person)
        self.server = Server(OPConfiguration(conf=told, base_path=str(folder)), cwd=str(folder))
        self.server.context.cdb[options.client] = {
            "client_id": options.client,
            "client_secret": options.secret,
            "redirect_uris": [(options.back, None)],
            "response_types_supported": ["code"],
            "token_endpoint_auth_method": "client_secret_basic",
            "allowed_scopes": ["openid", "scope_all"],
            "client_salt": "salted",
        }
        self.server.keyjar.add_symmetric(options.client, options.secret)

    def rotate(self, *_: object) -> None:
        """New signing keys, and none of the former is published; says so once they serve."""
        fresh = build_keyissuer(_KEYS)
        for owner in ("", self._issuer):
            self.server.keyjar[owner] = fresh
        sys.stdout.write("rotated\n")
        sys.stdout.flush()

    def answer(
        self, path: str, asked: Any, headers: dict[str, str]
    ) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body."""
        if path == "/keys":
            kept = self.server.keyjar.export_jwks()
            return 200, {"Content-Type": "application/json"}, msgspec.json.encode(kept)
        found = [e for e in self.server.endpoint.values() if f"/{e.endpoint_path}" == path]
        if not found:
            return 404, {}, b""
        endpoint = found[0]
        info = {"headers": headers, "method": "GET", "url": path, "cookie": []}
        try:
            request = endpoint.parse_request(asked, http_info=info)
        except UnAuthorizedClient:
            return 401, {"Content-Type": "application/json"}, b'{"error": "invalid_client"}'
        if "error" in request:
            said = msgspec.json.encode(request.to_dict())
            return 400, {"Content-Type": "application/json"}, said
        return self._done(endpoint, request, info)

    @staticmethod
    def _done(endpoint: Any, request: Any, info: Any) -> tuple[int, dict[str, str], bytes]:
        done = endpoint.process_request(request, http_info=info)
        if "http_response" in done:  # here a true provider shows its own sign-in page
            del request["prompt"]
            done = endpoint.process_request(request, http_info=info)
        if "error" in done:
            said = msgspec.json.encode({"error": str(done["error"])})
            return 400, {"Content-Type": "application/json"}, said
        sent = endpoint.do_response(request=request, **done)
        told = dict(sent.get("http_headers", ()))
        if endpoint.response_placement == "url":
            return 303, {"Location": sent["response"]}, b""
        return 200, told, str(sent["response"]).encode()


def handler(provider: Provider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            at = urlsplit(self.path)
            self._send(*provider.answer(at.path, at.query or {}, self._headers()))

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self._send(*provider.answer(self.path, raw, self._headers()))

        def _headers(self) -> dict[str, str]:
            return {name.lower(): value for name, value in self.headers.items()}

        def _send(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Quiet: what it is asked is looked at by the tests."""

    return Handler


def main() -> None:
    words = argparse.ArgumentParser()
    for name in ("subject", "client", "secret", "back"):
        words.add_argument(f"--{name}", required=True)
    words.add_argument("--finess", default="990000101")
    words.add_argument("--profession", default="10")
    options = words.parse_args()
    logging.disable(logging.CRITICAL)
    with tempfile.TemporaryDirectory() as folder:
        listening = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
        issuer = f"http://127.0.0.1:{listening.server_port}"
        provider = Provider(issuer, Path(folder), options)
        listening.RequestHandlerClass = handler(provider)
        signal.signal(signal.SIGHUP, provider.rotate)
        sys.stdout.write(issuer + "\n")
        sys.stdout.flush()
        listening.serve_forever()


if __name__ == "__main__":
    main()
