/**
 * Who is alive and what it serves, by what was heard and when: on this process's clock alone.
 *
 * `Presence` tells it what comes in, `Vigil` who was proven gone; the errors of calls cite it. It sends nothing. What a
 * process said of its own times is kept for people and never compared. Bounded: so many processes, so long remembered.
 */
import { beatsOf } from "./crowd.ts"
import type { Announcement, Hearsay, PresentHandler } from "../wire/mod.ts"

/**
 * How a process is now. `missing`: three heartbeats were missed, which proves nothing; `gone`: it said so, or its
 * control queue does not exist.
 */
export type Life = "running" | "draining" | "missing" | "gone"

/** One process, as far as it is known. */
export interface Instance extends Announcement {
  readonly life: Life
  /** ms since the epoch, on this process's clock. */
  readonly lastHeard: number
  /** When it was found to be gone. */
  readonly goneAt: number | undefined
  /** Whether it is this process. */
  readonly isSelf: boolean
}

/** One process and how it handles a subject. */
export interface Handling {
  readonly instance: Instance
  readonly app: string
  readonly handler: PresentHandler
}

/** Processes remembered at most, and how long one that is not heard any more, ms. */
const most = 10_000
const memory = 600_000

/** A heartbeat may be late by its jitter and by the way it takes. */
const patience = 3.5

/** When an announcement was sent, on its sender's clocks. */
export type SentAt = Pick<Hearsay, "sent" | "at">

interface Known {
  announcement: Announcement
  sentAt: SentAt
  /** What it handles, to be compared. */
  apps: string
  lastHeard: number
  goneAt: number | undefined
}

/** The processes of one team, as one of them sees it. */
export class Directory {
  readonly #now: () => number
  readonly #self: string
  readonly #heartbeat: number
  readonly #known = new Map<string, Known>()
  /** Names of those who handle a subject. */
  readonly #bySubject = new Map<string, Set<string>>()
  /** How many handlers read a subject with each schema: of very many who do, nearly all read it alike. */
  readonly #schemas = new Map<string, Map<string, number>>()
  #changes = 0
  /** What may lie between two announcements at least, ms: one that has just come does not know yet how many there are. */
  #pace = 0

  /**
   * @param self this process, which is alive as long as it does not say otherwise
   * @param heartbeat what lies between two announcements where there is no crowd, ms
   */
  constructor(self: string, now: () => number, heartbeat: number) {
    this.#self = self
    this.#now = now
    this.#heartbeat = heartbeat
  }

  /** How many processes are remembered. */
  get size(): number {
    return this.#known.size
  }

  /** Grows whenever somebody comes, goes, drains, or serves something else: what was derived from it may be out of date. */
  get changes(): number {
    return this.#changes
  }

  /**
   * Takes what a process says of itself; one that was found gone is alive again, unless it says it is not. Returns
   * whether it is new, back, or handles something else than before.
   */
  heard(announcement: Announcement, sentAt: SentAt = {}): boolean {
    return this.#heardAt(announcement, sentAt, this.#now())
  }

  /** Takes what another process tells of one: unless more is known of it than that, as `heard`. */
  told({ announcement, ago, ...sentAt }: Hearsay): boolean {
    const at = this.#now() - ago
    const known = this.#known.get(announcement.instance)
    if (
      announcement.instance === this.#self || known !== undefined && Math.max(known.lastHeard, known.goneAt ?? 0) >= at
    ) {
      return false
    }
    return this.#heardAt(announcement, sentAt, at)
  }

