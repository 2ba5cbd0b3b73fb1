/**
 * Who speaks to whom: apps, the events and calls between them, and what of it nobody hears or serves.
 *
 * Plain data, built from uses: an app that sends or handles something, and by what that is known. Pure; where a use is known
 * in several ways, what runs goes before what modules declare, and that before what is remembered.
 */

/** How something is known: it runs, modules declare it, or it was there once. */
export type KnownBy = "now" | "declared" | "once"

/** An app that sends or handles a type. */
export interface Use {
  readonly app: string
  readonly type: string
  readonly kind: "event" | "call"
  readonly role: "sends" | "handles"
  /** `register`; of who sends, `""`. */
  readonly handler: string
  readonly known: KnownBy
  /** When it was seen last, ms since the epoch; where it is `once`. */
  readonly seen?: number | undefined
}

/** One end of a message's way. */
export interface Party {
  readonly app: string
  readonly handler: string
  readonly known: KnownBy
  readonly seen?: number | undefined
}

/**
 * That nobody handles it: no app at all, or none that runs, though one once did or is declared to. An event is then not heard, a call not
 * served.
 */
export type Mark = "nobody" | "nobody-now"

/** An event or a call, and who is at its ends. */
export interface GraphMessage {
  readonly type: string
  readonly kind: "event" | "call"
  readonly senders: ReadonlyArray<Party>
  readonly handlers: ReadonlyArray<Party>
  readonly mark?: Mark
}

/** An app. */
export interface GraphApp {
  readonly app: string
  readonly known: KnownBy
  readonly seen?: number | undefined
}

/** A schedule. */
export interface GraphSchedule {
  readonly app: string
  readonly handler: string
  readonly timing: string
  readonly known: KnownBy
}

/** What the graph is built from. */
export interface GraphFacts {
  /** ms since the epoch. */
  readonly at: number
  /** Where it was looked, for people. */
  readonly source: string
  /** Whether it was seen what runs; otherwise the modules alone are known. */
  readonly isRunning: boolean
  /** Events and calls that are declared, used or not. */
  readonly members: ReadonlyArray<{ readonly type: string; readonly kind: "event" | "call" }>
  readonly apps: ReadonlyArray<GraphApp>
  readonly uses: ReadonlyArray<Use>
  readonly schedules: ReadonlyArray<GraphSchedule>
  /** What could not be found out, in words. */
  readonly gaps: ReadonlyArray<string>
}

/** See the top of the file. */
export interface Graph {
  readonly at: number
  readonly source: string
  readonly isRunning: boolean
  readonly apps: ReadonlyArray<GraphApp>
  readonly messages: ReadonlyArray<GraphMessage>
  readonly schedules: ReadonlyArray<GraphSchedule>
  readonly gaps: ReadonlyArray<string>
}

const strength: Readonly<Record<KnownBy, number>> = { now: 2, declared: 1, once: 0 }

/** What is known best of each key; of two that are remembered, what was seen last. */
const best = <A extends { readonly known: KnownBy; readonly seen?: number | undefined }>(
  all: ReadonlyArray<A>,
  keyOf: (one: A) => string,
): ReadonlyArray<A> => {
  const found = new Map<string, A>()
  for (const one of all) {
    const other = found.get(keyOf(one))
    const isBetter = other === undefined || strength[one.known] > strength[other.known] ||
      one.known === other.known && (one.seen ?? 0) > (other.seen ?? 0)
    if (isBetter) found.set(keyOf(one), one)
  }
  return [...found.values()]
}

const byText = (a: string, b: string): number => a < b ? -1 : a > b ? 1 : 0

/** Builds it; everything in a fixed order. */
export const graphOf = (facts: GraphFacts): Graph => {
  const { at, source, isRunning, members, uses, gaps } = facts
  const kinds = new Map([...members, ...uses].map(({ type, kind }) => [type, kind]))
  const partiesOf = (type: string, role: Use["role"]): ReadonlyArray<Party> =>
    best(uses.filter((one) => one.type === type && one.role === role), ({ app, handler }) => `${app}.${handler}`)
      .map(({ app, handler, known, seen }) => ({ app, handler, known, ...(seen !== undefined && { seen }) }))
      .toSorted((a, b) => strength[b.known] - strength[a.known] || byText(a.app, b.app) || byText(a.handler, b.handler))
  const messages = [...kinds].toSorted(([a], [b]) => byText(a, b)).map(([type, kind]): GraphMessage => {
    const handlers = partiesOf(type, "handles")
    const mark = markOf(handlers, isRunning)
    return { type, kind, senders: partiesOf(type, "sends"), handlers, ...(mark !== undefined && { mark }) }
  })
  const ends = uses.map(({ app, known, seen }): GraphApp => ({ app, known, seen }))
  return {
    at,
    source,
    isRunning,
    // an app that is there is there, whatever else is remembered of it
    apps: best([...facts.apps, ...ends], ({ app }) => app).toSorted((a, b) => byText(a.app, b.app)),
    messages,
    schedules: best(facts.schedules, ({ app, handler }) => `${app}.${handler}`)
      .toSorted((a, b) => byText(a.app, b.app) || byText(a.handler, b.handler)),
    gaps: [...new Set(gaps)],
  }
}

const markOf = (handlers: ReadonlyArray<Party>, isRunning: boolean): Mark | undefined => {
  const counts = (one: Party) => one.known === "now" || !isRunning && one.known === "declared"
  return handlers.some(counts) ? undefined : handlers.length === 0 ? "nobody" : "nobody-now"
}
