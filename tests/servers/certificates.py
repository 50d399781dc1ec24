"""Certificates for tests, made with the openssl command: an authority and what it issues, valid for two days."""

import os
import subprocess
from pathlib import Path

from tests.servers.processes import ServerError, require

# Without it openssl would add the extensions of the system's own configuration.
CONFIG = """\
[req]
distinguished_name = subject
[subject]
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
subjectKeyIdentifier = hash
[issued]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth, clientAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
"""


class Authority:
    """A certificate authority of its own; `certificate` is what others trust."""

    def __init__(self, directory: Path) -> None:
        require("openssl", "openssl")
        directory.mkdir(parents=True, exist_ok=True)
        self._directory = directory
        self._config = directory / "openssl.cnf"
        self._config.write_text(CONFIG)
        self.certificate = directory / "ca.pem"
        self._key = directory / "ca.key"
        self._request("Tests", "authority", self._key, self.certificate)

    def issue(self, file: str, subject: str, alternative_name: str) -> Path:
        """Return a PEM file with a key and its certificate; the name is such as IP:127.0.0.1 or DNS:kafka.example."""
        key, certificate = self._directory / f"{file}.key", self._directory / f"{file}.crt"
        signed = ["-CA", str(self.certificate), "-CAkey", str(self._key)]
        self._request(
            subject, "issued", key, certificate, *signed, "-addext", f"subjectAltName=critical,{alternative_name}"
        )
        both = self._directory / f"{file}.pem"
        both.touch(mode=0o600)
        both.write_text(key.read_text() + certificate.read_text())
        return both

    def _request(self, subject: str, extensions: str, key: Path, certificate: Path, *options: str) -> None:
        command = [
            *("openssl", "req", "-x509", "-config", str(self._config), "-extensions", extensions, "-days", "2"),
            *("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc"),
            *("-subj", f"/CN={subject}", "-keyout", str(key), "-out", str(certificate), *options),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env={"PATH": os.environ["PATH"]})
        if done.returncode:
            raise ServerError(f"openssl could not make a certificate for {subject}\n{done.stderr}")
