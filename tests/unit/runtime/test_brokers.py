"""The settings of a connection to Kafka: what does not go together is refused, and named."""

import ssl

import pytest

from runtime.brokers import Brokers
from runtime.errors import SettingsError
from runtime.settings import load
from tests.support.certificates import Authority


@pytest.fixture
def files(tmp_path):
    authority = Authority()
    key, cert = authority.sign("client")
    paths = {"ca_file": authority.pem, "cert_file": cert, "key_file": key, "none": b"no PEM"}
    for name, content in paths.items():
        (tmp_path / name).write_bytes(content)
    return {name: tmp_path / name for name in paths}


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"security_protocol": "SASL_SSL"}, "USER and PASSWORD"),
        ({"security_protocol": "SASL_SSL", "user": "u"}, "USER and PASSWORD"),
        ({"user": "u", "password": "p"}, "USER and PASSWORD"),
        ({"ca_file": "ca_file"}, "CA_FILE and CERT_FILE go with"),
        ({"security_protocol": "SSL", "cert_file": "cert_file"}, "CERT_FILE and KEY_FILE"),
        ({"security_protocol": "SSL", "ca_file": "absent"}, "KAFKA__CA_FILE: Path does not point to a file"),
        ({"security_protocol": "TLS"}, "KAFKA__SECURITY_PROTOCOL"),
        ({"sasl_mechanism": "OAUTH"}, "KAFKA__SASL_MECHANISM"),
    ],
)
def test_what_does_not_go_together_is_refused(files, settings, why):
    with pytest.raises(SettingsError, match=why):
        load(kafka={name: files.get(value, value) for name, value in settings.items()})


def test_plaintext_takes_nothing():
    assert Brokers(bootstrap="a:1,b:2").client_options() == {
        "bootstrap_servers": ["a:1", "b:2"],
        "security_protocol": "PLAINTEXT",
        "ssl_context": None,
    }


def test_with_a_file_nobody_else_is_trusted_and_names_are_checked(files):
    certs = {name: files[name] for name in ("ca_file", "cert_file", "key_file")}
    context = Brokers(security_protocol="SSL", **certs).tls()
    assert [dict(x[0] for x in ca["subject"]) for ca in context.get_ca_certs()] == [
        {"commonName": "authority"}
    ]
    assert context.check_hostname
    assert context.verify_mode is ssl.CERT_REQUIRED


@pytest.mark.parametrize("name", ["ca_file", "cert_file"])
def test_a_file_that_is_no_pem_is_named(files, name):
    certs = {each: files[each] for each in ("ca_file", "cert_file", "key_file")} | {name: files["none"]}
    with pytest.raises(SettingsError, match=name.upper()):
        Brokers(security_protocol="SSL", **certs).tls()


def test_a_password_is_not_shown():
    brokers = Brokers(security_protocol="SASL_SSL", user="u", password="secret")
    assert "secret" not in repr(brokers)
    assert brokers.client_options()["sasl_plain_password"] == "secret"
