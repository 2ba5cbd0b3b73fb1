/**
 * What `warren ps` knows: every process, what each of its apps is doing, and those that are not where one would look.
 *
 * Plain data. `null`: nobody said it. Times are ms since the epoch on the clock of whoever asked, durations are ms.
 */
import type { Life } from "../../runtime/mod.ts"
import type { HandlerStats, SentStats } from "../../wire/mod.ts"
import type { Place } from "../Scene.ts"

/** Figures of some handlers together, since their process began. */
export interface Figures {
  /** Deliveries not settled. */
  readonly inHand: number | null
  /** How long the delivery that is longest at work has been, ms; `null` where there is none too. */
  readonly oldest: number | null
  /** Deliveries done with, well or not, a second. */
  readonly perSecond: number | null
  /** Half of the last few hundred took at most so long, ms: over several handlers by their numbers; `null` where there is none too. */
  readonly p50: number | null
  /** Nearly all took at most so long, ms: of the slowest handler. */
  readonly p99: number | null
  readonly handled: number | null
  readonly failed: number | null
  readonly retried: number | null
  readonly dead: number | null
  readonly skipped: number | null
  readonly lastFailure: Failure | null
}

/** The last thing that went wrong. */
export interface Failure {
  /** The handler, or what was sent: `sales.quote`. */
  readonly what: string
  readonly at: number | null
  readonly error: string
}

/** One app in one process. */
export interface PsApp extends Figures {
  readonly app: string
  /** How many handlers it has there, and how many of them the broker holds no consumer for. */
  readonly handlers: number
  readonly unheld: number | null
}

/** One process. */
export interface PsProcess {
  readonly instance: string
  /** Whether it is the one that was asked. */
  readonly isSelf: boolean
  /** The app that it speaks for where it hosts none: `web`; `null`: it hosts some, or did not say. */
  readonly caller: string | null
  /** The apps that it hosts; none: it calls and emits only. */
  readonly apps: ReadonlyArray<PsApp>
  readonly host: string
  readonly pid: number
  /** `bun 1.4.5`. */
  readonly runtime: string
  /** The program's own version; `""`: it does not say. */
  readonly version: string
  readonly startedAt: number
  readonly uptime: number
  readonly life: Life
  /** When it was heard last. */
  readonly lastHeard: number
  /** Whether it told what it is doing, when it was asked just now. */
  readonly answers: boolean
  /** Its connection to the broker; `reason`: why it is not as it should be. */
  readonly connection: { readonly state: string; readonly reason?: string } | null
  /** Messages that wait in it for the broker to take them. */
  readonly waiting: number | null
  readonly handlers: ReadonlyArray<HandlerStats>
  readonly sent: ReadonlyArray<SentStats>
  /** The last call or emit of its own that failed. */
  readonly lastFailure: Failure | null
}

/** A process on this machine that is not among the others. */
export interface Elsewhere {
  readonly instance: string
  readonly apps: ReadonlyArray<string>
  readonly pid: number
  readonly runtime: string
  readonly version: string
  readonly startedAt: number
  /** `amqp://localhost:5673/`, `in-process`. */
  readonly broker: string
  readonly gateway?: string
  /** `unheard`: it says to be on this broker, and was not heard there. */
  readonly why: "other-broker" | "other-vhost" | "in-process" | "unheard"
}

/** An app that handled something here, and does not run now. Times are of the clocks of those who wrote them down. */
export interface Once {
  readonly app: string
  readonly lastSeen: number
  /** Whether its last process said goodbye. */
  readonly ended: boolean
  readonly host: string
  readonly pid: number
  readonly version: string
}

/** All of it. */
export interface PsReport {
  readonly at: number
  readonly place: Place
  /** The machine of whoever asked: beacons are those of it. */
  readonly host: string
  readonly processes: ReadonlyArray<PsProcess>
  /** `null`: beacons cannot be seen from here. */
  readonly elsewhere: ReadonlyArray<Elsewhere> | null
  /** `null`: that cannot be read. */
  readonly once: ReadonlyArray<Once> | null
}
