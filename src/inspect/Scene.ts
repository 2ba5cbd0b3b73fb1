/**
 * What the engine looks at: one broker, the processes on it, and the contracts at hand.
 *
 * Put together by whoever asks: a command that joins the broker for as long as it takes, or a running process that is
 * asked through its gateway. Below it the ports; above it everything in this room that answers a question.
 */
import type { Effect } from "effect"
import { apiOf, type ContractSpec } from "../contract/mod.ts"
import type { BusShape, CoreShape } from "../runtime/mod.ts"
import type { Beacon, Steward, Surveyor } from "../transport/mod.ts"

/** Which broker it is, for people; no password. */
export interface Place {
  readonly kind: "rabbitmq" | "embedded" | "in-process"
  /** Its name and version. */
  readonly server: string
  /** Where it was reached: `127.0.0.1:5672/`. */
  readonly label: string
  readonly vhost: string
  /** Host and port of each node that was named, and the name of the cluster: by these two brokers are told apart. */
  readonly addresses?: ReadonlyArray<string> | undefined
  readonly cluster?: string | undefined
  /** Who asks; `""`: nobody has to say. */
  readonly user: string
}

/** A listener that a module at hand exports. */
export interface ModuleListener {
  readonly app: string
  readonly name: string
  /** `sales.orderPlaced`. */
  readonly subject: string
}

/** See the top of the file. */
export interface Scene {
  /** This process on the broker. */
  readonly core: CoreShape
  readonly bus: BusShape
  /** Counts that are true at the moment, and every change. */
  readonly steward: Steward
  /** The best source there is: the management API, or the steward itself. */
  readonly surveyor: Surveyor
  /** Why there is no better source; `undefined`: this is the best. */
  readonly note: string | undefined
  readonly place: Place
  /** Contracts of the modules at hand, by type; they may be none. */
  readonly contracts: ReadonlyMap<string, ContractSpec>
  /** Listeners of the modules at hand, whether they run or not. @default none */
  readonly listeners?: ReadonlyArray<ModuleListener> | undefined
  /** Those that serve a call, likewise; `subject`: `sales.quote`. @default none */
  readonly servers?: ReadonlyArray<ModuleListener> | undefined
  /** Why modules at hand could not be read, one sentence each. @default none */
  readonly unread?: ReadonlyArray<string> | undefined
  /** Who runs on this machine, on whatever broker; `undefined`: that cannot be seen from here. */
  readonly beacons?: Effect.Effect<ReadonlyArray<Beacon>> | undefined
  /** Of which of them messages may be sent: through a gateway those that it exposes. @default all */
  readonly reaches?: "all" | "exposed" | undefined
}

/** Contracts by type, and with them the other members of their apis: whoever knows one knows them all. */
export const contractsByType = (contracts: Iterable<ContractSpec>): ReadonlyMap<string, ContractSpec> => {
  const own = [...contracts]
  const all = [...own.flatMap((one) => apiOf(one)?.contracts ?? []), ...own]
  return new Map(all.map((one) => [one.type, one]))
}
