/**
 * Who is alive and what it serves, by what was heard and when: on this process's clock alone.
 *
 * `Presence` tells it what comes in, `Vigil` who was proven gone; the errors of calls cite it. It sends nothing. What a
 * process said of its own times is kept for people and never compared. Bounded: so many processes, so long remembered.
 */
import type { Announcement, PresentHandler } from "../wire/mod.ts"

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
const most = 1_000
const memory = 600_000

/** A heartbeat may be late by its jitter and by the way it takes. */
const missedAfter = (every: number): number => every * 3.5

interface Known {
  announcement: Announcement
  /** What it handles, to be compared. */
  apps: string
  lastHeard: number
  goneAt: number | undefined
}

/** The processes of one team, as one of them sees it. */
export class Directory {
  readonly #now: () => number
  readonly #self: string
  readonly #known = new Map<string, Known>()
  /** Names of those who handle a subject. */
  readonly #bySubject = new Map<string, Set<string>>()
  #changes = 0

  /** @param self this process, which is alive as long as it does not say otherwise */
  constructor(self: string, now: () => number) {
    this.#self = self
    this.#now = now
  }

  /** Grows whenever somebody comes, goes, drains, or serves something else: what was derived from it may be out of date. */
  get changes(): number {
    return this.#changes
  }

  /**
   * Takes what a process says of itself; one that was found gone is alive again, unless it says it is not. Returns
   * whether it is new, back, or handles something else than before.
   */
  heard(announcement: Announcement): boolean {
    const { instance, state } = announcement
    const now = this.#now()
    const apps = JSON.stringify(announcement.apps)
    let known = this.#known.get(instance)
    const before = known?.announcement
    let isNews = true
    if (known === undefined) {
      if (this.#known.size >= most && !this.#makeRoom()) return false
      this.#known.set(instance, known = { announcement, apps, lastHeard: now, goneAt: undefined })
    } else {
      const life = this.#lifeOf(instance, known)
      isNews = known.apps !== apps || life === "missing" || life === "gone"
      this.#unlist(instance, known.announcement)
    }
    known.announcement = announcement
    known.apps = apps
    known.lastHeard = now
    known.goneAt = state === "gone" ? known.goneAt ?? now : undefined
    if (isNews || before?.state !== state || before.direct !== announcement.direct) this.#changes++
    for (const { subject } of handlersOf(announcement)) {
      let names = this.#bySubject.get(subject)
      if (names === undefined) this.#bySubject.set(subject, names = new Set())
      names.add(instance)
    }
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
    const before = this.#now() - memory
    for (const [instance, { lastHeard }] of this.#known) {
      if (lastHeard < before && instance !== this.#self) this.#forget(instance)
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

  /** How many live processes handle something, this one included. */
  servers(): number {
    let servers = 0
    for (const [name, known] of this.#known) {
      if (known.announcement.apps.length > 0 && this.#lifeOf(name, known) === "running") servers++
    }
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

  #lifeOf(instance: string, { announcement: { state, every }, lastHeard, goneAt }: Known): Life {
    if (goneAt !== undefined) return "gone"
    return instance !== this.#self && this.#now() - lastHeard > missedAfter(every) ? "missing" : state
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

  #unlist(instance: string, announcement: Announcement): void {
    for (const { subject } of handlersOf(announcement)) {
      const names = this.#bySubject.get(subject)
      names?.delete(instance)
      if (names?.size === 0) this.#bySubject.delete(subject)
    }
  }
}

const handlersOf = ({ apps }: Announcement): ReadonlyArray<PresentHandler> => apps.flatMap(({ handlers }) => handlers)
