"""Start one Apache Kafka node on loopback for a developer: `python -m tests.servers`, ended by Ctrl-C.

Its records live in a temporary folder and are gone when it ends.
"""

import signal
import sys
import tempfile
from pathlib import Path

from tests.servers.kafka import Kafka
from tests.servers.processes import ServerError


def main() -> None:
    """Run until SIGINT or SIGTERM, or until Kafka itself ends."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix="pumpwatch-kafka-") as folder:
        server = None
        try:
            server = Kafka(Path(folder))
            server.start()
            print(f"Apache Kafka runs: export PUMPWATCH_KAFKA={server.bootstrap}", flush=True)
            while server.nodes[0].process.running:
                signal.sigtimedwait([], 1)
            sys.exit(f"Kafka ended\n{server.tail()}")
        except ServerError as error:
            sys.exit(str(error))
        except KeyboardInterrupt:
            print("\nstopping Kafka", flush=True)
        finally:
            if server is not None:
                server.stop()


if __name__ == "__main__":
    main()
