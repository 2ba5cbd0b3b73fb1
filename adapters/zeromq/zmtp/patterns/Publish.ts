/**
 * PUB: each message to every peer that wants its beginning. Who takes no more misses it.
 */
import type { Pipe } from "../Pipe.ts"
import type { Message } from "../Session.ts"
import type { OutOfTurn } from "../SocketError.ts"
import type { Subscription } from "../commands.ts"
import { onlySends } from "./outOfTurn.ts"
import type { Offered, Pattern } from "./Pattern.ts"

/** Most topics of one peer, and bytes of them; further ones are ignored. */
const mostTopics = 65_536
const mostTopicBytes = 4 * 1024 * 1024

/** Peers by what they want. */
export class Publish implements Pattern {
  readonly #pipes = new Set<Pipe>()

  attach(pipe: Pipe): undefined {
    this.#pipes.add(pipe)
  }

  detach(pipe: Pipe): void {
    this.#pipes.delete(pipe)
  }

  offer(message: Message): Offered {
    let missed = false
    for (const pipe of this.#pipes) {
      if (!pipe.topics.match(message[0]!)) continue
      if (pipe.hasRoom()) pipe.send(message)
      else missed = true
    }
    return missed ? "dropped" : "sent"
  }

  refusal(): OutOfTurn {
    return onlySends("PUB")
  }

  open(): undefined {
    return undefined
  }

  subscribe(pipe: Pipe, { wanted, topic }: Subscription): void {
    if (!wanted) pipe.topics.remove(topic)
    else if (pipe.topics.size < mostTopics && pipe.topics.bytes + topic.length <= mostTopicBytes) pipe.topics.add(topic)
  }
}
