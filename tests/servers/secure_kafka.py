"""Apache Kafka as production has it, on loopback: deploy/kafka/secure.properties, rendered for one node.

Besides the doors of that file there is IMPOSTOR: the same broker with a certificate of the same authority, but for
another host name. A client that checks the name of the host must not get in there.
"""

import secrets
from pathlib import Path
from string import Template
from typing import Any

from services.acls import ROLES
from services.embedded.ports import LOOPBACK, free_ports
from tests.servers.certificates import Authority
from tests.servers.kafka import POM, Kafka, KafkaNode

TEMPLATE = POM.parent / "secure.properties"
# In a properties file the last line of a name holds.
FOR_TESTS = """\
listeners=CLIENT://{host}:{client},BROKER://{host}:{broker},CONTROLLER://{host}:{controller},IMPOSTOR://{host}:{impostor}
advertised.listeners=CLIENT://{host}:{client},BROKER://{host}:{broker},IMPOSTOR://{host}:{impostor}
listener.security.protocol.map=CLIENT:SASL_SSL,BROKER:SSL,CONTROLLER:SSL,IMPOSTOR:SASL_SSL
listener.name.impostor.ssl.keystore.location={impostor_store}
listener.name.impostor.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
default.replication.factor=1
min.insync.replicas=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=5
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=5
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
log.cleaner.dedupe.buffer.size=16777216
log.index.size.max.bytes=1048576
"""


class SecureKafka(Kafka):
    """One node with TLS, users and an authorizer that refuses what no ACL allows. There are no ACLs yet.

    `passwords` has the users: `admin`, who may do everything, and one for each role of `services.acls`.
    """

    def __init__(self, directory: Path) -> None:
        client, broker, controller, impostor = free_ports(4)
        self.authority = Authority(directory / "stores")
        self.authority.issue("node", "kafka-node", f"IP:{LOOPBACK}")
        elsewhere = self.authority.issue("elsewhere", "kafka-node", "DNS:kafka.elsewhere.example")
        settings = Template(TEMPLATE.read_text("utf-8")).substitute(
            NODE=1,
            HOST=LOOPBACK,
            CLIENT_PORT=client,
            BROKER_PORT=broker,
            CONTROLLER_PORT=controller,
            VOTERS=f"1@{LOOPBACK}:{controller}",
            STORES=directory / "stores",
            RECORDS=directory / "records",
        )
        settings += FOR_TESTS.format(
            host=LOOPBACK,
            client=client,
            broker=broker,
            controller=controller,
            impostor=impostor,
            impostor_store=elsewhere,
        )
        self.passwords = {user: secrets.token_urlsafe(12) for user in ("admin", *ROLES)}
        users: list[str] = []
        for user, password in self.passwords.items():
            users += ["--add-scram", f"SCRAM-SHA-512=[name={user},password={password}]"]
        self.nodes = [KafkaNode(1, client, directory / "node", settings, users)]
        self.bootstrap = f"{LOOPBACK}:{client}"
        self.impostor = f"{LOOPBACK}:{impostor}"

    def environment(self, user: str) -> dict[str, str]:
        """The settings of a Pumpwatch process that connects as this user."""
        return {
            "PUMPWATCH_KAFKA": self.bootstrap,
            "PUMPWATCH_KAFKA_SECURITY": "sasl_ssl",
            "PUMPWATCH_KAFKA_USER": user,
            "PUMPWATCH_KAFKA_PASSWORD": self.passwords[user],
            "PUMPWATCH_KAFKA_CA": str(self.authority.certificate),
        }

    def client(self, user: str) -> dict[str, Any]:
        """Settings of a Kafka client that connects as this user."""
        return {
            "bootstrap.servers": self.bootstrap,
            "security.protocol": "sasl_ssl",
            "sasl.mechanism": "SCRAM-SHA-512",
            "sasl.username": user,
            "sasl.password": self.passwords[user],
            "ssl.ca.location": str(self.authority.certificate),
            "log_level": 0,
        }

    @property
    def admin_client(self) -> dict[str, Any]:
        """Settings of the administrator."""
        return self.client("admin")
