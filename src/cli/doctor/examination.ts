/**
 * Everything `warren doctor` looks at, in order: the software, the variables, the machine, the broker, who is on it, and lanes.
 *
 * Below the command, above one file a subject. Goes over a broker where one is named, else through the gateway of a running
 * process; where there is neither, it says what it left out.
 */
import { Effect, Option, type Redacted } from "effect"
import process from "node:process"
import { type Check, checksOf, type DoctorReport, type Examined, verdictOf } from "../../inspect/mod.ts"
import { defaultUrl } from "../defaultUrl.ts"
import { ask, brokerOf, type InspectInput } from "../inspecting.ts"
import { quietly } from "../joining.ts"
import { examineOthersLanes, examineOwnLane } from "./lanes.ts"
import { examineMachine } from "./machine.ts"
import { reachBroker, type Reached } from "./reaching.ts"
import { examineSoftware } from "./software.ts"
import { examineVariables } from "./variables.ts"

/** What the command was given. */
export interface DoctorInput extends InspectInput {
  /** Files and folders whose disks matter. */
  readonly data: ReadonlyArray<string>
}

/** Examines all of it. Never fails. */
export const examineAll = Effect.fnUntraced(function* (input: DoctorInput): Effect.fn.Return<DoctorReport> {
  // that nobody hosts the embedded one is no fault
  const broker = yield* Effect.orElseSucceed(brokerOf(input), () => Option.none<Redacted.Redacted<string>>())
  const [machine, reached] = yield* Effect.all([
    examineMachine(input.data),
    Option.isSome(broker)
      ? quietly(reachBroker({ broker: broker.value, management: input.management }))
      : askGateway(input),
  ], { concurrency: "unbounded" })
  const own = yield* examineOwnLane(process.env, reached.local)
  const others = yield* examineOthersLanes(reached.advertised)
  const checks = [
    ...examineSoftware(),
    ...examineVariables(process.env),
    ...machine,
    ...reached.checks,
    ...own,
    ...others,
  ]
  return { verdict: verdictOf(checks), checks }
})

const { ok, broken, unknown, skipped } = checksOf("gateway")

/** What the process behind a gateway sees of its broker; that nobody is at the usual place is no fault. */
const askGateway = (input: DoctorInput): Effect.Effect<Reached> => {
  const url = Option.getOrElse(input.url, () => defaultUrl)
  const alone = (check: Check): Reached => ({ checks: [check], advertised: [], local: undefined })
  return ask(input, "doctor", {}).pipe(
    Effect.map((answer): Reached => {
      const { checks, advertised } = answer as Examined
      return {
        checks: [ok("gateway", `${url} answers, and looks into its broker`), ...checks],
        advertised,
        local: undefined,
      }
    }),
    Effect.catch(({ problem, remedy, from }) => {
      const isThere = (from as { readonly _tag?: string } | undefined)?._tag !== "Disconnected"
      if (isThere) return Effect.succeed(alone(unknown("gateway", `${url}: ${problem}`, remedy)))
      return Effect.succeed(alone(
        Option.isSome(input.url) ? broken("gateway", problem, remedy) : skipped(
          "gateway",
          `no broker is named (--broker, WARREN_BROKER), nobody hosts the project's embedded one, and nobody answers at ${url}: ` +
            "nothing that runs could be looked at",
        ),
      ))
    }),
  )
}
