/**
 * The variables that begin with WARREN_: which of them nobody reads, and which values cannot be read.
 *
 * Values are read by the same functions as the command line's; a secret's value is never shown.
 */
import { accessSync, constants } from "node:fs"
import { type Check, checksOf } from "../../inspect/mod.ts"
import { nearest } from "../../contract/mod.ts"
import { readChoice } from "../../transport/mod.ts"
import { brokerExpected } from "../embedded.ts"
import { laneNames } from "../lane.ts"
import { levels, readGateway } from "../run.ts"
import { durationExpected, readBoolean, readCount, readDuration } from "../settings.ts"

const { ok, warning, broken } = checksOf("variables")

/** How a value is read; `isSecret`: it is not shown. */
interface Kind {
  readonly expected: string
  readonly reads: (text: string) => boolean
  readonly isSecret?: true
}

const text: Kind = { expected: "a text", reads: () => true }
const secret: Kind = { ...text, isSecret: true }
const yes: Kind = { expected: "1 or 0, true or false", reads: (value) => readBoolean(value) !== undefined }
const duration: Kind = { expected: durationExpected, reads: (value) => readDuration(value) !== undefined }
const address: Kind = {
  expected: "an http or https address",
  reads: (value) => /^https?:\/\//.test(value) && URL.canParse(value),
}
const file: Kind = { expected: "a file that can be read", reads: (value) => isReadable(value) }
const oneOf = (names: ReadonlyArray<string>): Kind => ({
  expected: names.join(", "),
  reads: (value) => names.includes(value.toLowerCase()),
})

const isReadable = (path: string): boolean => {
  try {
    accessSync(path, constants.R_OK)
    return true
  } catch {
    return false
  }
}

/** Every variable that Warren reads. */
export const variables: Readonly<Record<string, Kind>> = {
  WARREN_ADVERTISE: text,
  WARREN_APP: { expected: "an app's name", reads: (value) => /^[a-zA-Z][a-zA-Z0-9_-]{0,59}$/.test(value) },
  WARREN_BEACONS: text,
  WARREN_BROKER: {
    expected: brokerExpected,
    reads: (value) => readChoice(value) !== undefined,
    isSecret: true,
  },
  WARREN_BROKER_CA: file,
  WARREN_BROKER_CERT: file,
  WARREN_BROKER_KEY: file,
  WARREN_BROKER_PASSWORD: secret,
  WARREN_BROKER_USER: text,
  WARREN_CONCURRENCY: { expected: "a whole number from 1", reads: (value) => readCount(value) !== undefined },
  WARREN_CONSUMER_TIMEOUT: duration,
  WARREN_DATA: text,
  WARREN_EPHEMERAL: yes,
  WARREN_GRACE: duration,
  WARREN_HISTORY: text,
  WARREN_HTTP: { expected: "a port or host:port", reads: (value) => readGateway(value) !== undefined },
  WARREN_INSECURE: yes,
  WARREN_INSPECT: yes,
  WARREN_JSON: yes,
  WARREN_LANE: oneOf(laneNames),
  WARREN_LINKS: text,
  WARREN_LISTEN: { expected: "a port or host:port", reads: (value) => readGateway(value) !== undefined },
  WARREN_LOG_LEVEL: oneOf(levels),
  // it may hold a password
  WARREN_MANAGEMENT: {
    expected: "an http or https address, or off",
    reads: (value) => value === "off" || address.reads(value),
    isSecret: true,
  },
  WARREN_SECRET: secret,
  WARREN_SIGNAL_ECHO: text,
  WARREN_SUPERVISOR: text,
  WARREN_TIMEOUT: duration,
  WARREN_TOKEN: secret,
  WARREN_URL: address,
  WARREN_VERSION: text,
  WARREN_WAIT: duration,
  WARREN_WATCH: yes,
  WARREN_ZEROMQ: oneOf(["zmtp", "libzmq"]),
}

/** Those that the scripts of a checkout read. */
const ofScripts = /^WARREN_(TEST_\w+|RABBITMQ_IMAGE|RUNS|STORMS)$/

/** Variables that are named at most. */
const most = 20

/** Examines them. An empty one is how shells leave one out. */
export const examineVariables = (environment: Readonly<Record<string, string | undefined>>): ReadonlyArray<Check> => {
  const set = Object.entries(environment).filter(([name, value]) => /^WARREN_/i.test(name) && !!value).toSorted()
  if (set.length === 0) return [ok("variables", "none of Warren's is set")]
  const checks: Array<Check> = []
  const known: Array<string> = []
  for (const [name, value = ""] of set) {
    const kind = variables[name]
    if (kind !== undefined && kind.reads(value)) known.push(name)
    else if (kind !== undefined) {
      const shown = kind.isSecret === true ? "it" : JSON.stringify(value)
      checks.push(broken(name, `${shown} cannot be read; expected ${kind.expected}`, `Mend ${name}, or unset it`))
    } else if (ofScripts.test(name)) known.push(name)
    else {
      const near = nearest(name, Object.keys(variables)).filter((one) => one !== name)
      checks.push(warning(
        name,
        "nobody reads it",
        near.length === 0 ? "Unset it; docs/operations.md lists them" : `Did you mean ${near.join(" or ")}?`,
      ))
    }
  }
  return [...(known.length === 0 ? [] : [ok("variables", known.join(", "))]), ...checks.slice(0, most)]
}
