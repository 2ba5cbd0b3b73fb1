/**
 * The verb `dead.show`: all that is known of some dead letters, and whether they would fit if they came again.
 *
 * Changes nothing. Whatever a letter's headers do not say is `null`.
 */
import { Effect, Schema } from "effect"
import type { HeaderValue } from "../../transport/mod.ts"
import { Header, readMeta } from "../../wire/mod.ts"
import { readInput } from "../readInput.ts"
import type { Scene } from "../Scene.ts"
import type { Asking, InspectError } from "../Verb.ts"
import { type Fit, makeFitting } from "./fit.ts"
import type { Letter } from "./Letter.ts"
import { type Payload, payloadOf } from "./payload.ts"
import type { QueueRead } from "./queues.ts"
import { type Kept, select, type Selected, type Selection, SelectionFields } from "./selection.ts"

/** Letters that are shown unless somebody wants more, and at most. */
const usual = 5
const mostShown = 100

/** The process that gave a letter up. */
export interface GivenUpBy {
  readonly host: string
  readonly pid: number
}

/** One letter, as far as anything is known of it. */
export interface ShownLetter extends Letter {
  /** Frames of the handler's own files; `null`: none are known. */
  readonly stack: ReadonlyArray<string> | null
  readonly traceparent: string | null
  /** The message that caused it. */
  readonly cause: string | null
  /** When its payload was changed by hand. */
  readonly edited: number | null
  readonly contentType: string
  readonly payload: Payload
  /** Fingerprints: as it was sent, and what the handler reads with now; `null`: nobody says. */
  readonly schema: { readonly sent: string | null; readonly now: string | null; readonly type: string }
  readonly fit: Fit
  /** `null`: nobody says. */
  readonly by: GivenUpBy | null
}

/** See the top of the file. */
export interface ShowReport {
  readonly at: number
  readonly kind: Selected["kind"]
  readonly name: string
  /** The oldest of them. */
  readonly letters: ReadonlyArray<ShownLetter>
  /** How many there are. */
  readonly count: number
  readonly queues: ReadonlyArray<QueueRead>
}

const Input = Schema.Struct({
  ...SelectionFields,
  most: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: mostShown }))),
})

/** The verb. */
export const deadShow: Asking = {
  kind: "ask",
  name: "dead.show",
  looks: true,
  run: (scene, input) =>
    Effect.flatMap(
      readInput("dead.show", Input, input),
      ({ most = usual, ...selection }) => show(scene, selection, most),
    ),
}

const show = Effect.fnUntraced(function* (
  scene: Scene,
  selection: Selection,
  most: number,
): Effect.fn.Return<ShowReport, InspectError> {
  const selected = yield* select(scene, selection)
  return {
    at: scene.core.now(),
    kind: selected.kind,
    name: selected.name,
    letters: yield* shownOf(scene, selected, selected.kept.slice(0, most)),
    count: selected.count,
    queues: selected.queues,
  }
})

/** What is known of letters. */
const shownOf = Effect.fnUntraced(function* (
  scene: Scene,
  { roster }: Pick<Selected, "roster">,
  kept: ReadonlyArray<Kept>,
): Effect.fn.Return<ReadonlyArray<ShownLetter>> {
  const fitting = yield* makeFitting(scene, roster)
  return kept.map(({ letter, message: { packet } }): ShownLetter => {
    const { headers, body, contentType } = packet
    const meta = readMeta(packet)
    const trace = headers[Header.traceparent]
    const edited = headers[Header.edited]
    const stack = headers[Header.deadStack]
    const { type, schema } = fitting.current(letter)
    return {
      ...letter,
      stack: typeof stack === "string" && stack !== "" ? stack.split("\n") : null,
      traceparent: typeof trace === "string" && meta.trace !== undefined ? trace : null,
      cause: meta.cause ?? null,
      edited: typeof edited === "number" ? edited : null,
      contentType,
      payload: payloadOf(body),
      schema: { sent: meta.schema || null, now: schema, type },
      fit: fitting.fit(letter, body),
      by: givenUpBy(headers[Header.deadBy]),
    }
  })
})

/** `4711@warranty-1`, read. */
const givenUpBy = (text: HeaderValue | undefined): GivenUpBy | null => {
  const [, pid, host] = /^(\d{1,10})@(.{1,255})$/s.exec(typeof text === "string" ? text : "") ?? []
  return pid === undefined || host === undefined ? null : { host, pid: Number(pid) }
}
