/**
 * Every system of the calls bench by name: how it is started, where it cannot run and why.
 *
 * Above the files of the systems, which it names only; below `compare.ts` and `grow.ts`.
 */
import type { RuntimeName } from "../program.ts"
import { type PackageName, versionOf } from "./packages.ts"

/** One row of the table. */
export interface Entry {
  /** By which `--only` names it. */
  readonly name: string
  readonly title: string
  /** The file beside this one. */
  readonly file: string
  readonly curve?: boolean
  /** Whether its calls need the broker, in part at least. */
  readonly broker?: boolean
  /** A package that only this bench has. */
  readonly package?: PackageName
  /** For its processes. */
  readonly env?: Readonly<Record<string, string>>
  /** Why it is not even tried there. */
  readonly cannot?: Partial<Readonly<Record<RuntimeName, string>>>
}

/** The limit, and what others are compared with. */
export const limit = "tcp"
export const rival = "amqplib"

const native = {
  bun: "the zeromq package aborts there: uv_poll_init_socket is missing (oven-sh/bun#18546)",
  deno: "the zeromq package's ROUTER and DEALER hang there (denoland/deno#34657)",
} as const

/** A secret makes Warren's ZeroMQ lanes CURVE; a bench has none to keep. */
const secret = "bench".repeat(8)

const warren = (name: string, title: string, lane: string, curve = false): Entry => ({
  name,
  title,
  file: "warren",
  broker: true,
  env: { WARREN_LANE: lane, ...(curve ? { WARREN_SECRET: secret } : {}) },
})

/** In the order of the table. */
export const entries: ReadonlyArray<Entry> = [
  { name: limit, title: "raw TCP", file: "tcp" },
  { name: "zmtp", title: "our ZMTP, NULL", file: "zmtp" },
  { name: "zmtp-curve", title: "our ZMTP, CURVE", file: "zmtp", curve: true },
  { name: "libzmq", title: "libzmq, NULL", file: "libzmq", cannot: native },
  { name: "libzmq-curve", title: "libzmq, CURVE", file: "libzmq", curve: true, cannot: native },
  { name: "hono", title: "Hono and fetch", file: "hono" },
  { name: rival, title: "amqplib, direct reply-to", file: "amqplib", broker: true },
  {
    name: "rabbitmq-client",
    title: versionOf("rabbitmq-client"),
    file: "rabbitmqClient",
    broker: true,
    package: "rabbitmq-client",
  },
  { name: "moleculer", title: versionOf("moleculer"), file: "moleculer", broker: true, package: "moleculer" },
  warren("warren-broker", "Warren, broker", "broker"),
  warren("warren-reply", "Warren, reply, NULL", "reply"),
  warren("warren-reply-curve", "Warren, reply, CURVE", "reply", true),
  warren("warren-direct", "Warren, direct, NULL", "direct"),
  warren("warren-direct-curve", "Warren, direct, CURVE", "direct", true),
]
