/**
 * What a host's posts say of themselves to other processes, and their watch over what arrives.
 *
 * Between `Host` and `Presence`; starts and decides nothing.
 */
import { fingerprint } from "../contract/mod.ts"
import type { Delivery } from "../transport/mod.ts"
import type { PresentHandler } from "../wire/mod.ts"
import type { HandlerState, Work } from "./Announcer.ts"
import type { CoreShape } from "./Core.ts"
import type { Post } from "./Post.ts"

/** Posts as others must know them. */
export const workOf = (
  posts: ReadonlyArray<Post>,
  troubles: ReadonlyMap<Post, string>,
  isDraining: () => boolean,
): Work => ({
  apps: [...Map.groupBy(posts, ({ bound }) => bound.app)].map(([app, ofApp]) => ({
    app,
    handlers: ofApp.map(handlerOf),
  })),
  inHand: () => posts.reduce((sum, { dispatcher }) => sum + dispatcher.size(), 0),
  isDraining,
  handlers: () => posts.map((post) => stateOf(post, troubles.get(post))),
})

const stateOf = (post: Post, trouble: string | undefined): HandlerState => {
  const { bound: { app, core }, dispatcher, prefetch, station: { concurrency } } = post
  const { name, kind, subject, queue, schema } = handlerOf(post)
  const { running, since, sinceId, halted, lastHalted } = dispatcher.look()
  return {
    app,
    name,
    kind,
    subject,
    queue,
    schema,
    held: trouble === undefined,
    ...(trouble !== undefined && { heldError: trouble }),
    concurrency,
    prefetch,
    inHand: dispatcher.size(),
    running,
    ...(since !== undefined && { oldest: Math.max(0, core.now() - since) }),
    ...(sinceId !== undefined && { oldestId: sinceId.slice(0, 255) }),
    halted,
    ...(lastHalted !== undefined && { lastHalted }),
  }
}

const handlerOf = ({ bound: { name, handler }, station: { kind, subject, queue } }: Post): PresentHandler => ({
  name,
  kind,
  subject,
  queue,
  schema: handler.kind === "schedule" ? "" : fingerprint(handler.contract),
  version: handler.kind === "schedule" ? "" : handler.contract.version,
  idempotent: handler.kind === "call" && handler.contract.idempotent,
})

/** Hands a post its deliveries, but for canaries; on a shared transport, messages written with another schema are noted. */
export const comparing = (
  { presence, enquiries, taps }: CoreShape,
  { bound, dispatcher }: Post,
): (delivery: Delivery) => void => {
  const compare = presence.compare(bound)
  return (delivery) => {
    if (enquiries.meet(delivery, bound.label)) return
    if (taps.isOpen) taps.met(delivery, bound.handler.kind)
    compare?.(delivery.packet)
    dispatcher.deliver(delivery)
  }
}
