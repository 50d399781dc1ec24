"""The Faust app: agents over batches, one consumer group, nothing bound to the network by Faust itself."""

from __future__ import annotations

import asyncio
import os
import time
from typing import TYPE_CHECKING, Any

import faust
import structlog
from faust import SASLCredentials, SSLCredentials
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from schemas import topics
from streams.agents.alert import AlertAgent
from streams.agents.batch_agent import BatchAgent, LetGoError
from streams.agents.context import WorkerContext
from streams.agents.dose import DoseAgent
from streams.agents.power import PowerAgent
from streams.agents.read_model import ReadModelAgent
from streams.agents.rollup import RollupAgent
from streams.alerts.rules import RulesRefusedError
from streams.cluster import Cluster, ClusterError
from streams.dead_letters import TooManyRefusedError
from streams.finishing import Applied, Finishing
from streams.intent.parameters import ParametersError
from streams.intent.priors import PriorsError
from streams.libraries import Libraries, LibraryFollower
from streams.maintenance import Maintenance, MaintenanceFollower
from streams.rights import lacking
from streams.sink import ReadModel
from streams.sink.entries import RecentEntries
from streams.sink.live import LivePumps
from streams.transport import BatchConsumer, BatchSchema, use_batches
from streams.vital_signs import VitalSigns
from streams.worker_metrics import WorkerMetrics

if TYPE_CHECKING:
    from collections.abc import Callable

    from streams.following import TopicFollower
    from streams.settings import Settings

log = structlog.get_logger()

AGENTS: tuple[type[BatchAgent], ...] = (DoseAgent, PowerAgent, AlertAgent, RollupAgent, ReadModelAgent)
# Of one partition that every worker reads, whatever partitions it has of the others.
READ_WHOLE = frozenset({topics.DRUG_LIBRARY, topics.MAINTENANCE})
TURN_EVERY_S = 0.1
# A Redis that does not answer in this time counts as away.
REDIS_TIMEOUT_S = 5.0


class NotReadyError(Exception):
    """The worker cannot start; the message says what to do."""


class StreamWorker:
    """One worker process: the Faust app, its agents and what they share. Raises NotReadyError."""

    def __init__(self, settings: Settings, die: Callable[[str], None]) -> None:
        check_topics(settings)  # before there are clients that wait and complain for themselves
        self.settings = settings
        self.metrics = WorkerMetrics()
        self.redis = Redis.from_url(
            settings.redis.get_secret_value(),
            socket_timeout=REDIS_TIMEOUT_S,
            socket_connect_timeout=REDIS_TIMEOUT_S,
            retry=Retry(NoBackoff(), 0),  # the agents retry, in order and for as long as it takes
        )
        read_model = ReadModel.of(settings, self.redis)
        self.libraries = Libraries()
        self.library_follower = LibraryFollower(settings.confluent(), self.libraries)
        self.maintenance = Maintenance()
        self.maintenance_follower = MaintenanceFollower(settings.confluent(), self.maintenance)
        self.app = faust_app(settings)
        self.context = WorkerContext(
            settings=settings,
            libraries=self.libraries,
            maintenance=self.maintenance,
            read_model=read_model,
            live_pumps=LivePumps(read_model),
            recent_entries=RecentEntries(read_model),
            metrics=self.metrics,
            letting_go=lambda: self.app.should_stop or not self.consumer.flow_active,
            at_end=lambda topic: self.consumer.at_end(topic),  # noqa: PLW0108 (there is no consumer yet)
        )
        try:
            self.agents = [kind(self.context) for kind in AGENTS]
        except (ParametersError, PriorsError, RulesRefusedError) as error:
            raise NotReadyError(str(error)) from None
        learning = next(agent.learning for agent in self.agents if isinstance(agent, DoseAgent))
        self.followers: list[TopicFollower] = [self.library_follower, self.maintenance_follower]
        if learning is not None:
            self.followers.append(learning.follower)
        self.followers += [agent.follower for agent in self.agents if isinstance(agent, PowerAgent)]
        self._die = die
        self.signs = VitalSigns(self, die)
        for agent in self.agents:
            self._attach(agent)
        self.app.on_partitions_revoked.connect(self._forget)
        self.app.task(self.context.live_pumps.run)
        self.app.task(self.context.recent_entries.run)
        self.app.task(self.signs.run)
        self.app.task(self._turn)

    @property
    def consumer(self) -> BatchConsumer:
        """The app's consumer."""
        return self.app.consumer  # type: ignore[no-any-return]

    def prepare(self) -> None:
        """Read libraries and maintenance windows; learned states are read beside the work. Raises NotReadyError."""
        for follower in self.followers:
            follower.start()
        for follower in (self.library_follower, self.maintenance_follower):
            if not follower.wait_until_read():
                raise NotReadyError(f"{follower.topic} could not be read to its end; is Kafka healthy?")

    def _attach(self, agent: BatchAgent) -> None:
        channel = self.app.topic(*agent.topics, schema=BatchSchema())

        def done(applied: Applied) -> None:
            self._finish(agent, applied)

        def failed(error: Exception) -> None:
            self._die(f"{agent.name} agent: {error}")

        finishing = Finishing(agent, done, failed)
        self.app.task(finishing.run)

        @self.app.agent(channel, name=agent.name, concurrency=1)
        async def run(stream: Any) -> None:
            async for event in stream.noack().events():
                await self._work(agent, event, finishing)

    async def _turn(self) -> None:
        """Give every agent its turns beside the batches."""
        while True:
            for agent in self.agents:
                try:
                    agent.turn()
                except Exception as error:
                    log.exception("agent failed", agent=agent.name)
                    self._die(f"{agent.name} agent: {error}")
            await asyncio.sleep(TURN_EVERY_S)

    async def _work(self, agent: BatchAgent, event: Any, finishing: Finishing) -> None:
        """Apply one batch. Never raises: what is not expected ends the process before the ack."""
        batch = event.message
        started = time.monotonic()
        self.signs.check_awake()
        self.consumer.begin()
        try:
            if agent.outbox.crowded:
                await agent.outbox.confirm()
            await agent.take(batch)
        except LetGoError:
            self.consumer.end()
        except TooManyRefusedError as error:
            self._die(str(error))
        except Exception as error:
            log.exception("agent failed", agent=agent.name, topic=batch.topic, partition=batch.partition)
            self._die(f"{agent.name} agent: {error}")
        else:
            finishing.add(event, agent.hold(batch.topic, batch.partition), started)

    def _finish(self, agent: BatchAgent, applied: Applied) -> None:
        """Acknowledge a batch whose effects are confirmed."""
        batch = applied.event.message
        if agent.holds:
            self.consumer.hold(batch.tp, applied.hold)
        batch.finished(self.consumer)
        self.consumer.end()
        agent.dead_letters.tell()
        self.signs.progressed(agent.name, batch, time.monotonic() - applied.started)

    def _forget(self, _app: Any, revoked: set[Any], **_: Any) -> None:
        partitions = {(tp.topic, tp.partition) for tp in revoked}
        for agent in self.agents:
            agent.forget(partitions)

    def close(self) -> None:
        """Release what the agents hold."""
        for follower in self.followers:
            follower.stop()
        for agent in self.agents:
            agent.close()


