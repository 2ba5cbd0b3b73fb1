/**
 * One turn at hosting the broker of a folder: the store, the server on what was kept, and the word where it is.
 *
 * Below `Embedded.ts`, which has the lock. Ends with its scope, in this order: clients are told, what is left is written, the
 * file is closed. Credentials, name and, if it is free, port are those of the turn before, so that clients find it again.
 */
import { createServer } from "node:net"
import process from "node:process"
import { Clock, Effect, Redacted, type Scope } from "effect"
import { type Content, type Credentials, kept, type Server, type ServerOptions } from "../../src/broker/mod.ts"
import { ownVersion, type SqliteError } from "../runtime/mod.ts"
import { makeComplaints } from "./complaints.ts"
import { type BrokerAddress, randomWord, readAddress, writeAddress } from "./folder/AddressFile.ts"
import type { DataFolder } from "./folder/DataFolder.ts"
import { FolderError } from "./folder/FolderError.ts"
import { listen } from "./listen.ts"
import type { ListenError } from "./ListenError.ts"
import { brokerAnswering } from "./reach.ts"
import { openStore } from "./store/Store.ts"
import type { StoreError } from "./store/StoreError.ts"
import { sweep } from "./sweep.ts"

/** How the broker is hosted. */
export interface HostingOptions extends Pick<ServerOptions, "limits"> {
  /** Nothing is kept: messages and queues end with the process that hosts it. @default false */
  readonly isEphemeral?: boolean
  /** Size of the file with what is kept at most, bytes; beyond, it is as on a full disk. @default none */
  readonly dataBytes?: number
  /** How long auto-delete queues that were read back wait for their consumers, ms. @default 10_000 */
  readonly comeback?: number
  /** Where to listen, and nowhere else. @default loopback, at the port it had before if that is free */
  readonly listen?: { readonly host: string; readonly port: number }
  /** Who may connect; needed where other machines reach it. @default the user "warren" with a password made by chance */
  readonly credentials?: { readonly user: string; readonly password: Redacted.Redacted<string> }
}

/** A turn. */
export interface BrokerTurn {
  readonly server: Server
  readonly address: BrokerAddress
  /** Messages that were kept, and are back. */
  readonly restored: number
}

/** What keeps a process from hosting. */
export type HostingError = FolderError | StoreError | SqliteError | ListenError

const usual = { host: "127.0.0.1", user: "warren" } as const

/** Hosts until the scope closes. The caller has the folder's lock. */
export const hostBroker = Effect.fnUntraced(function* (
  folder: DataFolder,
  options: HostingOptions,
): Effect.fn.Return<BrokerTurn, HostingError, Scope.Scope> {
  const before = yield* readAddress(folder)
  // whatever else has that port now may say nothing
  if (before !== undefined && (yield* brokerAnswering(before.host, before.port, 500)) === before.broker) {
    const detail = `the process ${before.pid} hosts its broker, too, so its file system does not keep locks`
    return yield* new FolderError({ folder: folder.path, reason: "lockless", detail })
  }
  const broker = before?.broker ?? `warren-${randomWord(9)}`
  const user = options.credentials?.user ?? before?.user ?? usual.user
  const password = options.credentials?.password ?? before?.password ??
    Redacted.make(randomWord(), { label: "password" })
  const users: ReadonlyArray<Credentials> = [{ user, password: Redacted.value(password) }]
  let server: Server | undefined
  const store = options.isEphemeral === true ? undefined : yield* openStore<Content>({
    path: folder.queues,
    form: kept,
    ...(options.dataBytes !== undefined && { maxBytes: options.dataBytes }),
    onTrouble: (error) => server?.trouble(error?.message),
  })
  const loaded = store?.loaded()
  const refused: Array<string> = []
  const { error, warn } = yield* logger
  const clock = yield* Clock.Clock
  const { host, port } = options.listen ??
    { host: usual.host, port: before !== undefined && (yield* isFree(usual.host, before.port)) ? before.port : 0 }
  const listening = yield* listen({
    host,
    port,
    isPublic: options.credentials !== undefined,
    users,
    name: broker,
    ...(options.limits !== undefined && { limits: options.limits }),
    version: ownVersion(),
    ...(store !== undefined && { durability: store.durability, journal: () => store.journal }),
    prepare: (made) => {
      server = made
      for (const refusal of loaded === undefined ? [] : made.engine()?.load(loaded) ?? []) {
        refused.push(JSON.stringify(refusal))
      }
    },
    onDefect: (defect) => error("The embedded broker made a mistake, and ended a connection for it", defect),
    onComplaint: makeComplaints({
      remedy: options.credentials === undefined
        ? `the user is "${user}", its password is in "${folder.address}"`
        : "WARREN_BROKER_USER and WARREN_BROKER_PASSWORD of the process that hosts it say who may connect",
      now: () => clock.currentTimeMillisUnsafe(),
      write: warn,
    }),
  })
  for (const one of refused) yield* Effect.logError(`Not everything that was kept could be brought back: ${one}`)
  const address: BrokerAddress = {
    broker,
    instance: randomWord(9),
    pid: process.pid,
    host: reachable(listening.host),
    port: listening.port,
    user,
    password,
    ...(options.isEphemeral === true && { isEphemeral: true }),
  }
  yield* writeAddress(folder, address)
  const engine = listening.server.engine()
  if (engine !== undefined && loaded !== undefined) {
    yield* Effect.forkScoped(sweep(engine, loaded.queues, options.comeback ?? 10_000))
  }
  return { server: listening.server, address, restored: loaded?.messages.length ?? 0 }
})

/** Whether a port can be had; asked before anything is read back, since that is done once. */
const isFree = (host: string, port: number): Effect.Effect<boolean> =>
  Effect.callback((resume) => {
    const probe = createServer()
    probe.once("error", () => resume(Effect.succeed(false)))
    probe.listen({ host, port }, () => probe.close(() => resume(Effect.succeed(true))))
  })

/** Where this machine reaches what listens there. */
const reachable = (host: string): string => host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host

/** Writes into the log from outside of any fiber. */
const logger = Effect.map(Effect.context<never>(), (context) => {
  const run = Effect.runForkWith(context)
  return {
    error: (message: string, detail: unknown): void => void run(Effect.logError(message, detail)),
    warn: (message: string): void => void run(Effect.logWarning(message)),
  }
})
