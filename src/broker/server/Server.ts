/**
 * An AMQP 0-9-1 server without its sockets: virtual hosts, users, limits, and all connections.
 *
 * Above the engine and the codec; below whoever listens (`adapters/embedded`). Starts no timer: the owner calls `tick` at
 * `nextDue`, and `pump` when it is told of a backlog. What one connection does wrong ends that connection and nothing else.
 * Where messages take more memory than they may, publishers are not read until there is room again.
 */
import { randomBytes } from "node:crypto"
import type { Table } from "../amqp/mod.ts"
import type { Engine } from "../Engine.ts"
import type { Journal } from "../Journal.ts"
import type { Complaint } from "./Complaint.ts"
import type { Content } from "./Content.ts"
import type { Credentials } from "./credentials.ts"
import { type Durability, volatile } from "./Durability.ts"
import type { ServerFigures } from "./figures.ts"
import { defaultLimits, type Limits } from "./Limits.ts"
import { readServer } from "./readServer.ts"
import { serverProperties } from "./serverProperties.ts"
import { Session, type SessionOptions } from "./Session.ts"
import { VirtualHost } from "./VirtualHost.ts"

/** How a server is connected to its surroundings. */
export interface ServerOptions {
  /** Who may connect. */
  readonly users: ReadonlyArray<Credentials>
  /** The time of day, ms. */
  readonly now: () => number
  /** @default "/" alone */
  readonly virtualHosts?: ReadonlyArray<string>
  /** @default see `defaultLimits` */
  readonly limits?: Partial<Limits>
  /** When changes are on disk. @default nothing is kept */
  readonly durability?: Durability
  /** Told of what must outlive the server, by virtual host. @default nothing must */
  readonly journal?: (virtualHost: string) => Journal<Content> | undefined
  /** Told when `nextDue` has become earlier. @default does nothing */
  readonly onDue?: () => void
  /** Told when deliveries wait for `pump`. @default does nothing */
  readonly onBacklog?: () => void
  /** Told of a mistake of this side; must not throw. @default does nothing */
  readonly onDefect?: (defect: unknown) => void
  /** Told why a connection was ended for what its peer did; must not throw. @default does nothing */
  readonly onComplaint?: (complaint: Complaint) => void
  /** Its own version, for its clients. @default "0" */
  readonly version?: string
  /** Makes names that nobody guesses, of 22 characters. @default by chance */
  readonly newName?: () => string
  /** What clients know it by besides. @default "warren" */
  readonly name?: string
}

/** Messages take more than their bodies: properties, places in queues. Bytes each, about. */
const overhead = 800

/** How often memory is looked at while there is too much of it, ms. */
const glance = 100

/** Thousands of sessions are looked at together, so that each does not wake all: so often, ms. */
const look = 250

/** The time after `due` that is theirs, ms. */
const together = (due: number): number => Math.ceil(due / look) * look

/** See the top of the file. */
export class Server {
  readonly limits: Limits
  readonly users: ReadonlyArray<Credentials>
  readonly durability: Durability
  readonly properties: Table
  /** What clients know it by, and its version. */
  readonly name: string
  readonly version: string
  readonly now: () => number
  readonly sessions = new Map<Session, number>()
  readonly virtualHosts = new Map<string, VirtualHost>()
  /** Connections that were accepted or refused so far, and mistakes of this side. */
  accepted = 0
  refused = 0
  defects = 0
  readonly #newName: () => string
  readonly #onDue: () => void
  readonly #onDefect: (defect: unknown) => void
  /** @internal */
  readonly onComplaint: (complaint: Complaint) => void
  #due = Infinity
  #alarm: string | undefined
  /** Bytes that came since it was last looked at how much is held. */
  #unweighed = 0
  /** Why nothing can be kept; `undefined`: it can. */
  #trouble: string | undefined

  constructor(options: ServerOptions) {
    const { users, now, virtualHosts = ["/"], limits, durability = volatile } = options
    this.users = users
    this.now = now
    this.limits = { ...defaultLimits, ...limits }
    this.durability = durability
    this.name = options.name ?? "warren"
    this.version = options.version ?? "0"
    this.properties = serverProperties(this.version, this.name)
    this.#newName = options.newName ?? (() => randomBytes(16).toString("base64url"))
    this.#onDue = options.onDue ?? (() => {})
    this.#onDefect = options.onDefect ?? (() => {})
    this.onComplaint = options.onComplaint ?? (() => {})
    const onBacklog = options.onBacklog ?? (() => {})
    for (const name of virtualHosts) {
      const vhost = new VirtualHost({
        name,
        now,
        onDue: this.#onDue,
        onBacklog,
        onDefect: (defect) => this.onDefect(defect),
        journal: options.journal?.(name),
      })
      this.virtualHosts.set(name, vhost)
    }
  }

