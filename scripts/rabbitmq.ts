/**
 * A private RabbitMQ for tests and for a person at the terminal: `bun scripts/rabbitmq.ts [--json]`.
 *
 * Finds an installed server (or installs Debian's when root) and starts a node of its own: free loopback ports,
 * own folder, node name, cookie and port mapper (epmd). It never touches a broker that it did not start.
 * The node lives as long as a pipe to its guard (a small shell script) is open: `stop()` closes the pipe, and so does
 * the end of this process, however it ends; the guard then kills the node and removes the folder.
 * Runs on Bun, Deno and Node. Above it: the tests of `adapters/amqp` and `scripts/test.ts`.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { randomBytes } from "node:crypto"
import { existsSync, realpathSync } from "node:fs"
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { type AddressInfo, connect, createServer, type Server } from "node:net"
import { tmpdir } from "node:os"
import { delimiter, join } from "node:path"
import process from "node:process"
import { setTimeout as delay } from "node:timers/promises"

/** How to start a private RabbitMQ. */
export interface RabbitOptions {
  /** ms until the node must accept AMQP connections. @default 60_000 */
  readonly timeout?: number
  /** Whether Debian's package may be installed when no server is found and this user is root. @default true */
  readonly install?: boolean
  /** Plugins to enable, for example `rabbitmq_management`. @default [] */
  readonly plugins?: ReadonlyArray<string>
  /** Further lines for `rabbitmq.conf`. @default [] */
  readonly config?: ReadonlyArray<string>
  /** Called with what takes long (installing). @default prints to standard error */
  readonly log?: (line: string) => void
}

/** A running private RabbitMQ. */
export interface Rabbit {
  /** `amqp://guest:guest@127.0.0.1:<port>`. */
  readonly url: string
  readonly port: number
  /** The Erlang node's name, for `rabbitmqctl -n` (with `HOME` and `ERL_EPMD_PORT` as in `env`). */
  readonly node: string
  /** The broker's own process. */
  readonly pid: number
  /** Data, logs and configuration; removed when it stops. */
  readonly folder: string
  /** The environment in which RabbitMQ's tools reach this node. */
  readonly env: Readonly<Record<string, string>>
  /** Kills the broker as a power cut would (SIGKILL). `stop` is still needed. */
  readonly kill: () => void
  /** Kills the broker and removes its folder. Can be repeated. */
  readonly stop: () => Promise<void>
}

/** No server can be started here; the message says what to do. */
export class RabbitUnavailable extends Error {
  override readonly name = "RabbitUnavailable"
}

/**
 * Starts a private node and waits until it speaks AMQP.
 *
 * Fails with {@link RabbitUnavailable} when there is no server, or with its last log lines when it does not start.
 */
