"""Where Kafka is, and as whom to log in: what every client of it is made from."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, FilePath, SecretStr, model_validator

from runtime.errors import SettingsError


class Brokers(BaseModel):
    """The addresses of some brokers of a cluster, under the names that Kafka gives its own settings.

    A client certificate is a pair of PEM files; the certificate may be followed by those that signed it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    bootstrap: str = Field("127.0.0.1:19092", pattern=r"^[^\s:]+:\d+(,[^\s:]+:\d+)*$")
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    user: str = Field("", description="with a security protocol that begins with SASL")
    password: SecretStr = SecretStr("")
    ca_file: FilePath | None = Field(None, description="PEM: whom to trust; those of the system by default")
    cert_file: FilePath | None = Field(None, description="PEM: the certificate of this client")
    key_file: FilePath | None = Field(None, description="PEM: its private key")

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        """Refuse a login that would not be used, and one that is not complete."""
        if self.uses_sasl != bool(self.user and self.password.get_secret_value()):
            raise ValueError("USER and PASSWORD go with a SECURITY_PROTOCOL that begins with SASL")
        if (self.ca_file or self.cert_file) and not self.uses_tls:
            raise ValueError("CA_FILE and CERT_FILE go with the SECURITY_PROTOCOL SSL or SASL_SSL")
        if (self.cert_file is None) != (self.key_file is None):
            raise ValueError("CERT_FILE and KEY_FILE go together")
        return self

    @property
    def uses_sasl(self) -> bool:
        """Whether clients log in with a name and a password."""
        return self.security_protocol.startswith("SASL")

    @property
    def uses_tls(self) -> bool:
        """Whether connections are encrypted, and the broker's certificate is checked."""
        return self.security_protocol.endswith("SSL")

    @property
    def addresses(self) -> list[str]:
        """Each as host:port."""
        return self.bootstrap.split(",")

    def tls(self) -> ssl.SSLContext | None:
        """Return a context that checks the certificate and the name of a broker; None without TLS.

        Raises SettingsError for files that are no PEM, and a key that does not go with its certificate.
        """
        if not self.uses_tls:
            return None
        with _named("CA_FILE"):
            context = ssl.create_default_context(cafile=self.ca_file)
        if self.cert_file is not None:
            with _named("CERT_FILE"):
                context.load_cert_chain(self.cert_file, self.key_file)
        return context

    def client_options(self) -> dict[str, Any]:
        """Return what each client of kafka-python takes to reach the brokers."""
        options: dict[str, Any] = {
            "bootstrap_servers": self.addresses,
            "security_protocol": self.security_protocol,
            "ssl_context": self.tls(),
        }
        if self.uses_sasl:
            options |= {
                "sasl_mechanism": self.sasl_mechanism,
                "sasl_plain_username": self.user,
                "sasl_plain_password": self.password.get_secret_value(),
            }
        return options


@contextmanager
def _named(name: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:  # ssl.SSLError is one
        raise SettingsError(f"CLIFFHANGER_KAFKA__{name}: {error}") from error
