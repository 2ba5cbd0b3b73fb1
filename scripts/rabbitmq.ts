/**
 * Private RabbitMQs for tests, for fault runs, and for a person: `npm run broker`, `bun scripts/rabbitmq.ts [--json]`.
 *
 * Finds an installed server (or runs Docker, or installs Debian's package when root) and starts nodes of its own: free
 * loopback ports, own folder, node name, cookie and port mapper (epmd). It never touches a broker that it did not start.
 * What it starts ends with this process, however that ends (`rabbitmq/guard.ts`). Runs on Bun, Deno and Node.
 * The door of `rabbitmq/`; above it: the tests of `adapters/amqp`, `scripts/test.ts`, and fault runs.
 */
import process from "node:process"
import { main } from "./rabbitmq/command.ts"

export { startCluster } from "./rabbitmq/cluster.ts"
export { startRabbit, testBroker } from "./rabbitmq/start.ts"
export { RabbitUnavailable } from "./rabbitmq/types.ts"
export type { Cluster, ClusterOptions, Rabbit, RabbitOptions } from "./rabbitmq/types.ts"

if ((import.meta as { main?: boolean }).main) process.exitCode = await main(process.argv.slice(2))
