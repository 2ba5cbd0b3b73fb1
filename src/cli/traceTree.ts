/**
 * What `warren trace` prints: hops as they happen, one line each, below the message and the handler they belong to.
 *
 * The look is that of `warren call --trace` (`trail.ts`). Lines come in the order in which they are heard, so what happens at
 * the same time is told in turn: what stands below another one by now is named again. Text alone; it prints nothing.
 */
import type { HopTold, RoutedTold, TraceTold } from "../inspect/mod.ts"
import type { Paint, Style } from "./paint.ts"
import { formatLine, type Line } from "./trail.ts"

/** Characters of a time, so that lines stand below each other though none knows of the next. */
const width = 9

/** Where a message, or one of the handlers that have it, stands. */
interface Block {
  readonly depth: number
  readonly name: string
  /** Of the message. */
  readonly id: string
}

/** The lines of one trace. */
export class TraceTree {
  readonly #paint: Paint
  readonly #messages = new Map<string, Block>()
  readonly #hands = new Map<string, Block>()
  /** Whose lines come last at each depth, as far down as it goes. */
  #path: Array<Block> = []

  constructor(paint: Paint) {
    this.#paint = paint
  }

  /** What is to be printed now; perhaps nothing. */
  lines(told: TraceTold): ReadonlyArray<string> {
    switch (told.kind) {
      case "hop":
        return this.#hop(told).map((line) => formatLine(line, width, this.#paint))
      case "routed":
        return this.#routed(told).map((line) => formatLine(line, width, this.#paint))
      case "missed":
        return [`${" ".repeat(width + 5)}${this.#paint("yellow", `${told.count} more, which are not told`)}`]
      case "end":
        return []
    }
  }

  #hop(hop: HopTold): ReadonlyArray<Line> {
    const { at, reckoned, id, type, app, handler, cause, fact } = hop
    const isSent = isSender(fact)
    const lines: Array<Line> = []
    const head = (block: Block, detail: string): void => {
      lines.push({ at, isReckoned: reckoned, depth: block.depth, what: block.name, detail, isHead: true })
      this.#enter(block)
    }
    let message = this.#messages.get(id)
    if (message === undefined) {
      const parent = cause === undefined ? undefined : this.#parent(cause, isSent ? handler : undefined)
      if (parent !== undefined) lines.push(...this.#goOn(parent, hop))
      message = { depth: parent === undefined ? 0 : parent.depth + 1, name: type, id }
      this.#messages.set(id, message)
      head(message, isSent ? `from ${app}, ${id}` : id)
    }
    let block = message
    if (!isSent && handler !== undefined) {
      const key = `${id} ${handler}`
      const known = this.#hands.get(key)
      block = known ?? { depth: message.depth + 2, name: handler, id }
      if (known === undefined) {
        this.#hands.set(key, block)
        lines.push(...this.#goOn(message, hop))
        head(block, `instance ${hop.instance}, host ${hop.host}, pid ${hop.pid}`)
      }
    }
    const said = wordsFor(hop)
    if (said === undefined) return lines
    lines.push(...this.#goOn(block, hop), { at, isReckoned: reckoned, depth: block.depth + 1, isHead: false, ...said })
    return lines
  }

  /** Goes on with a block, and names it where another one has come in between. */
  #goOn(block: Block, { at, reckoned }: { readonly at: number; readonly reckoned: boolean }): ReadonlyArray<Line> {
    const isLast = this.#path[block.depth] === block
    this.#enter(block)
    if (isLast) return []
    const { depth, name, id } = block
    return [{ at, isReckoned: reckoned, depth, what: name, detail: `goes on, ${id}`, isHead: false, style: "dim" }]
  }

  #enter(block: Block): void {
    this.#path.length = block.depth
    this.#path[block.depth] = block
  }

  #parent(cause: string, handler: string | undefined): Block | undefined {
    const hand = handler === undefined ? undefined : this.#hands.get(`${cause} ${handler}`)
    return hand ?? this.#messages.get(cause)
  }

  #routed({ at, reckoned, id, complete, queues }: RoutedTold): ReadonlyArray<Line> {
    const message = this.#messages.get(id)
    if (message === undefined) return []
    const named = queues.map(({ queue, followed, consumers }) => {
      const notes = [...(consumers === 0 ? ["no consumer"] : []), ...(followed ? [] : ["not followed"])]
      return notes.length === 0 ? queue : `${queue} (${notes.join(", ")})`
    })
    const where = named.length === 0
      ? "to at least one queue"
      : complete
      ? `to ${named.join(", ")}`
      : `to at least one queue; these listen: ${named.join(", ")}`
    const style: Style | undefined = queues.some(({ consumers }) => consumers === 0) ? "yellow" : undefined
    return [...this.#goOn(message, { at, reckoned }), {
      at,
      isReckoned: reckoned,
      depth: message.depth + 1,
      what: "routed",
      detail: where,
      isHead: false,
      style,
    }]
  }
}

/** Whether a message's sender tells that fact. */
export const isSender = (fact: string): boolean => senders.has(fact)

const senders: ReadonlySet<string> = new Set([
  ...["sent", "emitted", "unheard", "not-emitted"],
  ...["called", "published", "confirmed", "sent straight", "replied", "answered", "refused"],
])

type Words = Pick<Line, "what" | "detail" | "style">

/** What a hop is called, and how; `undefined`: the head above it says it. */
const wordsFor = (hop: HopTold): Words | undefined => {
  const { fact, queue, attempt = 1, ms, delay = 0, error, detail } = hop
  const say = (what: string, detail?: string, style?: Style): Words => ({ what, detail, style })
  const took = ms === undefined ? undefined : `${ms} ms`
  switch (fact) {
    case "sent":
    case "called":
      return undefined
    case "emitted":
      return say("confirmed", "the broker has it")
    case "unheard":
      return say("unheard", "no queue wanted it: nobody listens", "yellow")
    case "not-emitted":
      return say("not emitted", error, "red")
    case "delivered":
      return say("arrived", queue === undefined ? detail : `from ${queue}, ${detail ?? ""}`)
    case "started":
      return say("started", attempt > 1 ? `attempt ${attempt}` : undefined)
    case "handled":
      return say("handled", error === undefined ? took : `${took}, with ${error}`)
    case "failed":
      return say("failed", error, "red")
    case "retry":
      return say(`retry in ${delay / 1_000} s`, `attempt ${attempt} then`, "yellow")
    case "dead":
      return say("dead-lettered", error, "red")
    case "refused":
      return say("refused", error, "red")
    case "rerouted":
    case "skipped":
    case "cancelled":
      return say(fact, error ?? detail, "yellow")
    case "returned":
      return say("stopped", error, "yellow")
    case "given back":
    case "rejected":
      return say(fact, undefined, "yellow")
    default:
      return say(fact, detail ?? error)
  }
}
