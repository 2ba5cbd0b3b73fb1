/**
 * Processes on this machine that are not on the broker that is looked at, by their beacons.
 *
 * Pure. Two brokers are the same where their clusters have the same name; where that is not known, where their addresses
 * say so. Names of one machine differ (`localhost`, `127.0.0.1`), so another address alone is no proof.
 */
import type { Beacon, BrokerAt } from "../../transport/mod.ts"
import type { Place } from "../Scene.ts"
import type { Elsewhere } from "./PsReport.ts"

/** How a beacon's broker and a place are to each other. */
export type Relation = "same" | "other-vhost" | "other-broker" | "in-process"

/** Compares. */
export const relationOf = (at: BrokerAt, place: Place): Relation => {
  if (at.kind === "in-process") return "in-process"
  if (place.kind === "in-process") return "other-broker"
  const isSame = at.cluster !== undefined && place.cluster !== undefined
    ? at.cluster === place.cluster
    : shares(at.addresses, place.addresses ?? [])
  if (!isSame) return "other-broker"
  return at.vhost === place.vhost ? "same" : "other-vhost"
}

const shares = (some: ReadonlyArray<string>, others: ReadonlyArray<string>): boolean => {
  const known = new Set(others.map(asOne))
  return some.some((address) => known.has(asOne(address)))
}

/** An address of this machine by one name. */
const asOne = (address: string): string =>
  address.toLowerCase().replace(/^(127\.0\.0\.1|\[::1\]|localhost):/, "localhost:")

/** Those that nobody heard on this broker. */
export const elsewhereOf = (
  beacons: ReadonlyArray<Beacon>,
  place: Place,
  isHeard: (instance: string) => boolean,
): ReadonlyArray<Elsewhere> =>
  beacons.filter(({ instance }) => !isHeard(instance)).map((beacon) => {
    const { instance, apps, pid, runtime, version, startedAt, broker, gateway } = beacon
    const relation = relationOf(broker, place)
    return {
      instance,
      apps,
      pid,
      runtime,
      version,
      startedAt,
      broker: broker.label,
      ...(gateway !== undefined && { gateway }),
      why: relation === "same" ? "unheard" : relation,
    }
  })