export async function startRabbit(options: RabbitOptions = {}): Promise<Rabbit> {
  const server = await findServer(options)
  const folder = await mkdtemp(join(tmpdir(), "warren-rabbitmq-"))
  const [port, distPort, epmdPort] = await freePorts(3) as [number, number, number]
  const name = `warren-${randomBytes(6).toString("hex")}@localhost`
  const env: Record<string, string> = {
    PATH: `${process.env["PATH"] ?? ""}:/usr/sbin:/usr/lib/erlang/bin`,
    HOME: folder,
    ERL_CRASH_DUMP: join(folder, "erl_crash.dump"),
    LANG: "C.UTF-8",
    ERL_EPMD_PORT: String(epmdPort),
    ERL_EPMD_ADDRESS: "127.0.0.1",
    RABBITMQ_CONF_ENV_FILE: "/dev/null",
    RABBITMQ_NODENAME: name,
    RABBITMQ_DIST_PORT: String(distPort),
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
  await writeFolder(folder, port, options)
  const guard = spawn("/bin/sh", ["-c", GUARD, "guard", server, folder], {
    env,
    detached: true,
    stdio: ["pipe", "pipe", "ignore"],
  })
  const stop = stopper(guard, folder)
  try {
    const pid = await ready(guard, port, options.timeout ?? 60_000)
    release(guard)
    return {
      url: `amqp://guest:guest@127.0.0.1:${port}`,
      port,
      node: name,
      pid,
      folder,
      env,
      kill: () => process.kill(pid, "SIGKILL"),
      stop,
    }
  } catch (cause) {
    const log = await readFile(join(folder, "server.log"), "utf8").catch(() => "")
    await stop()
    throw new Error(`RabbitMQ did not start with "${server}": ${(cause as Error).message}\n${tail(log)}`)
  }
}

/**
 * The broker for a test file: the one named by `WARREN_TEST_BROKER` (stopping it is a no-op), else a private one.
 *
 * `WARREN_TEST_BROKER=none` gives `undefined`: the test then skips, with that as its reason.
 */
export async function testBroker(): Promise<Pick<Rabbit, "url" | "stop"> | undefined> {
  const url = process.env["WARREN_TEST_BROKER"]
  if (url === "none") return undefined
  if (url !== undefined && url !== "") return { url, stop: () => Promise.resolve() }
  return await startRabbit()
}

// Two shells, so that the node is ended even if one is killed: the first says what happens, the second waits until
// standard input ends (`read` is used as it needs no process of its own) and then clears everything away.
const GUARD = `
exec 3<&0
trap '' INT HUP TERM
epmd </dev/null >/dev/null 2>&1 3<&- &
epmd=$!
"$1" </dev/null >"$2/server.log" 2>&1 3<&- &
server=$!
echo "pid $server"
{ read -r _ <&3; kill -KILL $server $epmd; rm -rf "$2" || { sleep 0.2; rm -rf "$2"; }; } >/dev/null 2>&1 &
clearing=$!
wait $server
echo down
wait $clearing
`

const writeFolder = async (folder: string, port: number, options: RabbitOptions): Promise<void> => {
  await mkdir(join(folder, "log"))
  const cookie = join(folder, ".erlang.cookie")
  await writeFile(cookie, randomBytes(16).toString("hex"))
  await chmod(cookie, 0o400)
  await writeFile(join(folder, "plugins"), `[${(options.plugins ?? []).join(",")}].\n`)
  await writeFile(
    join(folder, "rabbitmq.conf"),
    [
      `listeners.tcp.1 = 127.0.0.1:${port}`,
      "log.console = false",
      "log.file.level = warning",
      "disk_free_limit.absolute = 50MB",
      "vm_memory_high_watermark.absolute = 512MB",
      "raft.wal_max_size_bytes = 33554432",
      ...(options.config ?? []),
    ].join("\n") + "\n",
  )
}

/** Finds a server that can be run directly; Debian's `/usr/sbin` wrapper would change the user and the folder. */
const findServer = async (options: RabbitOptions): Promise<string> => {
  const found = installedServer()
  if (found !== undefined) return found
  if (options.install !== false) await installOnDebian(options.log ?? ((line) => process.stderr.write(`${line}\n`)))
  const installed = installedServer()
  if (installed !== undefined) return installed
  throw new RabbitUnavailable(
    'Cannot find "rabbitmq-server": install it (Debian: "sudo apt-get install rabbitmq-server", ' +
      'macOS: "brew install rabbitmq"), or set WARREN_TEST_BROKER to the URL of a broker that tests may use, ' +
      'or to "none" to skip the tests that need one',
  )
}

const installedServer = (): string | undefined => {
  const folders = [
    "/usr/lib/rabbitmq/bin",
    ...(process.env["PATH"] ?? "").split(delimiter),
    "/usr/sbin",
    "/usr/local/sbin",
    "/opt/homebrew/sbin",
  ]
  return folders.map((folder) => join(folder, "rabbitmq-server")).find((file) =>
    existsSync(file) && !realpathSync(file).endsWith("rabbitmq-script-wrapper")
  )
}

const POLICY = "/usr/sbin/policy-rc.d"

/** Installs Debian's package without letting it start its service; does nothing elsewhere or when not root. */
const installOnDebian = async (log: (line: string) => void): Promise<void> => {
  if (process.getuid?.() !== 0 || !existsSync("/usr/bin/apt-get")) return
  const mine = !existsSync(POLICY)
  if (mine) await writeFile(POLICY, "#!/bin/sh\nexit 101\n", { mode: 0o755 })
  try {
    if (spawnSync(POLICY, ["rabbitmq-server", "start"]).status !== 101) {
      throw new RabbitUnavailable(
        `Cannot install rabbitmq-server without starting its service: "${POLICY}" allows it; install it yourself`,
      )
    }
    log("Installing rabbitmq-server with apt-get; its service is not started")
    for (const step of [["update"], ["install", "-y", "--no-install-recommends", "rabbitmq-server"]]) {
      const run = spawnSync("apt-get", ["-q", "-o", "DPkg::Lock::Timeout=300", ...step], {
        encoding: "utf8",
        env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
      })
      if (run.status !== 0) {
        throw new RabbitUnavailable(`Cannot install rabbitmq-server: "apt-get ${step[0]}" failed\n${tail(run.stderr)}`)
      }
    }
  } finally {
    if (mine) await rm(POLICY, { force: true })
  }
}

/** Ports that are free now; all are held until the last is known, so that they differ. */
const freePorts = async (count: number): Promise<ReadonlyArray<number>> => {
  const servers = await Promise.all(Array.from({ length: count }, () =>
    new Promise<Server>((resolve, reject) => {
      const server = createServer()
      server.once("error", reject)
      server.listen(0, "127.0.0.1", () => resolve(server))
    })))
  const ports = servers.map((server) => (server.address() as AddressInfo).port)
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}

/** Waits for the first AMQP frame; returns the broker's process id. */
const ready = async (guard: ChildProcess, port: number, timeout: number): Promise<number> => {
  let said = ""
  guard.stdout?.setEncoding("utf8").on("data", (text: string) => said += text)
  const deadline = performance.now() + timeout
  while (!await speaksAmqp(port)) {
    if (said.includes("down") || guard.exitCode !== null) throw new Error("it exited")
    if (performance.now() > deadline) throw new Error(`no answer after ${timeout} ms`)
    await delay(50)
  }
  const pid = /pid (\d+)/.exec(said)?.[1]
  if (pid === undefined || said.includes("down")) throw new Error("its port was taken by another program")
  return Number(pid)
}

const speaksAmqp = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => socket.write("AMQP\x00\x00\x09\x01", "latin1"))
    const answer = (yes: boolean) => {
      socket.destroy()
      resolve(yes)
    }
    socket.once("data", (data: Uint8Array) => answer(data[0] === 1))
    socket.once("error", () => answer(false))
    socket.once("close", () => resolve(false))
  })

