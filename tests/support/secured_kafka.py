"""A Kafka that asks for a login, for TLS, or both: a listener each. Who logs in may do what an ACL says."""

import re

from kafka import KafkaAdminClient
from kafka.admin import (
    ACL,
    ACLPermissionType,
    ResourcePattern,
    ScramMechanism,
    UserScramCredentialUpsertion,
)

from devstack.kafka.broker import KafkaProgram
from devstack.ports import LOOPBACK, free_ports
from devstack.service import Service
from tests.support.certificates import Authority

PASSWORD = "a 'password', with = and spaces"
USERS = ("administrator", "collector", "worker")
SCRAM = {"SCRAM-SHA-256": ScramMechanism.SCRAM_SHA_256, "SCRAM-SHA-512": ScramMechanism.SCRAM_SHA_512}
SECURITY = """
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS
sasl.enabled.mechanisms=PLAIN,{mechanisms}
{logins}
ssl.keystore.type=PEM
ssl.keystore.location={keystore}
ssl.truststore.type=PEM
ssl.truststore.location={ca}
listener.name.ssl.ssl.client.auth=required
"""
LOGIN = "listener.name.{listener}.{mechanism}.sasl.jaas.config=org.apache.kafka.common.security.{module};\n"
PLAIN = "plain.PlainLoginModule required " + " ".join(f'user_{user}="{PASSWORD}"' for user in USERS)


class SecuredKafka:
    """The broker of the development stack with three more listeners. Without a login one may do anything.

    `SSL` wants a client certificate; its owner is the user CN=worker.

    Attributes:
        bootstrap: the address of each listener, by security protocol.
        ca_file: PEM of who signed the broker; cert_file, key_file: of a client that it knows.
        stranger_file: PEM of who did not.
    """

    def __init__(self, folder, jars):
        ports, more = free_ports(), free_ports()
        self.bootstrap = {
            "PLAINTEXT": f"{LOOPBACK}:{ports.kafka}",
            "SSL": f"{LOOPBACK}:{more.kafka}",
            "SASL_PLAINTEXT": f"{LOOPBACK}:{more.kafka_controller}",
            "SASL_SSL": f"{LOOPBACK}:{more.clickhouse}",
        }
        self.ca_file, self.stranger_file = folder / "ca.pem", folder / "stranger.pem"
        self.cert_file, self.key_file = folder / "cert.pem", folder / "key.pem"
        keystore = folder / "broker.pem"
        authority = Authority()
        key, cert = authority.sign("broker")
        keystore.write_bytes(key + cert)
        key, cert = authority.sign("worker")
        self.key_file.write_bytes(key)
        self.cert_file.write_bytes(cert)
        self.ca_file.write_bytes(authority.pem)
        self.stranger_file.write_bytes(Authority("stranger").pem)
        self._program = _Program(folder / "kafka", ports, jars, self.bootstrap, (keystore, self.ca_file))
        self._service = Service(self._program, folder)

    def start(self):
        """Start it, and make the accounts."""
        self._service.start(timeout_s=90)
        admin = KafkaAdminClient(bootstrap_servers=self.bootstrap["PLAINTEXT"])
        for mechanism in SCRAM.values():  # one request each: it takes no user twice
            accounts = [UserScramCredentialUpsertion(user, mechanism, PASSWORD.encode()) for user in USERS]
            assert not any(admin.alter_user_scram_credentials(accounts).values())
        admin.close()

    def allow(self, user, kind, name, *operations):
        """Let a user do something with a topic or a group. Nobody may do anything else."""
        admin = KafkaAdminClient(bootstrap_servers=self.bootstrap["PLAINTEXT"])
        resource, allowed = ResourcePattern(kind, name), ACLPermissionType.ALLOW
        admin.create_acls([ACL(f"User:{user}", "*", one, allowed, resource) for one in operations])
        admin.close()

    def stop(self):
        self._service.stop()


class _Program(KafkaProgram):
    def __init__(self, folder, ports, jars, bootstrap, stores):
        super().__init__(folder, ports, jars=jars, say=lambda _: None)
        self._more = {name: address for name, address in bootstrap.items() if name != "PLAINTEXT"}
        self._stores = stores

    def _write_configuration(self, logging):
        properties = super()._write_configuration(logging)
        text = properties.read_text()
        listeners = "".join(f",{name}://{address}" for name, address in self._more.items())
        protocols = "".join(f",{name}:{name}" for name in self._more)
        for name, more in (
            ("listeners", listeners),
            ("advertised.listeners", listeners),
            ("listener.security.protocol.map", protocols),
        ):
            text, found = re.subn(rf"(?m)^({re.escape(name)}=.*)$", rf"\1{more}", text)
            assert found == 1
        logins = "".join(
            LOGIN.format(listener=listener, mechanism=mechanism.lower(), module=module)
            for listener in ("sasl_plaintext", "sasl_ssl")
            for mechanism, module in [
                ("PLAIN", PLAIN),
                *((each, "scram.ScramLoginModule required") for each in SCRAM),
            ]
        )
        keystore, ca = self._stores
        text += SECURITY.format(mechanisms=",".join(SCRAM), logins=logins, keystore=keystore, ca=ca)
        properties.write_text(text)
        return properties
