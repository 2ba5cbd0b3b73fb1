/**
 * What a private RabbitMQ is started with, and what can be done to it while it runs.
 *
 * The vocabulary of this folder: the verbs on a node (`kill`, `pause`, `alarm`, …), on a cluster (`partition`, `heal`),
 * and the error when there is no server. Every verb resolves when its effect can be seen, and fails with the reason.
 */

/** How to start a private RabbitMQ. */
export interface RabbitOptions {
  /** ms until a node must accept AMQP connections. @default 60_000 */
  readonly timeout?: number
  /** Whether Debian's package may be installed when no server is found and this user is root. @default true */
  readonly install?: boolean
  /** Plugins to enable, for example `rabbitmq_shovel`. @default [] */
  readonly plugins?: ReadonlyArray<string>
  /** Further lines for `rabbitmq.conf`. @default [] */
  readonly config?: ReadonlyArray<string>
  /** Called with what takes long (installing). @default prints to standard error */
  readonly log?: (line: string) => void
  /** Enables the management plugin, with statistics that are a second old at most. @default false */
  readonly management?: boolean
  /** Listens with TLS too, with a certificate made at the start; needs `openssl`. @default false */
  readonly tls?: boolean
  /** The AMQP port. @default a free one; with `data` the one of last time when it is free */
  readonly port?: number
  /** A folder for data, logs and certificates that is kept: the next start finds its queues again. @default a new one, removed */
  readonly data?: string
  /** Runs this image with Docker; "" is the default image. @default WARREN_RABBITMQ_IMAGE, else only where no server is installed */
  readonly docker?: string
}

/** How to start a private cluster. */
export interface ClusterOptions extends Omit<RabbitOptions, "docker" | "tls"> {
  /** How many nodes; an odd number has a majority whatever is cut off. @default 3 */
  readonly nodes?: number
  /** The first node's AMQP port; the others take the ports after it. @default free ones */
  readonly port?: number
}

/** A private RabbitMQ node. */
export interface Rabbit {
  /** `amqp://guest:guest@127.0.0.1:<port>`; stays the same when the node is started again. */
  readonly url: string
  readonly port: number
  /** `amqps://guest:guest@localhost:<port>`, with `tls`. */
  readonly tlsUrl: string | undefined
  /** The certificate (PEM) of the authority that signed the server's, with `tls`. */
  readonly caFile: string | undefined
  /** `http://127.0.0.1:<port>`, with `management`; user and password are `guest`. */
  readonly managementUrl: string | undefined
  /** The Erlang node's name, for `rabbitmqctl -n` (with `env`). */
  readonly node: string
  /** The process id of the broker (of `docker run` in Docker); another one after `start`. */
  readonly pid: number
  /** Data, logs and configuration; removed when it stops, unless it is kept. */
  readonly folder: string
  /** The environment in which RabbitMQ's tools reach this node. */
  readonly env: Readonly<Record<string, string>>
  /** Whether its process exists; a paused one does. */
  readonly running: () => boolean
  /**
   * Kills the broker as a power cut would (SIGKILL); resolves when its process is gone.
   *
   * A single 3.10 node loses a quorum queue that was declared less than a second before, with its confirmed messages,
   * and the queue never answers again (seen with 0.4 s; not with 1.5 s, and not with a classic queue).
   */
  readonly kill: () => Promise<void>
  /** Starts it again on the same data and ports after `kill`; resolves when it speaks AMQP. Nothing when it runs. */
  readonly start: () => Promise<void>
  /** Ends it in order (SIGTERM) and starts it again. */
  readonly restart: () => Promise<void>
  /** Stops its process (SIGSTOP): connections stay open and nothing answers. */
  readonly pause: () => Promise<void>
  /** Goes on after `pause` (SIGCONT). */
  readonly resume: () => Promise<void>
  /** Closes every client's connection to this node with 320 CONNECTION_FORCED; returns how many there were. */
  readonly closeConnections: (reason?: string) => Promise<number>
  /** Raises or clears the memory alarm, which blocks all publishers of the cluster; resolves when the broker says so. */
  readonly alarm: (on: boolean) => Promise<void>
  /** Runs an Erlang expression (ending in a full stop) in the broker; returns its value as Erlang prints it. */
  readonly evaluate: (expression: string) => Promise<string>
  /** Ends the broker and removes its folder, or keeps it in order. In a cluster: ends the cluster. Can be repeated. */
  readonly stop: () => Promise<void>
}

/** A private cluster on this machine. */
export interface Cluster {
  /** Each with all of its verbs. */
  readonly nodes: ReadonlyArray<Rabbit>
  /** The nodes' `url`s, in their order. */
  readonly urls: ReadonlyArray<string>
  /**
   * Cuts these nodes off the others; resolves when each side has noticed, and what is no majority has paused.
   *
   * A second cut replaces the first only after `heal`.
   */
  readonly partition: (...nodes: ReadonlyArray<Rabbit>) => Promise<void>
  /** Joins what was cut; resolves when every running node speaks AMQP and sees the others. */
  readonly heal: () => Promise<void>
  /** Ends all nodes and removes their folders, or keeps them in order. Can be repeated. */
  readonly stop: () => Promise<void>
}

/** No server can be started here; the message says what to do. */
export class RabbitUnavailable extends Error {
  override readonly name = "RabbitUnavailable"
}
