/**
 * The form of a table of methods: what a channel does for each, and what it answers.
 *
 * Beside `Channel.ts`, which looks methods up. A method that is not in a table is refused. Whoever carries one out returns
 * the answer, which is not sent where the peer said that it does not wait, and throws a `Refused` where it cannot.
 */
import type { Method, MethodName, MethodOf } from "../amqp/mod.ts"
import type { Channel } from "./Channel.ts"

/** See the top of the file. */
export type Handlers = {
  readonly [Name in MethodName]?: (channel: Channel, method: MethodOf<Name>) => Method | undefined
}
