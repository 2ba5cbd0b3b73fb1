/**
 * The command line: reads its words, starts what they ask for, says how to reach it, and ends it in order.
 *
 * Reading and saying are pure. What it starts ends with it, however it ends.
 */
import process from "node:process"
import { parseArgs } from "node:util"
import { startCluster } from "./cluster.ts"
import { startRabbit } from "./start.ts"
import type { Rabbit } from "./types.ts"

/** What a command line asks for. */
export interface Wish {
  readonly help: boolean
  readonly json: boolean
  readonly tls: boolean
  readonly port: number | undefined
  readonly data: string | undefined
  readonly cluster: number | undefined
  readonly docker: string | undefined
}

/** What `--help` prints. */
export const help = `A private RabbitMQ with its management pages, until ctrl-c.

Usage: npm run broker -- [flags]

  --port <n>         the AMQP port; a cluster takes the ports after it too (default: free ones)
  --data <folder>    keep queues, messages and ports in this folder (default: a new one, removed at the end)
  --cluster <n>      that many nodes that form a cluster, for example 3
  --tls              listen with TLS too; prints the certificate to trust
  --docker [image]   run an image with Docker (default: WARREN_RABBITMQ_IMAGE, rabbitmq:4-management)
  --json             print one line of JSON instead
  --help             print this
`

const options = {
  help: { type: "boolean", short: "h", default: false },
  json: { type: "boolean", default: false },
  tls: { type: "boolean", default: false },
  port: { type: "string" },
  data: { type: "string" },
  cluster: { type: "string" },
  docker: { type: "string" },
} as const

/** A complaint about a command line. */
export class Usage extends Error {}

/** Reads a command line; throws {@link Usage} on what cannot be meant. */
export const readWords = (words: ReadonlyArray<string>): Wish => {
  const { port, data, cluster, docker, ...flags } = parsed(words)
  const wish: Wish = {
    ...flags,
    data: data === "" ? refuse("--data needs a folder") : data,
    docker,
    port: port === undefined ? undefined : whole("--port", port, 1, 65_535),
    cluster: cluster === undefined ? undefined : whole("--cluster", cluster, 3, 7),
  }
  if (docker !== undefined && cluster !== undefined) refuse("--cluster needs an installed RabbitMQ: leave --docker out")
  if (docker !== undefined && wish.tls) refuse("--tls needs an installed RabbitMQ: leave --docker out")
  if (cluster !== undefined && wish.tls) refuse("--tls is for one node: leave --cluster out")
  return wish
}

const refuse = (complaint: string): never => {
  throw new Usage(complaint)
}

const parsed = (words: ReadonlyArray<string>) => {
  // the image is optional, which node:util does not know
  const args = words.flatMap((word, index) => {
    const next = words[index + 1]
    if (word === "--docker") return [next === undefined || next.startsWith("-") ? "--docker=" : `--docker=${next}`]
    return words[index - 1] === "--docker" && !word.startsWith("-") ? [] : [word]
  })
  try {
    return parseArgs({ args, options }).values
  } catch (error) {
    return refuse((error as Error).message)
  }
}

const whole = (flag: string, text: string, least: number, most: number): number =>
  /^\d+$/.test(text) && Number(text) >= least && Number(text) <= most
    ? Number(text)
    : refuse(`${flag} is a whole number from ${least} to ${most}, not "${text}"`)

/** What a person reads once it runs. */
export const greeting = (nodes: ReadonlyArray<Rabbit>, { data }: Pick<Wish, "data">): string => {
  const lines = nodes.flatMap(({ url, managementUrl, tlsUrl, caFile }) => [
    ["AMQP", url],
    ...(tlsUrl === undefined ? [] : [["with TLS", tlsUrl], ["trust", caFile ?? ""]]),
    ...(managementUrl === undefined ? [] : [["Management", `${managementUrl} (user guest, password guest)`]]),
  ])
  lines.push(["Data", data === undefined ? "removed at the end" : `kept in ${data}`])
  const what = nodes.length === 1 ? "RabbitMQ runs" : `A RabbitMQ cluster of ${nodes.length} nodes runs`
  return [
    `${what} until ctrl-c`,
    "",
    ...lines.map(([name = "", value = ""]) => `  ${name.padEnd(12)}${value}`),
    "",
    `  warren run workers --broker ${nodes[0]?.url}`,
    "",
  ].join("\n")
}

/** One node for programs. */
export const inJson = ({ url, port, node, pid, folder, managementUrl, tlsUrl, caFile }: Rabbit) => ({
  ...{ url, port, node, pid, folder, managementUrl, tlsUrl, caFile },
})

const start = async ({ cluster, port, data, tls, docker }: Wish) => {
  const common = {
    management: true,
    ...(port === undefined ? {} : { port }),
    ...(data === undefined ? {} : { data }),
  }
  if (cluster !== undefined) return await startCluster({ ...common, nodes: cluster })
  const one = await startRabbit({ ...common, tls, ...(docker === undefined ? {} : { docker }) })
  return { nodes: [one], stop: one.stop }
}

/** Resolves at the first signal; further ones are the same ctrl-c, passed on by npm. */
const signalled = (): Promise<void> =>
  new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => resolve())
  })

/** Resolves once none of the nodes runs; tells of each that ends, `say` gets a line. Looks every `every` ms. */
export const allEnded = (
  nodes: ReadonlyArray<Pick<Rabbit, "node" | "running">>,
  say: (line: string) => void,
  every = 500,
): { readonly ended: Promise<void>; readonly stop: () => void } => {
  const up = new Set(nodes)
  let stop = () => {}
  const ended = new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      for (const one of nodes) {
        if (one.running()) up.add(one)
        else if (up.delete(one)) say(`The node "${one.node}" has ended`)
      }
      if (up.size > 0) return
      clearInterval(timer)
      resolve()
    }, every)
    stop = () => clearInterval(timer)
  })
  return { ended, stop }
}

/** Runs the command line to its end; returns the exit code. */
export const main = async (words: ReadonlyArray<string>): Promise<number> => {
  try {
    const wish = readWords(words)
    if (wish.help) {
      console.log(help)
      return 0
    }
    if (!wish.json) console.error(wish.cluster === undefined ? "Starting RabbitMQ" : "Starting a RabbitMQ cluster")
    const { nodes, stop } = await start(wish)
    const end = signalled()
    const [first] = nodes
    if (!wish.json) console.log(greeting(nodes, wish))
    else if (nodes.length === 1 && first !== undefined) console.log(JSON.stringify(inJson(first)))
    else console.log(JSON.stringify({ urls: nodes.map(({ url }) => url), nodes: nodes.map(inJson) }))
    const watch = allEnded(nodes, (line) => console.error(line))
    const code = await Promise.race([end.then(() => 0), watch.ended.then(() => 1)])
    watch.stop()
    await stop()
    return code
  } catch (error) {
    console.error((error as Error).message)
    if (!(error instanceof Usage)) return 1
    console.error('"npm run broker -- --help" lists the flags')
    return 2
  }
}