/** Lets this process end while the broker runs; the guard notices. */
const release = (guard: ChildProcess): void => {
  guard.unref()
  for (const stream of [guard.stdin, guard.stdout]) (stream as { unref?: () => void } | null)?.unref?.()
}

const stopper = (guard: ChildProcess, folder: string): () => Promise<void> => {
  const gone = new Promise<void>((resolve) => {
    guard.once("exit", () => resolve())
    guard.once("error", () => resolve())
  })
  return async () => {
    guard.ref()
    guard.stdin?.end()
    await Promise.race([gone, delay(10_000, undefined, { ref: false })])
    await rm(folder, { recursive: true, force: true })
  }
}

const tail = (text: string): string => text.trimEnd().split("\n").slice(-15).join("\n")

const main = async (): Promise<void> => {
  const json = process.argv.includes("--json")
  const rabbit = await startRabbit()
  const { url, port, node, pid, folder } = rabbit
  console.log(
    json ? JSON.stringify({ url, port, node, pid, folder }) : `${url}\nRunning until ctrl-c (data in ${folder})`,
  )
  await new Promise<void>((resolve) => {
    const alive = setInterval(() => {}, 1 << 30)
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      process.once(signal, () => {
        clearInterval(alive)
        resolve()
      })
    }
  })
  await rabbit.stop()
}

if ((import.meta as { main?: boolean }).main) {
  await main().catch((error: Error) => {
    console.error(error.message)
    process.exitCode = 1
  })
}
