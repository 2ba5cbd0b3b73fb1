/**
 * The way to a broker, step by step, so that the one that fails is named: its name, its port, the login, joining the others.
 *
 * Above `joining.ts`, which does each; what is seen once it is joined is the verb's business. Ends what it opens.
 */
import { Effect, Option, type Redacted, Redacted as Hidden, Result, type Scope } from "effect"
import { type Check, checksOf, examine, examineBroker, type Examined } from "../../inspect/mod.ts"
import { brokerAt, StewardError } from "../../transport/mod.ts"
import type { CliFailure } from "../Failure.ts"
import { chooseSurveyor, joinBroker, lookInto, swift } from "../joining.ts"
import type { Management } from "../management.ts"
import { placeOf } from "../scene.ts"
import { dial, hostAndPort, resolveHost } from "./dial.ts"

const { ok, warning, broken, skipped } = checksOf("broker")

/** Which broker, and where it says more. */
export interface Reaching {
  readonly broker: Redacted.Redacted<string>
  readonly management: Option.Option<Management>
}

/** What was found on the way. */
export interface Reached extends Examined {
  /** This machine's address towards the broker; `undefined`: it was not reached. */
  readonly local: string | undefined
}

/** ms. */
const patience = 4_000

/** Goes as far as it can. */
export const reachBroker = Effect.fnUntraced(function* (
  input: Reaching,
): Effect.fn.Return<Reached, never, Scope.Scope> {
  const at = brokerAt(Hidden.value(input.broker))
  const dialled = yield* Effect.forEach(at.addresses, dialOne, { concurrency: 4 })
  const reached = dialled.find(({ local }) => local !== undefined)
  const line = dialled.map(({ check }) => check)
  if (reached === undefined) {
    const rest = skipped("login", "nothing answers there, so neither login nor anything behind it could be looked at")
    return { checks: [...line, rest], advertised: [], local: undefined }
  }
  // a node of several that is away is no more than that
  const softened = line.map((check) => check.state === "broken" ? { ...check, state: "warning" as const } : check)
  const beyond = yield* logIn(input)
  return { checks: [...softened, ...beyond.checks], advertised: beyond.advertised, local: reached.local }
})

const dialOne = Effect.fnUntraced(function* (address: string) {
  const { host, port } = hostAndPort(address) ?? { host: address, port: 5672 }
  const addresses = yield* resolveHost(host, patience)
  if (typeof addresses === "string") {
    const check = broken(
      "address",
      `the host "${host}" is unknown (${addresses})`,
      "Mend the host in the broker's address",
    )
    return { check, local: undefined }
  }
  const dialled = yield* dial(host, port, patience)
  if (!dialled.reached) {
    const check = broken(
      "address",
      `${address} (${addresses.join(", ")}): ${dialled.why}`,
      "Start the broker, or mend host and port; a firewall may drop what goes there",
    )
    return { check, local: undefined }
  }
  const check = ok("address", `${address} (${addresses.join(", ")}) accepts connections`)
  return { check, local: dialled.local ?? host }
})

const logIn = Effect.fnUntraced(function* (
  { broker, management }: Reaching,
): Effect.fn.Return<Examined, never, Scope.Scope> {
  const looked = yield* Effect.result(lookInto(broker, "doctor"))
  if (Result.isFailure(looked)) return { checks: [refusedLogin(looked.failure)], advertised: [] }
  const stewardship = looked.success
  const place = placeOf(stewardship, broker)
  const login = ok("login", `user "${place.user}", virtual host "${place.vhost}"`)
  const chosen = yield* Effect.result(chooseSurveyor(stewardship, management, { ...swift, blind: false }))
  const off = Option.some("off" as const)
  const problems = Result.isFailure(chosen)
    ? [warning("management", chosen.failure.problem, chosen.failure.remedy)]
    : []
  const joined = yield* Effect.result(
    joinBroker({ ...swift, broker, management: Result.isFailure(chosen) ? off : management }),
  )
  const own = ({ name }: Check) => problems.length === 0 || name !== "management"
  if (Result.isFailure(joined)) {
    const { surveyor, note } = Result.getOrElse(chosen, () => ({ surveyor: stewardship.steward, note: undefined }))
    const checks = yield* examineBroker({ place, surveyor, note, core: undefined })
    const { problem, remedy } = joined.failure
    return {
      checks: [login, broken("joining", problem, remedyOf(problem, remedy)), ...problems, ...checks.filter(own)],
      advertised: [],
    }
  }
  const { launched: { core, bus }, steward, surveyor, note } = joined.success
  const { checks, advertised } = yield* examine({ core, bus, steward, surveyor, note, place, contracts: new Map() })
  return { checks: [login, ...problems, ...checks.filter(own)], advertised }
})

const refusedLogin = ({ problem, from }: CliFailure): Check => {
  const reason = from instanceof StewardError ? from.reason : undefined
  const detail = reason !== undefined && "detail" in reason ? reason.detail : problem
  return broken(
    "login",
    detail,
    reason?._tag === "Forbidden"
      ? "Mend user, password or virtual host in the address, or WARREN_BROKER_USER and WARREN_BROKER_PASSWORD"
      : "Mend what answers there, or the broker's address",
  )
}

/** The broker's refusals say themselves who mends them. */
const remedyOf = (problem: string, remedy: string | undefined): string => {
  const found = /rabbitmqctl set_permissions .*$/.exec(problem)?.[0]
  return found === undefined ? remedy ?? "See what the broker says" : `\`${found}\``
}
