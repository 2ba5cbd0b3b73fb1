/**
 * The links of a process, and so the lanes of its calls: what the variables say, where the broker is, and what is missing.
 *
 * Part of `launch`. Links are opened only where there is a broker that other processes share and a lane that needs them; where
 * they cannot be, calls go through the broker, and a line says what to do about it. A lane that was asked for by name is not
 * replaced: the start fails.
 */
import { Context, Effect, Layer, Redacted, Stream } from "effect"
import { CurrentSettings, InvalidOption, type Settings } from "../runtime/mod.ts"
import { CurrentLinks, type Links, Transport } from "../transport/mod.ts"
import { variable } from "./variables.ts"

/** What a program or its command line says of lanes; each goes before its variable. */
export interface LaneOptions {
  /** How calls travel: see {@link Settings.lane}. @default WARREN_LANE, else "auto" */
  readonly lane?: Settings["lane"] | undefined
  /** The same in all processes of the team: encrypts what goes past the broker. @default WARREN_SECRET */
  readonly secret?: Redacted.Redacted<string> | string | undefined
  /** What goes past the broker may leave this machine without encryption. @default WARREN_INSECURE */
  readonly insecure?: boolean | undefined
}

const laneNames = ["auto", "broker", "reply", "direct"] as const

const drivers = ["zmtp", "libzmq"] as const

const text = (name: string) =>
  Effect.map(variable(name), (value) => value === undefined ? undefined : Redacted.value(value))

const oneOf = <A extends string>(
  option: string,
  value: string | undefined,
  names: ReadonlyArray<A>,
): Effect.Effect<A | undefined, InvalidOption> => {
  const found = names.find((name) => name === value)
  return value === undefined || found !== undefined
    ? Effect.succeed(found)
    : Effect.fail(new InvalidOption({ option, value: JSON.stringify(value), expected: names.join(", ") }))
}

/** The lane that is asked for; `undefined`: none by name. */
export const laneOf = ({ lane }: LaneOptions): Effect.Effect<Settings["lane"] | undefined, InvalidOption> =>
  Effect.flatMap(
    text("WARREN_LANE"),
    (said) => oneOf(lane === undefined ? "WARREN_LANE" : "lane", lane ?? said, laneNames),
  )

const isYes = (said: string | undefined): boolean => said !== undefined && /^(1|true|yes|on)$/i.test(said)

/** What the links of a process are made of. */
interface Wishes extends LaneOptions {
  readonly lane: Settings["lane"]
}

const openLinks = Effect.fnUntraced(function* ({ lane, secret, insecure }: Wishes) {
  const transport = yield* Transport
  const [status] = yield* Stream.runCollect(Stream.take(transport.status, 1))
  const said = secret ?? (yield* variable("WARREN_SECRET"))
  const driver = yield* oneOf("WARREN_ZEROMQ", yield* text("WARREN_ZEROMQ"), drivers)
  const zeromq = yield* Effect.promise(() => import("../../adapters/zeromq/mod.ts"))
  const opening = zeromq.openLinks({
    local: status?._tag === "Ready" ? status.local : undefined,
    secret: typeof said === "string" ? Redacted.make(said, { label: "WARREN_SECRET" }) : said,
    insecure: insecure ?? isYes(yield* text("WARREN_INSECURE")),
    advertise: yield* text("WARREN_ADVERTISE"),
    listen: yield* text("WARREN_LINKS"),
    // what the broker would carry, and what a message says of itself beside its body
    maxMessageBytes: transport.traits.maxBytes + 256 * 1024,
    driver,
  }).pipe(Effect.provide(zeromq.layerStreams))
  return yield* opening.pipe(
    Effect.map((links): Opened => ({ links, why: "" })),
    Effect.catchTag("NoLinks", (error): Effect.Effect<Opened, InvalidOption> => {
      if (lane !== "auto" || error.isMistake) {
        const expected = `${lane === "auto" ? '"broker"' : '"auto"'}, or links past the broker, but ${error.reason}`
        return Effect.fail(new InvalidOption({ option: "lane", value: `"${lane}"`, expected }))
      }
      return Effect.as(
        Effect.logInfo(`Calls go through the broker, not past it: ${error.reason}`),
        { links: undefined, why: error.reason },
      )
    }),
  )
})

interface Opened {
  readonly links: Links | undefined
  readonly why: string
}

/** Links and the settings that say so, over the transport in the context. */
export const lanesLayer = (options: LaneOptions): Layer.Layer<never, InvalidOption, Transport> =>
  Layer.effectContext(Effect.gen(function* () {
    const settings = yield* CurrentSettings
    const { traits } = yield* Transport
    const lane = (yield* laneOf(options)) ?? settings.lane
    const opened = lane === "broker" || !traits.shared ? undefined : yield* openLinks({ ...options, lane })
    const noLanes = opened?.why === undefined || opened.why === "" ? settings.noLanes : opened.why
    return Context.empty().pipe(
      Context.add(CurrentLinks, opened?.links),
      Context.add(CurrentSettings, { ...settings, lane, noLanes }),
    ) as Context.Context<never>
  }))
