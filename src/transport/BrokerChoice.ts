/**
 * Which broker a program is to use, as people say it: an address of RabbitMQ, or one of two words.
 *
 * Read by `connect()` and by the command line, so that `--broker`, `broker` and WARREN_BROKER mean the same. Dials nothing.
 */
import { Redacted } from "effect"
import { brokerUrls } from "./BrokerUrl.ts"

/** What was said. */
export type BrokerChoice =
  | { readonly _tag: "Address"; readonly url: Redacted.Redacted<string> }
  /** The project's own, that its processes share: `embedded`. */
  | { readonly _tag: "Embedded" }
  /** One that this process has to itself: `in-process`. */
  | { readonly _tag: "InProcess" }

/** The words. */
export const brokerWords = { embedded: "embedded", inProcess: "in-process" } as const

/** Reads it; `undefined`: it is neither an address nor a word. */
export const readChoice = (said: string | Redacted.Redacted<string>): BrokerChoice | undefined => {
  const text = Redacted.isRedacted(said) ? Redacted.value(said) : said
  if (text === brokerWords.embedded) return { _tag: "Embedded" }
  if (text === brokerWords.inProcess) return { _tag: "InProcess" }
  if (brokerUrls(text) === undefined) return undefined
  return { _tag: "Address", url: Redacted.isRedacted(said) ? said : Redacted.make(said) }
}
