/**
 * The environment, the configuration and the start script of one node, as text.
 *
 * Pure. Everything a node has is its own or its cluster's: ports, folder, name, cookie and port mapper (epmd).
 */
import { join } from "node:path"
import process from "node:process"
import type { RabbitOptions } from "./types.ts"

/** What is decided about a node before it starts. */
export interface Plan {
  /** Its part of `node`, and its folder in `root`. */
  readonly name: string
  /** The Erlang node's name. */
  readonly node: string
  /** The folder of the guard: cookie, certificates, a folder a node. */
  readonly root: string
  readonly port: number
  readonly distPort: number
  readonly epmdPort: number
  readonly managementPort: number | undefined
  readonly tlsPort: number | undefined
}

/** What every program here needs to find the others. */
export const baseEnv = (): Record<string, string> => ({
  PATH: `${process.env["PATH"] ?? ""}:/usr/sbin:/usr/lib/erlang/bin`,
  LANG: "C.UTF-8",
})

/** The environment in which Erlang's and RabbitMQ's tools reach the nodes of a folder. */
export const toolEnv = ({ root, epmdPort }: Pick<Plan, "root" | "epmdPort">): Record<string, string> => ({
  ...baseEnv(),
  HOME: root,
  ERL_EPMD_PORT: String(epmdPort),
  ERL_EPMD_ADDRESS: "127.0.0.1",
  RABBITMQ_CONF_ENV_FILE: "/dev/null",
})

/** The environment of a node. */
export const nodeEnv = (plan: Plan): Record<string, string> => {
  const folder = join(plan.root, plan.name)
  return {
    ...toolEnv(plan),
    ERL_CRASH_DUMP: join(folder, "erl_crash.dump"),
    RABBITMQ_NODENAME: plan.node,
    RABBITMQ_DIST_PORT: String(plan.distPort),
    RABBITMQ_CONFIG_FILE: join(folder, "rabbitmq.conf"),
    RABBITMQ_ADVANCED_CONFIG_FILE: join(folder, "none.config"),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, "plugins"),
    RABBITMQ_MNESIA_BASE: join(folder, "data"),
    RABBITMQ_LOG_BASE: join(folder, "log"),
    // runs the VM in place of the wrapper script, so that the guard knows its process id
    RABBITMQ_ALLOW_INPUT: "1",
    RABBITMQ_SERVER_START_ARGS: "-noinput +B i",
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: "-kernel inet_dist_use_interface {127,0,0,1} +S 2:2 +SDio 2 +A 4",
  }
}

/** Where a node listens, for `rabbitmq.conf`. */
export const listeners = ({ root, port, managementPort, tlsPort }: Plan): ReadonlyArray<string> => [
  `listeners.tcp.1 = 127.0.0.1:${port}`,
  ...(managementPort === undefined ? [] : ["management.tcp.ip = 127.0.0.1", `management.tcp.port = ${managementPort}`]),
  ...(tlsPort === undefined ? [] : [
    `listeners.ssl.1 = 127.0.0.1:${tlsPort}`,
    `ssl_options.cacertfile = ${join(root, "tls", "ca.pem")}`,
    `ssl_options.certfile = ${join(root, "tls", "server.pem")}`,
    `ssl_options.keyfile = ${join(root, "tls", "server.key")}`,
    "ssl_options.verify = verify_none",
    "ssl_options.fail_if_no_peer_cert = false",
  ]),
]

/**
 * `rabbitmq.conf`, but for where it listens.
 *
 * A cluster runs with `pause_minority`, as everyone who uses quorum queues does: what is cut off from the majority stops
 * serving until it is back, so that clients move over instead of talking to a part whose queues have no leader.
 * `ignore` would leave classic queues and bindings apart after the cut; `autoheal` throws away one side's.
 */
export const settings = (options: RabbitOptions, members: ReadonlyArray<string>): ReadonlyArray<string> => [
  "log.console = false",
  "log.file.level = warning",
  "disk_free_limit.absolute = 50MB",
  "vm_memory_high_watermark.absolute = 512MB",
  "raft.wal_max_size_bytes = 33554432",
  ...(options.management === true ? ["collect_statistics_interval = 1000"] : []),
  ...(members.length < 2 ? [] : [
    "cluster_partition_handling = pause_minority",
    "cluster_formation.peer_discovery_backend = classic_config",
    ...members.map((member, index) => `cluster_formation.classic_config.nodes.${index + 1} = ${member}`),
  ]),
  ...(options.config ?? []),
]

/** The file of enabled plugins. */
export const pluginsFile = ({ plugins = [], management }: RabbitOptions): string =>
  `[${[...new Set([...plugins, ...(management === true ? ["rabbitmq_management"] : [])])].join(",")}].\n`

const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`

/** A shell script that becomes this program. */
export const runScript = (env: Readonly<Record<string, string>>, command: ReadonlyArray<string>): string =>
  [...Object.entries(env).map(([name, value]) => `export ${name}=${quoted(value)}`), `exec ${inShell(command)}`]
    .join("\n") + "\n"

/** A command as a shell reads it. */
export const inShell = (command: ReadonlyArray<string>): string => command.map(quoted).join(" ")
