/**
 * A node in a Docker container: the way where no server is installed, or where a certain version is wanted.
 *
 * The same verbs, by the `docker` command. Its container and volume are removed by the guard, like everything else.
 * One node without TLS: clusters and certificates are for an installed server.
 */
import { spawnSync } from "node:child_process"
import { randomBytes } from "node:crypto"
import { mkdir, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { ctl, run } from "./erlang.ts"
import { closer, openHome, plan } from "./installed.ts"
import { type Machine, makeRabbit } from "./node.ts"
import { inShell, pluginsFile, runScript, settings } from "./settings.ts"
import { type Rabbit, type RabbitOptions, RabbitUnavailable } from "./types.ts"
import { tail } from "./wait.ts"

/** The image that is run when none is named. */
export const defaultImage = "rabbitmq:4-management"

/** What the command line of a container is made of. */
export interface Container {
  readonly image: string
  /** The container's name. */
  readonly name: string
  /** Where `rabbitmq.conf` and `plugins` are. */
  readonly folder: string
  /** The volume or folder with the data. */
  readonly data: string
  readonly port: number
  readonly managementPort: number | undefined
}

/** The command that runs a container until it ends. */
export const dockerRun = (one: Container): ReadonlyArray<string> => [
  ...["docker", "run", "--name", one.name, "--hostname", "warren"],
  ...["--publish", `127.0.0.1:${one.port}:5672`],
  ...(one.managementPort === undefined ? [] : ["--publish", `127.0.0.1:${one.managementPort}:15672`]),
  // last of the image's own settings, so that these win
  ...["--volume", `${join(one.folder, "rabbitmq.conf")}:/etc/rabbitmq/conf.d/90-warren.conf:ro`],
  ...["--volume", `${join(one.folder, "plugins")}:/etc/rabbitmq/enabled_plugins:ro`],
  ...["--volume", `${one.data}:/var/lib/rabbitmq`],
  one.image,
]

/** What `docker` calls a signal; the container is asked, since signals to the command would not reach it. */
export const dockerSignal = (signal: Parameters<Machine["signal"]>[0], name: string): ReadonlyArray<string> =>
  signal === "SIGSTOP"
    ? ["pause", name]
    : signal === "SIGCONT"
    ? ["unpause", name]
    : ["kill", "--signal", signal.slice(3), name]

/** Whether a Docker engine answers. */
export const dockerWorks = (): boolean => spawnSync("docker", ["version"], { timeout: 5_000 }).status === 0

/** Starts a node in a container. */
export const startDocker = async (image: string, options: RabbitOptions): Promise<Rabbit> => {
  if (options.tls === true) {
    throw new RabbitUnavailable("Cannot start RabbitMQ in Docker with TLS: install a server, or leave TLS out")
  }
  if (!dockerWorks()) {
    throw new RabbitUnavailable(`Cannot run "${image}": "docker version" fails; start Docker, or install RabbitMQ`)
  }
  const home = await openHome(options)
  const stop = closer(home, ["node"])
  try {
    const [planned] = await plan(home, options, 1)
    if (planned === undefined) throw new Error("Cannot plan a node")
    const folder = join(home.root, "node")
    const name = `warren-${randomBytes(6).toString("hex")}`
    const data = home.keep ? join(folder, "data") : name
    await mkdir(home.keep ? data : folder, { recursive: true })
    const conf = ["listeners.tcp.default = 5672", "loopback_users = none", ...settings(options, [])]
    await writeFile(join(folder, "rabbitmq.conf"), `${conf.join("\n")}\n`)
    await writeFile(join(folder, "plugins"), pluginsFile(options))
    const command = dockerRun({ ...planned, image, name, folder, data })
    const removed = `${inShell(["docker", "rm", "--force", name])} >/dev/null 2>&1\n`
    await writeFile(join(folder, "run"), removed + runScript({}, command))
    const volume = `${inShell(["docker", "volume", "rm", "--force", name])} >/dev/null 2>&1\n`
    await writeFile(join(folder, "end"), home.keep ? removed : removed + volume)
    const machine: Machine = {
      launch: () => home.guard.launch("node"),
      pid: () => home.guard.pid("node"),
      signal: async (signal) => {
        const { code, errors } = await run("docker", dockerSignal(signal, name))
        if (code !== 0) throw new Error(`Cannot send ${signal} to the container "${name}": ${tail(errors)}`)
      },
      evaluate: ctl("docker", ["exec", name, "rabbitmqctl", "eval"]),
    }
    const facts = {
      port: planned.port,
      tlsUrl: undefined,
      caFile: undefined,
      managementUrl: planned.managementPort === undefined ? undefined : `http://127.0.0.1:${planned.managementPort}`,
      node: "rabbit@warren",
      folder,
      env: {},
    }
    // an image may have to be fetched first
    const rabbit = makeRabbit(facts, machine, options.timeout ?? 300_000, stop)
    await rabbit.start()
    return rabbit
  } catch (error) {
    await stop()
    throw error
  }
}