  /** Declares what every virtual host has, once what was kept is back; to be called before the first connection. */
  open(): void {
    for (const vhost of this.virtualHosts.values()) vhost.furnish()
  }

  /** The engine of a virtual host, for whoever looks in or brings back what was kept. */
  engine(virtualHost = "/"): Engine<Content> | undefined {
    return this.virtualHosts.get(virtualHost)?.engine
  }

  /** A connection was made; `undefined`: there are too many, and the socket is to be closed. */
  accept(options: SessionOptions): Session | undefined {
    if (this.sessions.size >= this.limits.connections) {
      this.refused++
      return undefined
    }
    const session = new Session(this, options)
    this.sessions.set(session, ++this.accepted)
    this.rescheduled(session)
    return session
  }

  /** When `tick` has something to do, ms; `Infinity`: never, as things are. */
  nextDue(): number {
    let due = this.#due
    for (const { engine } of this.virtualHosts.values()) due = Math.min(due, engine.nextDue() ?? Infinity)
    return due
  }

  /** Does what is due. */
  tick(): void {
    const now = this.now()
    for (const { engine } of this.virtualHosts.values()) engine.tick()
    if (this.#due > now) return
    this.#due = Infinity
    for (const session of [...this.sessions.keys()]) session.tick(now)
    for (const session of this.sessions.keys()) this.#due = Math.min(this.#due, together(session.due))
    this.weigh()
  }

  /** Hands over deliveries that wait; to be called soon after `onBacklog`. */
  pump(): void {
    for (const { engine } of this.virtualHosts.values()) engine.pump()
  }

  /** Closes every connection with a word about why. */
  close(detail: string): void {
    for (const session of [...this.sessions.keys()]) session.close(detail)
  }

  /** Bytes that are held, about. */
  get memory(): number {
    let bytes = 0
    for (const { engine } of this.virtualHosts.values()) bytes += engine.bytes + overhead * engine.messages
    for (const session of this.sessions.keys()) bytes += session.waiting + session.partial
    return bytes
  }

  /** Of those, the bytes of messages that are not whole yet: who is not read cannot complete them. */
  get #partial(): number {
    let bytes = 0
    for (const session of this.sessions.keys()) bytes += session.partial
    return bytes
  }

  /** @internal Bytes came in: now and then it is looked at how much is held. */
  hasReceived(bytes: number): void {
    this.#unweighed += bytes
    if (this.#unweighed < this.limits.memoryHigh / 100) return
    this.weigh()
  }

  /** What is to be kept cannot be, or (`undefined`) can again: until then publishers are not read. */
  trouble(reason: string | undefined): void {
    this.#trouble = reason
    this.weigh()
  }

  /** Why publishers are not read; `undefined`: they are. */
  get alarm(): string | undefined {
    return this.#alarm
  }

  /** Stops publishers, or lets them on again, as memory is. */
  weigh(): void {
    this.#unweighed = 0
    const { memoryHigh, memoryLow } = this.limits
    const used = this.#alarm === undefined ? this.memory : this.memory - this.#partial
    const isFull = used > (this.#alarm === undefined ? memoryHigh : memoryLow)
    const alarm = this.#trouble !== undefined ? "low on disk" : isFull ? "low on memory" : undefined
    if (alarm !== this.#alarm) {
      this.#alarm = alarm
      if (alarm === undefined) { for (const session of this.sessions.keys()) session.unblock() }
    }
    if (alarm !== undefined) this.#dueAt(this.now() + glance)
  }

  /** Everything as it is now. */
  figures(): ServerFigures {
    return readServer(this)
  }

  /** The virtual host of that name. */
  virtualHost(name: string): VirtualHost | undefined {
    return this.virtualHosts.get(name)
  }

  /** Characters by chance, for names of queues and consumers. */
  newName(): string {
    return this.#newName()
  }

  /** @internal A session wants to be called at another time. */
  rescheduled(session: Session): void {
    this.#dueAt(together(session.due))
  }

  /** @internal The last time at which sessions are looked at and that is not after `due`, ms. */
  lookBefore(due: number): number {
    return Math.floor(due / look) * look
  }

  /** @internal A session is over. */
  ended(session: Session): void {
    this.sessions.delete(session)
    if (this.#alarm !== undefined) this.#dueAt(this.now() + glance)
  }

  /** @internal A mistake of this side. */
  onDefect(defect: unknown): void {
    this.defects++
    this.#onDefect(defect)
  }

  #dueAt(due: number): void {
    if (due >= this.#due) return
    this.#due = due
    this.#onDue()
  }
}
