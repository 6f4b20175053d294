"""Throw-away certificates for a run's own addresses: a good one and the wrong ones."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from pms_drill import clock

GOOD = "good"
_DAY = timedelta(days=1)
#: How long the good one is valid; a run takes minutes.
_VALID = 30 * _DAY


class _Authority:
    """Signs certificates."""

    def __init__(self, name: str) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = _named(name)
        self.certificate = (
            _builder(self.name, self.name, self.key.public_key(), _VALID)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self.key.public_key()), critical=False)
            .sign(self.key, hashes.SHA256())
        )

    def issue(self, *hosts: x509.GeneralName, valid: timedelta = _VALID) -> bytes:
        """Key and certificate for hosts as PEM, valid since two days ago for so long."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = (
            _builder(_named("PMS"), self.name, key.public_key(), valid)
            .add_extension(x509.SubjectAlternativeName(hosts), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs=False), critical=True)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False)
            .sign(self.key, hashes.SHA256())
        )
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return private + certificate.public_bytes(serialization.Encoding.PEM)


def make_all(folder: Path, hosts: Sequence[str] = ("127.0.0.1",)) -> tuple[Path, dict[str, Path]]:
    """Write the certificates into a folder.

    Args:
        hosts: addresses and names that the good one is for.

    Returns:
        The file of the authority to trust, and name -> file with key and certificate: good, expired, wrong_name,
        untrusted.
    """
    folder.mkdir(parents=True, exist_ok=True)
    known, stranger = _Authority("drill"), _Authority("nobody")
    here = [_general(host) for host in hosts]
    pems = {
        GOOD: known.issue(*here),
        "expired": known.issue(*here, valid=_DAY),
        "wrong_name": known.issue(x509.DNSName("elsewhere.invalid")),
        "untrusted": stranger.issue(*here),
    }
    authority = folder / "authority.pem"
    authority.write_bytes(known.certificate.public_bytes(serialization.Encoding.PEM))
    files = {name: folder / f"{name}.pem" for name in pems}
    for name, pem in pems.items():
        files[name].touch(mode=0o600)
        files[name].write_bytes(pem)
    return authority, files


def _general(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, valid: timedelta
) -> x509.CertificateBuilder:
    begins = clock.utc() - 2 * _DAY
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + valid)
    )


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs,
        crl_sign=signs,
        encipher_only=False,
        decipher_only=False,
    )
