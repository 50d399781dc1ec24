"""A small OpenID provider, as a process of its own: discovery, login page, code exchange with PKCE, and keys.

`python openid_provider.py PORT CLIENT_ID CLIENT_SECRET REDIRECT_URI`. Who logs in, and what shall be wrong with the
answer, stands in the query of the login page: `user` (ana), `groups` separated by commas (staff), and `spoil`.
"""

import base64
import hashlib
import secrets
import sys
import time

import uvicorn
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

KEY = ECKey.generate_key("P-256", {"kid": "first", "use": "sig"})
FORGED = ECKey.generate_key("P-256", {"kid": "first", "use": "sig"})


class OpenIdProvider:
    """One client, registered with its secret and its redirect address. Codes are good once."""

    def __init__(self, port: int, client_id: str, client_secret: str, redirect_uri: str) -> None:
        self.issuer = f"http://127.0.0.1:{port}"
        self._client = (client_id, client_secret, redirect_uri)
        self._codes: dict[str, dict[str, str]] = {}

    @property
    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self.describe),
                Route("/authorize", self.authorize),
                Route("/token", self.token, methods=["POST"]),
                Route("/jwks", self.keys),
            ]
        )

    async def describe(self, _request: Request) -> Response:
        return JSONResponse(
            {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/jwks",
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["ES256", "HS256", "none"],
            }
        )

    async def authorize(self, request: Request) -> Response:
        asked = dict(request.query_params)
        client_id, _, redirect_uri = self._client
        if (asked["client_id"], asked["redirect_uri"]) != (client_id, redirect_uri):
            return PlainTextResponse("unknown client or address", 400)
        if asked["code_challenge_method"] != "S256" or "openid" not in asked["scope"].split():
            return PlainTextResponse("PKCE and the scope openid are needed", 400)
        if asked.get("spoil") == "refuse":
            return RedirectResponse(f"{redirect_uri}?error=access_denied&state={asked['state']}", 302)
        code = secrets.token_urlsafe(16)
        self._codes[code] = asked
        return RedirectResponse(f"{redirect_uri}?code={code}&state={asked['state']}", 302)

    async def token(self, request: Request) -> Response:
        form = await request.form()
        client_id, client_secret, redirect_uri = self._client
        basic = base64.b64encode(f"{client_id}:{client_secret}".encode()).decode()
        asked = self._codes.pop(str(form.get("code")), None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(str(form.get("code_verifier")).encode()).digest())
        if request.headers.get("authorization") != f"Basic {basic}":
            return JSONResponse({"error": "invalid_client"}, 401)
        if asked is None or form.get("redirect_uri") != redirect_uri:
            return JSONResponse({"error": "invalid_grant"}, 400)
        if challenge.rstrip(b"=").decode() != asked["code_challenge"]:
            return JSONResponse({"error": "invalid_grant"}, 400)
        return JSONResponse({"access_token": "at", "token_type": "Bearer", "id_token": self._id_token(asked)})

    async def keys(self, _request: Request) -> Response:
        return JSONResponse({"keys": [KEY.as_dict(private=False)]})

    def _id_token(self, asked: dict[str, str]) -> str:
        client_id, client_secret, _ = self._client
        spoil = asked.get("spoil", "")
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "sub": asked.get("user", "ana"),
            "aud": client_id,
            "iat": now,
            "exp": now + 300,
            "nonce": asked["nonce"],
            "preferred_username": asked.get("user", "ana"),
            "groups": [group for group in asked.get("groups", "staff").split(",") if group],
        }
        claims |= {
            "nonce": {"nonce": "another"},
            "audience": {"aud": "another"},
            "audience-with-us-as-party": {"aud": "another", "azp": client_id},
            "expired": {"iat": now - 7200, "exp": now - 3600},
            "issuer": {"iss": "https://elsewhere.example"},
            "groups-as-number": {"groups": 5},
        }.get(spoil, {})
        if spoil == "no-nonce":
            del claims["nonce"]
        if spoil == "no-signature":
            head, body = ({"alg": "none"}, claims)
            return ".".join(_part(each) for each in (head, body)) + "."
        if spoil == "signed-with-the-secret":
            return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(client_secret))
        return jwt.encode({"alg": "ES256", "kid": "first"}, claims, FORGED if spoil == "forged" else KEY)


def _part(document: dict[str, object]) -> str:
    import json

    return base64.urlsafe_b64encode(json.dumps(document).encode()).rstrip(b"=").decode()


if __name__ == "__main__":
    port, client_id, client_secret, redirect_uri = sys.argv[1:]
    provider = OpenIdProvider(int(port), client_id, client_secret, redirect_uri)
    uvicorn.run(provider.app, host="127.0.0.1", port=int(port), log_level="warning")
