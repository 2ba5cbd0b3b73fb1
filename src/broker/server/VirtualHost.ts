/**
 * One virtual host: an engine of its own, with the exchanges that every virtual host has, and the direct replies.
 *
 * Between `Server.ts`, which makes it, and the channels, whose methods it carries out. What is in one is not seen in another.
 */
import { Engine } from "../Engine.ts"
import type { Journal } from "../Journal.ts"
import { type Content, payload } from "./Content.ts"
import { DirectReplies } from "./DirectReplies.ts"

/** How a virtual host is connected to its surroundings. */
export interface VirtualHostOptions {
  readonly name: string
  readonly now: () => number
  readonly onDue: () => void
  readonly onBacklog: () => void
  readonly onDefect: (defect: unknown) => void
  readonly journal: Journal<Content> | undefined
}

/** Deliveries before other work has its turn. */
const budget = 2_000

/** See the top of the file. */
export class VirtualHost {
  readonly name: string
  readonly engine: Engine<Content>
  readonly replies: DirectReplies

  constructor({ name, now, onDue, onBacklog, onDefect, journal }: VirtualHostOptions) {
    this.name = name
    this.engine = new Engine<Content>({
      payload,
      now,
      onDue,
      onBacklog,
      onDefect,
      budget,
      ...(journal === undefined ? {} : { journal }),
    })
    this.replies = new DirectReplies()
  }

  /** Declares what every virtual host has; to be called once what was kept is back. */
  furnish(): void {
    for (const [name, type] of predeclared) this.engine.declareExchange({ name, type, durable: true })
    this.engine.declareExchange({ name: "amq.rabbitmq.trace", type: "topic", durable: true, internal: true })
  }
}

const predeclared = [
  ["amq.direct", "direct"],
  ["amq.fanout", "fanout"],
  ["amq.topic", "topic"],
  ["amq.headers", "headers"],
  ["amq.match", "headers"],
] as const