  /** Everyone alive who handles something, or everyone else, to be told to others. */
  hearsay(callers: boolean): ReadonlyArray<Hearsay> {
    const now = this.#now()
    return [...this.#known].flatMap(([instance, known]) => {
      const { announcement, sentAt, lastHeard } = known
      const life = this.#lifeOf(instance, known, now)
      if (callers === announcement.apps.length > 0 || life === "gone" || life === "missing") return []
      return [{ announcement, ago: instance === this.#self ? 0 : Math.max(0, now - lastHeard), ...sentAt }]
    })
  }

  /** How many live processes that handle something are older than this one, by their names; those beyond `most` are not counted. */
  older(most: number): number {
    const now = this.#now()
    let older = 0
    for (const [name, known] of this.#known) {
      if (older >= most) break
      if (name < this.#self && known.announcement.apps.length > 0 && this.#lifeOf(name, known, now) === "running") {
        older++
      }
    }
    return older
  }

  #heardAt(announcement: Announcement, sentAt: SentAt, at: number): boolean {
    const { instance, state } = announcement
    const now = this.#now()
    const apps = JSON.stringify(announcement.apps)
    let known = this.#known.get(instance)
    const before = known?.announcement
    let isNews = true
    // most of what is heard is what was heard before
    let isOther = true
    if (known === undefined) {
      if (this.#known.size >= most && !this.#makeRoom()) return false
      this.#known.set(instance, known = { announcement, sentAt, apps, lastHeard: at, goneAt: undefined })
    } else {
      const life = this.#lifeOf(instance, known, now)
      isOther = known.apps !== apps
      isNews = isOther || life === "missing" || life === "gone"
      if (isOther) this.#unlist(instance, known.announcement)
    }
    known.announcement = announcement
    known.apps = apps
    known.sentAt = sentAt
    known.lastHeard = at
    known.goneAt = state === "gone" ? known.goneAt ?? at : undefined
    if (isNews || before?.state !== state || before.direct !== announcement.direct) this.#changes++
    if (isOther) this.#enlist(instance, announcement)
    return isNews
  }

  /** A process was proven gone, at a time, unless it has been heard since then. */
  gone(instance: string, at: number): void {
    const known = this.#known.get(instance)
    if (known === undefined || instance === this.#self || known.lastHeard > at) return
    known.goneAt ??= at
    this.#changes++
  }

  /** Forgets those who have not been heard for long. */
  sweep(): void {
    const now = this.#now()
    for (const [instance, { announcement, lastHeard }] of this.#known) {
      // one that speaks seldom is missing first
      const silence = Math.max(memory, this.#missedAfter(announcement.every) * 2)
      if (now - lastHeard > silence && instance !== this.#self) this.#forget(instance)
    }
  }

  /** Everyone known, in the order in which they were first heard. */
  list(): ReadonlyArray<Instance> {
    return [...this.#known.keys()].map((instance) => this.get(instance)!)
  }

  /** One process. */
  get(instance: string): Instance | undefined {
    const known = this.#known.get(instance)
    if (known === undefined) return undefined
    const isSelf = instance === this.#self
    const { announcement, goneAt } = known
    return {
      ...announcement,
      life: this.#lifeOf(instance, known),
      lastHeard: isSelf && goneAt === undefined ? this.#now() : known.lastHeard,
      goneAt,
      isSelf,
    }
  }

  /** Everyone who handles a subject or did so when last heard. */
  handling(subject: string): ReadonlyArray<Handling> {
    return [...this.#bySubject.get(subject) ?? []].flatMap((name) => {
      const instance = this.get(name)!
      return instance.apps.flatMap(({ app, handlers }) =>
        handlers.flatMap((handler) => handler.subject === subject ? [{ instance, app, handler }] : [])
      )
    })
  }

  /** Whether some who handle a subject, or did so when last heard, read it with another schema than others. */
  isDivided(subject: string): boolean {
    return (this.#schemas.get(subject)?.size ?? 0) > 1
  }

  /** How many live processes handle something, this one included; from now on each is given the time that so many take. */
  servers(): number {
    const now = this.#now()
    let [servers, most] = [0, 0]
    for (const [name, known] of this.#known) {
      if (known.announcement.apps.length === 0) continue
      const life = this.#lifeOf(name, known, now)
      if (life === "running") servers++
      if (life !== "gone") most++
    }
    this.#pace = this.#heartbeat * beatsOf(most)
    return servers
  }

  /** How many live processes serve a call, and when one of those that do, or did, was heard last. */
  seen(type: string): { readonly servers: number; readonly lastHeartbeat: number | null } {
    let servers = 0
    let lastHeartbeat: number | null = null
    for (const name of this.#bySubject.get(type) ?? []) {
      const known = this.#known.get(name)!
      const isRunning = this.#lifeOf(name, known) === "running"
      if (isRunning) servers++
      const heard = isRunning && name === this.#self ? this.#now() : known.lastHeard
      if (lastHeartbeat === null || heard > lastHeartbeat) lastHeartbeat = heard
    }
    return { servers, lastHeartbeat }
  }

  #lifeOf(
    instance: string,
    { announcement: { state, every }, lastHeard, goneAt }: Known,
    now: number = this.#now(),
  ): Life {
    if (goneAt !== undefined) return "gone"
    return instance !== this.#self && now - lastHeard > this.#missedAfter(every) ? "missing" : state
  }

  #missedAfter(every: number): number {
    return Math.max(every, this.#pace) * patience
  }

  /** Whoever was heard last longest ago and is not alive makes room; where all are alive there is none. */
  #makeRoom(): boolean {
    let oldest: string | undefined
    let since = Number.POSITIVE_INFINITY
    for (const [instance, known] of this.#known) {
      const life = this.#lifeOf(instance, known)
      if ((life === "gone" || life === "missing") && known.lastHeard < since) {
        oldest = instance
        since = known.lastHeard
      }
    }
    if (oldest !== undefined) this.#forget(oldest)
    return oldest !== undefined
  }

  #forget(instance: string): void {
    const known = this.#known.get(instance)
    if (known === undefined) return
    this.#known.delete(instance)
    this.#changes++
    this.#unlist(instance, known.announcement)
  }

  #enlist(instance: string, announcement: Announcement): void {
    for (const { schema, subject } of handlersOf(announcement)) {
      let names = this.#bySubject.get(subject)
      if (names === undefined) this.#bySubject.set(subject, names = new Set())
      names.add(instance)
      this.#count(subject, schema, 1)
    }
  }

  #unlist(instance: string, announcement: Announcement): void {
    for (const { schema, subject } of handlersOf(announcement)) {
      const names = this.#bySubject.get(subject)
      names?.delete(instance)
      if (names?.size === 0) this.#bySubject.delete(subject)
      this.#count(subject, schema, -1)
    }
  }

  #count(subject: string, schema: string, more: number): void {
    if (schema === "") return
    let schemas = this.#schemas.get(subject)
    if (schemas === undefined) this.#schemas.set(subject, schemas = new Map())
    const count = (schemas.get(schema) ?? 0) + more
    if (count > 0) schemas.set(schema, count)
    else schemas.delete(schema)
    if (schemas.size === 0) this.#schemas.delete(subject)
  }
}

const handlersOf = ({ apps }: Announcement): ReadonlyArray<PresentHandler> => apps.flatMap(({ handlers }) => handlers)
