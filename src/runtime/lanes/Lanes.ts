/**
 * The short lanes of calls in one process: both sides over the same links.
 *
 * Part of `Core`; where there are no links, or the lane is `broker`, there are none of them, and every call goes through the
 * broker. A message that cannot be read is dropped and counted.
 */
import { CurrentLinks, type Links } from "../../transport/mod.ts"
import { formatLaneAddress, formatReplyAddress, helloParts, makeTokens, readLaneMessage } from "../../wire/mod.ts"
import { Effect, type Scope } from "effect"
import type { CoreShape } from "../Core.ts"
import { LaneClient, type LaneClientCore } from "./LaneClient.ts"
import { LaneServer, type LaneServerCore } from "./LaneServer.ts"
import { Ways } from "./Ways.ts"

/** What of a core lanes stand on. */
export type LanesCore = LaneClientCore & LaneServerCore & Pick<CoreShape, "monotonic" | "settings">

/** The lanes of one process. */
export interface Lanes {
  readonly client: LaneClient
  readonly server: LaneServer
  /** Where others open links to this process, for people. */
  readonly endpoint: string
  /** Links of this process that are up. */
  readonly links: () => number
  /** The header `warren-reply` for a token. */
  readonly replyAddress: (token: string) => string
}

/** Lanes over the links in the context, until the scope closes. */
export const makeLanes = Effect.fnUntraced(function* (
  core: LanesCore,
): Effect.fn.Return<Lanes | undefined, never, Scope.Scope> {
  const links = yield* CurrentLinks
  if (links === undefined || core.settings.lane === "broker" || core.presence.directory === undefined) return undefined
  const { monotonic } = core
  const ways = new Ways(core, links, ({ instance }) => helloParts(monotonic(), instance, core.now()))
  yield* Effect.addFinalizer(() => Effect.sync(() => ways.close()))
  const client = new LaneClient(core, ways, makeTokens((bytes) => void crypto.getRandomValues(bytes)), monotonic)
  const server = new LaneServer(core, ways)
  links.listen((from, parts) => {
    const message = readLaneMessage(parts)
    switch (message?._tag) {
      case "Call":
        return server.onCall(from, message)
      case "Reply":
        return void (client.onReply(from, message) || stray(core, from.name, "a reply that nobody awaits"))
      case "Receipt":
        return server.onReceipt(message)
      case "Cancel":
        return server.onCancel(message)
      case "Refusal":
        return client.onRefusal(message)
      case "Hello":
        return server.onHello(from, message)
      case "Welcome":
        return ways.onWelcome(from)
      case undefined:
        return stray(core, from.name, "a message of a link that cannot be read")
    }
  })
  const own = laneAddressOf(links, core.instance)
  return {
    client,
    server,
    endpoint: links.endpoint,
    links: () => ways.up,
    replyAddress: (token) => formatReplyAddress(own, token),
  }
})

/** Where a process with these links is reached past the broker; announced. */
export const laneAddressOf = ({ endpoint }: Links, instance: string): string =>
  formatLaneAddress({ endpoint, instance })

const stray = (core: LanesCore, from: string, error: string): void =>
  core.journal.record({ fact: "stray-reply", at: core.now(), id: "", type: "", app: from, error })