def faust_app(settings: Settings) -> faust.App:
    """The Faust app for these settings, in batch mode."""
    credentials: Any = None
    if settings.kafka_security == "sasl_ssl" and settings.kafka_password:
        credentials = SASLCredentials(
            username=settings.kafka_user,
            password=settings.kafka_password.get_secret_value(),
            ssl_context=settings.ssl_context(),
            mechanism="SCRAM-SHA-512",
        )
    elif settings.kafka_security == "ssl":
        credentials = SSLCredentials(settings.ssl_context())
    data_dir = settings.data_dir / f"worker-{os.getpid()}"
    data_dir.mkdir(parents=True, exist_ok=True)
    app = faust.App(
        settings.group,
        broker=";".join(f"kafka://{server.strip()}" for server in settings.kafka.split(",")),
        broker_credentials=credentials,
        datadir=data_dir,
        store="memory://",
        web_enabled=False,  # Faust's own web server would bind every address
        topic_allow_declare=False,  # topics are created from schemas/topics, never in passing
        topic_disable_leader=True,
        consumer_auto_offset_reset="earliest",
        broker_session_timeout=settings.session_timeout_s,
        broker_heartbeat_interval=min(2.0, settings.session_timeout_s / 5),
        broker_request_timeout=max(40.0, settings.session_timeout_s * 2),
        broker_rebalance_timeout=max(20.0, settings.session_timeout_s * 2),
        broker_commit_interval=settings.commit_interval_s,
        broker_max_poll_records=settings.max_poll_records,
        broker_max_poll_interval=300.0,
        # Batches on their way are bounded by partition (see streams/transport); the queue must never be the bound.
        stream_buffer_maxsize=100_000,
        stream_wait_empty=True,
        producer_max_request_size=8 * 1024 * 1024,
    )
    use_batches(app, settings.fetch_max_wait_ms)
    return app


def check_topics(settings: Settings) -> None:
    """Refuse to start on a Kafka that refuses us, too few rights, missing topics, unequal partitions.

    Raises NotReadyError in one sentence.
    """
    try:
        cluster = Cluster(settings.confluent())
        found = cluster.metadata().topics
    except ClusterError as error:
        raise NotReadyError(str(error)) from None
    if settings.kafka_security != "plaintext" and (lacks := lacking(cluster, settings.group)):
        raise NotReadyError(
            f"Kafka does not allow user `{settings.kafka_user or 'of the certificate'}` to {', '.join(lacks[:3])}"
            f"{f' and {len(lacks) - 3} things more' if len(lacks) > 3 else ''}; "
            "a super user grants what a worker needs by `pumpwatch topics acls --role worker --apply`"
        )
    read = {topic for kind in AGENTS for topic in kind.topics}
    dead_letters = {name for topic in read if (name := topics.load()[topic].dead_letter)}
    wanted = read | dead_letters | READ_WHOLE | {topics.INTENT_STATE}
    if missing := sorted(wanted - set(found)):
        raise NotReadyError(f"topics are missing: {', '.join(missing)}; run `pumpwatch topics create`")
    counts = {name: len(found[name].partitions) for name in sorted(wanted - READ_WHOLE)}
    if len(set(counts.values())) > 1:
        listed = ", ".join(f"{name} has {count}" for name, count in counts.items())
        raise NotReadyError(f"these topics need the same number of partitions: {listed}; run `pumpwatch topics check`")
