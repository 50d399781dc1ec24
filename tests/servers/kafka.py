"""Apache Kafka in KRaft mode on loopback, from the jars that Maven resolves from deploy/kafka/pom.xml.

Settings are those that work for tests: no automatic topics, no rebalance delay, few offset partitions.
A killed node may come back only after its broker session ended (6 s here, 9 s by default).
"""

import fcntl
import hashlib
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from services.embedded.ports import LOOPBACK, answers, free_ports
from tests.servers.processes import ServerError, ServerProcess, require

POM = Path(__file__).parents[2] / "deploy" / "kafka" / "pom.xml"
TARGET = POM.parent / "target"
CLUSTER_ID = "MkU3OEVBNTcwNTJENDM2Qg"
SETTINGS = """\
process.roles=broker,controller
node.id={node}
controller.quorum.voters={voters}
listeners=CLIENT://{host}:{client_port},CONTROLLER://{host}:{controller_port}
advertised.listeners=CLIENT://{host}:{client_port}
listener.security.protocol.map=CLIENT:PLAINTEXT,CONTROLLER:PLAINTEXT
controller.listener.names=CONTROLLER
inter.broker.listener.name=CLIENT
log.dirs={directory}
auto.create.topics.enable=false
default.replication.factor={replication}
min.insync.replicas={in_sync}
offsets.topic.num.partitions=5
offsets.topic.replication.factor={replication}
transaction.state.log.num.partitions=5
transaction.state.log.replication.factor={replication}
transaction.state.log.min.isr={in_sync}
group.initial.rebalance.delay.ms=0
broker.session.timeout.ms=6000
broker.heartbeat.interval.ms=1000
num.network.threads=2
num.io.threads=4
log.cleaner.dedupe.buffer.size=16777216
log.index.size.max.bytes=1048576
"""


def jars() -> Path:
    """Return the folder with Kafka's jars, resolved once per pom; parallel runs wait for each other."""
    require("java", "default-jre-headless")
    libs, stamp = TARGET / "libs", TARGET / "libs.pom.sha256"
    wanted = hashlib.sha256(POM.read_bytes()).hexdigest()
    TARGET.mkdir(exist_ok=True)
    with (TARGET / "libs.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if stamp.exists() and stamp.read_text() == wanted and libs.is_dir():
            return libs
        require("mvn", "maven")
        shutil.rmtree(libs, ignore_errors=True)
        command = ["mvn", "-q", "-B", "-f", str(POM), "dependency:copy-dependencies"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise ServerError(f"Maven could not resolve Apache Kafka\n{done.stdout}{done.stderr}")
        stamp.write_text(wanted)
    return libs


class KafkaNode:
    """One node, broker and controller in one process; its directory and its ports outlive a restart."""

    def __init__(
        self, number: int, client_port: int, directory: Path, settings: str, format_options: Sequence[str] = ()
    ) -> None:
        self.number = number
        self.client_port = client_port
        directory.mkdir(parents=True, exist_ok=True)
        self.settings = directory / "server.properties"
        self.settings.write_text(settings)
        self._format_options = format_options
        self._formatted = False
        self.process = ServerProcess(
            f"Kafka node {number}", self._java("kafka.Kafka", str(self.settings)), directory / "server.log"
        )

    @staticmethod
    def _java(main: str, *arguments: str) -> list[str]:
        memory = ["-Xms256m", "-Xmx512m", "-XX:+UseSerialGC"]
        quiet = ["-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-Dorg.slf4j.simpleLogger.log.kafka.server=info"]
        return ["java", *memory, *quiet, "-cp", f"{jars()}/*", main, *arguments]

    def launch(self) -> None:
        """Format the directory the first time, then start without waiting."""
        if not self._formatted:
            asked = ["format", "-t", CLUSTER_ID, "-c", str(self.settings), *self._format_options]
            command = self._java("kafka.tools.StorageTool", *asked)
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                raise ServerError(f"Kafka's directory could not be formatted\n{done.stdout}{done.stderr}")
            self._formatted = True
        self.process.launch()


class Kafka:
    """A cluster of one or three nodes that can be stopped, killed and started again with its records."""

    def __init__(self, directory: Path, nodes: int = 1) -> None:
        ports = free_ports(2 * nodes)
        clients, controllers = ports[:nodes], ports[nodes:]
        voters = ",".join(f"{n}@{LOOPBACK}:{port}" for n, port in enumerate(controllers, start=1))
        self.nodes = []
        for n, (client, controller) in enumerate(zip(clients, controllers, strict=True), start=1):
            settings = SETTINGS.format(
                node=n,
                voters=voters,
                host=LOOPBACK,
                client_port=client,
                controller_port=controller,
                directory=directory / f"node{n}" / "log",
                replication=min(3, nodes),
                in_sync=min(2, nodes),
            )
            self.nodes.append(KafkaNode(n, client, directory / f"node{n}", settings))
        self.bootstrap = ",".join(f"{LOOPBACK}:{port}" for port in clients)

    @property
    def admin_client(self) -> dict[str, Any]:
        """Settings of a client that may see the whole cluster."""
        return {"bootstrap.servers": self.bootstrap, "log_level": 0}

    def start(self, within_s: float = 90) -> None:
        """Start every node that does not run and wait until all of them are in the cluster."""
        for node in self.nodes:
            if not node.process.running:
                node.launch()
        for node in self.nodes:
            node.process.wait_until(lambda node=node: answers(node.client_port), within_s)
        admin = AdminClient(self.admin_client)
        self.nodes[0].process.wait_until(lambda: self._complete(admin), within_s)

    def _complete(self, admin: AdminClient) -> bool:
        try:
            return len(admin.list_topics(timeout=1).brokers) == len(self.nodes)
        except KafkaException:
            return False

    def stop(self) -> None:
        """SIGTERM to every node together: a controlled shutdown that keeps the records."""
        for node in self.nodes:
            node.process.signal(15)
        for node in self.nodes:
            if node.process.running:
                node.process.terminate(60)

    def kill(self) -> None:
        """SIGKILL to every node: no controlled shutdown, no last words to the others."""
        for node in self.nodes:
            node.process.kill()

    def restart(self) -> None:
        """Stop and start again on the same ports and directories."""
        self.stop()
        self.start()

    def tail(self) -> str:
        """Return the last log lines of every node."""
        return "\n".join(node.process.tail() for node in self.nodes)
