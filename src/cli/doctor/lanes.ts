/**
 * Where calls go past the broker: whether a process that is started here would be reached, and whether others are.
 *
 * What the variables come to is decided by the same plan as a process's own; addresses of processes that run are those they
 * announce. Opens connections and says nothing on them.
 */
import { Effect, Result } from "effect"
import { hostname, networkInterfaces } from "node:os"
import { isLoopback, plan } from "../../../adapters/zeromq/mod.ts"
import { type Advertised, type Check, checksOf } from "../../inspect/mod.ts"
import { readBoolean } from "../settings.ts"
import { dial, hostAndPort, resolveHost } from "./dial.ts"

const { ok, warning, broken, skipped } = checksOf("lanes")

/** ms. */
const patience = 2_000

/** Addresses that are tried at most. */
const most = 40

type Environment = Readonly<Record<string, string | undefined>>

/** What a process with these variables would do. `local`: this machine's address towards the broker. */
export const examineOwnLane = Effect.fnUntraced(function* (
  environment: Environment,
  local: string | undefined,
): Effect.fn.Return<ReadonlyArray<Check>> {
  const of = (name: string) => environment[name] || undefined
  const secret = of("WARREN_SECRET")
  if (of("WARREN_LANE") === "broker") return [skipped("own address", "WARREN_LANE is broker: no call goes past it")]
  if (local === undefined) {
    return [
      skipped(
        "own address",
        "this command has reached no broker itself, and others connect to the address that reaches it",
      ),
    ]
  }
  const planned = plan({
    local,
    insecure: readBoolean(of("WARREN_INSECURE") ?? "no") ?? false,
    advertise: of("WARREN_ADVERTISE"),
    listen: of("WARREN_LINKS"),
    maxMessageBytes: 0,
  }, secret?.length)
  if (Result.isFailure(planned)) {
    const { reason, isMistake } = planned.failure
    const [evidence, remedy] = halves(reason)
    return [
      isMistake
        ? broken("own address", `a process with these variables does not start: ${evidence}`, remedy)
        : warning("own address", `calls of a process that is started here go through the broker: ${evidence}`, remedy),
    ]
  }
  const { host, isEncrypted } = planned.success
  const bare = host.replace(/^\[|\]$/g, "")
  const how = `${isEncrypted ? "encrypted" : "not encrypted"}${
    of("WARREN_ADVERTISE") === undefined ? "" : ", by WARREN_ADVERTISE"
  }`
  const text = `a process that is started here is reached at ${bare} (${how})`
  const addresses = yield* resolveHost(bare, patience)
  if (typeof addresses === "string") {
    return [broken("own address", `${text}, and that host is not known here: ${addresses}`, mendAdvertise)]
  }
  const own = new Set(
    Object.values(networkInterfaces()).flatMap((all) => all?.map(({ address }) => address) ?? []),
  )
  return [
    addresses.some((one) => own.has(one) || isLoopback(one)) ? ok("own address", text) : warning(
      "own address",
      `${text}, which is no address of this machine`,
      `${mendAdvertise}; behind NAT or in a container it may be right`,
    ),
  ]
})

const mendAdvertise = "Mend WARREN_ADVERTISE: the host, or host:port, by which other machines reach this one"

/** What is said to be wrong, and what to do about it. */
const halves = (reason: string): readonly [evidence: string, remedy: string] => {
  const at = reason.indexOf("; ")
  return at < 0 ? [reason, "See docs/lanes.md"] : [reason.slice(0, at), capital(reason.slice(at + 2))]
}

const capital = (text: string): string => `${text[0]?.toUpperCase() ?? ""}${text.slice(1)}`

/** Whether the addresses that processes announce can be connected to from here. */
export const examineOthersLanes = Effect.fnUntraced(function* (
  advertised: ReadonlyArray<Advertised>,
): Effect.fn.Return<ReadonlyArray<Check>> {
  if (advertised.length === 0) return []
  const here = hostname()
  const tried = yield* Effect.forEach(advertised.slice(0, most), (one) => tryOne(one, here), { concurrency: 8 })
  const bad = tried.filter(({ why }) => why !== "" && why !== "elsewhere")
  const apart = tried.filter(({ why }) => why === "elsewhere")
  const good = tried.length - bad.length - apart.length
  const text = `${good} of ${tried.length} can be connected to from here` +
    (apart.length === 0 ? "" : `; ${apart.length} ${apart.length === 1 ? "is" : "are"} on loopback of other machines`)
  return [
    bad.length === 0 ? ok("addresses", text) : warning(
      "addresses",
      `${text}; not ${
        bad.slice(0, 5).map(({ one, place, why }) => `${one.apps.join(", ")} (pid ${one.pid}) at ${place}: ${why}`)
          .join("; ")
      }`,
      "Calls to them go through the broker: open that port, or say the right one with WARREN_ADVERTISE and WARREN_LINKS",
    ),
  ]
})

const tryOne = Effect.fnUntraced(function* (one: Advertised, here: string) {
  const place = /^zmq\+tcp:\/\/([^/#?]+)/.exec(one.address)?.[1] ?? one.address
  const found = hostAndPort(place)
  if (found === undefined) return { one, place, why: "it cannot be read" }
  // there it would be another process of this machine
  if (isLoopback(found.host) && one.host !== here) return { one, place, why: "elsewhere" }
  const dialled = yield* dial(found.host, found.port, patience)
  return { one, place, why: dialled.reached ? "" : dialled.why }
})
