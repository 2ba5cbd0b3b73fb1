/**
 * Nodes run by an installed server: a folder with a guard, a port mapper, and a process a node.
 *
 * Several nodes in one folder share the port mapper and the cookie, and so can be a cluster.
 */
import { randomBytes } from "node:crypto"
import { existsSync } from "node:fs"
import { chmod, mkdir, mkdtemp, readdir, readFile, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import process from "node:process"
import { certificates } from "./certificates.ts"
import { evaluator } from "./erlang.ts"
import { type Guard, guard } from "./guard.ts"
import { type Machine, makeRabbit } from "./node.ts"
import { freePorts, isFree, listens } from "./ports.ts"
import { baseEnv, listeners, nodeEnv, type Plan, pluginsFile, runScript, settings, toolEnv } from "./settings.ts"
import type { Rabbit, RabbitOptions } from "./types.ts"
import { until } from "./wait.ts"

/** A guarded folder; what is in it ends with `close`. */
export interface Home {
  readonly root: string
  readonly keep: boolean
  readonly guard: Guard
}

/** Opens the folder that is to be kept, or a new one that will be removed. */
export const openHome = async ({ data }: RabbitOptions): Promise<Home> => {
  const root = data === undefined ? await mkdtemp(join(tmpdir(), "warren-rabbitmq-")) : resolve(data)
  const cookie = join(root, ".erlang.cookie")
  if (data !== undefined) {
    await mkdir(root, { recursive: true })
    if (!existsSync(cookie) && (await readdir(root)).length > 0) {
      throw new Error(`Cannot keep a broker's data in "${root}": other files are in it; name a new or empty folder`)
    }
  }
  const keep = data !== undefined
  const guarded = await guard(root, { keep, env: baseEnv() })
  if (!existsSync(cookie)) {
    await writeFile(cookie, randomBytes(16).toString("hex"))
    await chmod(cookie, 0o400)
  }
  return { root, keep, guard: guarded }
}

/** Decides names and ports for this many nodes of a folder; the ports of last time are taken again where free. */
export const plan = async (home: Home, options: RabbitOptions, count: number): Promise<ReadonlyArray<Plan>> => {
  const { root, keep } = home
  const file = join(root, "ports.json")
  const last = existsSync(file) ? JSON.parse(await readFile(file, "utf8")) as ReadonlyArray<number> : []
  const fresh = await freePorts(1 + 4 * count)
  const ports = await Promise.all(fresh.map(async (port, index) => {
    const old = last[index]
    return old !== undefined && await isFree(old) ? old : port
  }))
  if (options.port !== undefined) {
    for (let index = 0; index < count; index += 1) {
      const wanted = ports[1 + 4 * index] = options.port + index
      if (!await isFree(wanted)) {
        throw new Error(`Cannot listen on port ${wanted}: another program does; choose another, or let one be chosen`)
      }
    }
  }
  if (keep) await writeFile(file, JSON.stringify(ports))
  // kept data belongs to its node's name; others get a name that nobody mistakes for theirs
  const stem = keep ? "warren" : `warren-${randomBytes(6).toString("hex")}`
  return Array.from({ length: count }, (_, index) => {
    const [port = 0, distPort = 0, managementPort, tlsPort] = ports.slice(1 + 4 * index)
    return {
      name: count === 1 ? "node" : `node-${index + 1}`,
      node: `${count === 1 ? stem : `${stem}-${index + 1}`}@localhost`,
      root,
      port,
      distPort,
      epmdPort: ports[0] ?? 0,
      managementPort: options.management === true ? managementPort : undefined,
      tlsPort: options.tls === true ? tlsPort : undefined,
    }
  })
}

/** Starts the port mapper that all nodes of a folder share; without it the first node would start one that stays. */
export const startEpmd = async ({ root, guard }: Home, epmdPort: number): Promise<void> => {
  await mkdir(join(root, "epmd"), { recursive: true })
  await writeFile(join(root, "epmd", "run"), runScript(toolEnv({ root, epmdPort }), ["epmd"]))
  await guard.launch("epmd")
  await until("start Erlang's port mapper (epmd)", () => listens(epmdPort))
}

/** Writes a node's folder and returns the node, not started yet. */
export const prepare = async (
  { root, guard }: Home,
  server: string,
  plan: Plan,
  members: ReadonlyArray<Plan>,
  options: RabbitOptions,
  stop: () => Promise<void>,
): Promise<Rabbit> => {
  const folder = join(root, plan.name)
  await mkdir(join(folder, "log"), { recursive: true })
  const caFile = plan.tlsPort === undefined ? undefined : await certificates(join(root, "tls"))
  const lines = [...listeners(plan), ...settings(options, members.map(({ node }) => node))]
  await writeFile(join(folder, "rabbitmq.conf"), `${lines.join("\n")}\n`)
  await writeFile(join(folder, "plugins"), pluginsFile(options))
  await writeFile(join(folder, "run"), runScript(nodeEnv(plan), [server]))
  const env = toolEnv(plan)
  const machine: Machine = {
    launch: () => guard.launch(plan.name),
    pid: () => guard.pid(plan.name),
    signal: (signal) => {
      const pid = guard.pid(plan.name)
      if (pid !== undefined) process.kill(pid, signal)
      return Promise.resolve()
    },
    evaluate: evaluator(plan.node, server, env),
  }
  const facts = {
    port: plan.port,
    tlsUrl: plan.tlsPort === undefined ? undefined : `amqps://guest:guest@localhost:${plan.tlsPort}`,
    caFile,
    managementUrl: plan.managementPort === undefined ? undefined : `http://127.0.0.1:${plan.managementPort}`,
    node: plan.node,
    folder,
    env,
  }
  return makeRabbit(facts, machine, options.timeout ?? 60_000, stop)
}

/** Ends the nodes of a folder: in order when their data is kept, else at once; and then all that is left. */
export const closer = ({ keep, guard }: Home, names: ReadonlyArray<string>) => async (): Promise<void> => {
  const end = async (name: string) => {
    const pid = guard.pid(name)
    if (pid === undefined) return
    for (const signal of ["SIGCONT", "SIGTERM"]) process.kill(pid, signal)
    await until(`end "${name}"`, () => guard.pid(name) === undefined, { timeout: 30_000 })
  }
  // one that does not end in order is killed below
  if (keep) await Promise.allSettled(names.map(end))
  await guard.close()
}
