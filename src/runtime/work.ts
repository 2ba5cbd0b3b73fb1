/**
 * What a host's posts say of themselves to other processes, and their watch over what arrives.
 *
 * Between `Host` and `Presence`; starts and decides nothing.
 */
import { fingerprint } from "../contract/mod.ts"
import type { Delivery } from "../transport/mod.ts"
import type { PresentHandler } from "../wire/mod.ts"
import type { Work } from "./Announcer.ts"
import type { CoreShape } from "./Core.ts"
import type { Post } from "./Post.ts"

/** Posts as others must know them. */
export const workOf = (posts: ReadonlyArray<Post>): Work => ({
  apps: [...Map.groupBy(posts, ({ bound }) => bound.app)].map(([app, ofApp]) => ({
    app,
    handlers: ofApp.map(handlerOf),
  })),
  inHand: () => posts.reduce((sum, { dispatcher }) => sum + dispatcher.size(), 0),
})

const handlerOf = ({ bound: { name, handler }, station: { kind, subject, queue } }: Post): PresentHandler => ({
  name,
  kind,
  subject,
  queue,
  schema: handler.kind === "schedule" ? "" : fingerprint(handler.contract),
  version: handler.kind === "schedule" ? "" : handler.contract.version,
  idempotent: handler.kind === "call" && handler.contract.idempotent,
})

/** Hands a post its deliveries; on a shared transport, messages written with another schema are noted. */
export const comparing = ({ presence }: CoreShape, { bound, dispatcher }: Post): (delivery: Delivery) => void => {
  const compare = presence.compare(bound)
  return compare === undefined ? dispatcher.deliver : (delivery) => {
    compare(delivery.packet)
    dispatcher.deliver(delivery)
  }
}
