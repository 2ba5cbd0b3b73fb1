/**
 * What was found out before the way is walked: plain data, of which each part may be unknown.
 */
import type { ContractSpec } from "../../contract/mod.ts"
import type {
  Beacon,
  ConnectionFacts,
  ExchangeInsight,
  NodeFacts,
  Packet,
  QueueFacts,
  QueueInsight,
} from "../../transport/mod.ts"
import type { Sighting } from "../../wire/mod.ts"
import type { Finding } from "../Finding.ts"
import type { Place } from "../Scene.ts"
import type { Question } from "./Question.ts"
import type { Team } from "./Team.ts"

/** What of the broker's facts is found at one queue. */
export interface AtQueue {
  /** Counts of this moment; `undefined`: there is no such queue. */
  readonly now: Finding<QueueFacts | undefined>
  /** More, some seconds old. */
  readonly insight: Finding<QueueInsight | undefined>
  /** Keys that bring messages of the exchange into it. */
  readonly bindings: Finding<ReadonlyArray<string>>
  /** Letters of the app's dead-letter queue that its handler, or the broker, has put there from this queue. */
  readonly letters: Finding<ReadonlyArray<Letter>>
  /** Messages in the retry tiers that come back to it. */
  readonly retries: Finding<ReadonlyArray<Waiting>>
}

/** A dead letter. */
export interface Letter {
  readonly packet: Packet
  readonly reason: string
  readonly error: string
  /** When it died, ms since the epoch; 0: it does not say. */
  readonly at: number
}

/** A message in a retry tier. */
export interface Waiting {
  readonly id: string
  readonly type: string
  readonly attempt: number
  /** How long the tier keeps it, ms. */
  readonly delay: number
}

/** What a question is about. */
export interface Target {
  readonly kind: "event" | "call"
  readonly app: string
  /** `register`; of a call, the call's member. */
  readonly handler: string
  readonly queue: string
}

/** Something that happened to the message that is asked for, and where. */
export interface Tracked extends Sighting {
  readonly process: string
}

/** What is known of the whole broker. */
export interface Surroundings {
  readonly exchange: Finding<ExchangeInsight | undefined>
  /** Everything bound to the exchange. */
  readonly bindings: Finding<ReadonlyArray<{ readonly queue: string; readonly key: string }>>
  readonly nodes: Finding<ReadonlyArray<NodeFacts>>
  readonly connections: Finding<ReadonlyArray<ConnectionFacts>>
  readonly elsewhere: Finding<ReadonlyArray<{ readonly vhost: string; readonly queue: string }>>
  /** Processes on this machine, whatever broker they are on. */
  readonly beacons: Finding<ReadonlyArray<Beacon>>
  /** Why this process's connection takes nothing; `undefined`: it does. */
  readonly obstacle: string | undefined
}

/** See the top of the file. */
export interface Evidence {
  readonly question: Question
  readonly now: number
  readonly place: Place
  /** `""` where the broker is in this process. */
  readonly source: string
  readonly contracts: ReadonlyMap<string, ContractSpec>
  /** Why modules at hand could not be read. */
  readonly unread: ReadonlyArray<string>
  readonly team: Team
  readonly target: Target | undefined
  readonly at: AtQueue
  readonly around: Surroundings
  /** `undefined`: no message was named. */
  readonly tracked: ReadonlyArray<Tracked> | undefined
}
