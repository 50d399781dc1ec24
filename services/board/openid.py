"""An OpenID provider: where its login page is, and what its answer proves.

The authorization code flow with PKCE. The code is exchanged and the id token is verified by authlib and joserfc; what
is added here is what those leave to the caller: which algorithms may sign, that the token is for this client, and that
every address is https.
"""

from __future__ import annotations

import time
import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

import httpx
import msgspec
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from services.board.accounts import UserName
from streams.settings import is_loopback

# authlib says on stderr, at every import, that it would rather use another client.
with warnings.catch_warnings(record=True):
    from authlib.integrations.base_client import OAuthError
    from authlib.integrations.httpx_client import AsyncOAuth2Client

if TYPE_CHECKING:
    from collections.abc import Mapping

    from streams.settings import Settings

# Signatures of a key that only the provider has: with `HS256` whoever knows the client secret, and with `none` anybody
# could sign.
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
_WITHIN_S = 5.0
_METADATA_FOR_S = 3600.0
_KEYS_AGAIN_AFTER_S = 60.0
# Judgement: clocks of two servers that are kept right differ by less.
_LEEWAY_S = 60
_PATH = ".well-known/openid-configuration"


class ProviderError(Exception):
    """The provider cannot be used, or what it sent proves nothing; the text is for the log."""


class Identity(NamedTuple):
    """Who somebody is, says the provider: the user's name and groups."""

    user: str
    groups: frozenset[str]


class _Metadata(msgspec.Struct, frozen=True):
    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str


@dataclass(frozen=True, slots=True)
class OpenIdConfig:
    """How the board is known to the provider, and which claims tell the user's name and groups."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    name: str
    user_claim: str
    groups_claim: str
    redirect: str | None

    @classmethod
    def of(cls, settings: Settings) -> OpenIdConfig | None:
        """The provider of the settings, or None where there is none."""
        if settings.oidc_issuer is None or settings.oidc_client_id is None or settings.oidc_client_secret is None:
            return None
        return cls(
            issuer=settings.oidc_issuer,
            client_id=settings.oidc_client_id,
            client_secret=settings.oidc_client_secret.get_secret_value(),
            name=settings.oidc_name,
            user_claim=settings.oidc_user_claim,
            groups_claim=settings.oidc_groups_claim,
            redirect=settings.oidc_redirect,
        )


class Provider:
    """One OpenID provider. Every method raises ProviderError."""

    def __init__(self, config: OpenIdConfig) -> None:
        self.config = config
        self._metadata: _Metadata | None = None
        self._metadata_at = float("-inf")
        self._keys: KeySet | None = None
        self._keys_at = float("-inf")

    async def login_page(self, redirect: str, state: str, nonce: str, verifier: str) -> str:
        """The address of the provider's login page for this one login."""
        metadata = await self._discovered()
        async with self._client(redirect) as client:
            url, _ = client.create_authorization_url(
                metadata.authorization_endpoint, state=state, code_verifier=verifier, nonce=nonce
            )
        return str(url)

    async def identity(self, code: str, redirect: str, nonce: str, verifier: str) -> Identity:
        """Who came back with this code."""
        metadata = await self._discovered()
        try:
            async with self._client(redirect) as client:
                token = await client.fetch_token(metadata.token_endpoint, code=code, code_verifier=verifier)
        except (httpx.HTTPError, OAuthError, ValueError) as error:
            raise ProviderError(f"the code was not exchanged: {error!r}") from error
        return self._named(await self._verified(token, nonce))

    async def _verified(self, token: Mapping[str, Any], nonce: str) -> Mapping[str, Any]:
        """The claims of an id token that this provider signed for this client and this login, and that is valid now."""
        try:
            text = token["id_token"]
            try:
                found = jwt.decode(text, await self._signers(), algorithms=ALGORITHMS)
            except InvalidKeyIdError:
                found = jwt.decode(text, await self._signers(again=True), algorithms=ALGORITHMS)
            claims: Any = CodeIDToken(
                found.claims,
                found.header,
                {
                    "iss": {"essential": True, "value": self.config.issuer},
                    "aud": {"essential": True, "value": self.config.client_id},
                },
                {"nonce": nonce, "client_id": self.config.client_id, "access_token": token.get("access_token")},
            )
            claims.validate(leeway=_LEEWAY_S)
        except (JoseError, KeyError, ValueError, TypeError) as error:
            raise ProviderError(f"the id token proves nothing: {error!r}") from error
        return dict(claims)

    def _named(self, claims: Mapping[str, Any]) -> Identity:
        if self.config.user_claim == "email" and claims.get("email_verified") is not True:
            raise ProviderError("the provider has not verified the email address")
        try:
            user = msgspec.convert(claims.get(self.config.user_claim), UserName)
        except msgspec.ValidationError as error:
            raise ProviderError(f"claim `{self.config.user_claim}` is no user name: {error}") from error
        groups = claims.get(self.config.groups_claim)
        found = [groups] if isinstance(groups, str) else groups if isinstance(groups, list) else []
        return Identity(user, frozenset(group for group in found if isinstance(group, str)))

    async def _discovered(self) -> _Metadata:
        if self._metadata is None or time.monotonic() - self._metadata_at > _METADATA_FOR_S:
            try:
                metadata = msgspec.json.decode(await _read(f"{self.config.issuer.rstrip('/')}/{_PATH}"), type=_Metadata)
            except msgspec.DecodeError as error:
                raise ProviderError(f"the provider's description cannot be read: {error}") from error
            if metadata.issuer != self.config.issuer:
                raise ProviderError(f"the provider calls itself {metadata.issuer!r}, not {self.config.issuer!r}")
            for url in (metadata.authorization_endpoint, metadata.token_endpoint, metadata.jwks_uri):
                refuse_plain(url)
            self._metadata, self._metadata_at = metadata, time.monotonic()
        return self._metadata

    async def _signers(self, *, again: bool = False) -> KeySet:
        """The provider's public keys; read again for a key that is not known, yet not for every forged token."""
        stale = again and time.monotonic() - self._keys_at > _KEYS_AGAIN_AFTER_S
        if self._keys is None or stale:
            found = await _read((await self._discovered()).jwks_uri)
            self._keys, self._keys_at = KeySet.import_key_set(msgspec.json.decode(found)), time.monotonic()
        return self._keys

    def _client(self, redirect: str) -> AsyncOAuth2Client:
        return AsyncOAuth2Client(
            self.config.client_id,
            self.config.client_secret,
            scope="openid profile email",
            redirect_uri=redirect,
            code_challenge_method="S256",
            timeout=_WITHIN_S,
        )


def refuse_plain(url: str) -> None:
    """Raise ProviderError for an address that is neither https nor on this machine."""
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname or "?")):
        raise ProviderError(f"{url} is not https")


async def _read(url: str) -> bytes:
    refuse_plain(url)
    try:
        async with httpx.AsyncClient(timeout=_WITHIN_S) as client:
            answer = await client.get(url)
            answer.raise_for_status()
    except httpx.HTTPError as error:
        raise ProviderError(f"{url} does not answer: {error!r}") from error
    return answer.content
