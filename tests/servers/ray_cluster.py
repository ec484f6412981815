"""A Ray cluster of two nodes of one core each, on loopback: prints its address and their process ids, ends with stdin.

Used through `running_ray.py`, as a process of its own: Ray's threads and files would be warnings in the tests' process.
"""

import json
import os
import sys

os.environ.update(
    RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER="0",  # loopback only
    RAY_USAGE_STATS_ENABLED="0",
    RAY_worker_niceness="0",  # replicas would get nothing on a busy machine
)

from ray.cluster_utils import Cluster

STORE = 80 * 2**20


def main() -> None:
    """Start both nodes, tell of them, and wait for the end of stdin."""
    said, sys.stdout = sys.stdout, sys.stderr
    cluster = Cluster()
    try:
        nodes = {
            name: cluster.add_node(num_cpus=1, object_store_memory=STORE, node_name=name, include_dashboard=False)
            for name in ("one", "two")
        }
        pids = {name: node.all_processes["raylet"][0].process.pid for name, node in nodes.items()}
        print(json.dumps({"address": cluster.address, "raylets": pids}), file=said, flush=True)
        sys.stdin.read()
    finally:
        cluster.shutdown()


if __name__ == "__main__":
    main()
