/**
 * Door of the wire room: how messages are written, named and routed, for any broker.
 */
// bytes
export { fromBytes, maxDepth, NotJson, toBytes } from "./json.ts"
// identity and trace
export type { Ids } from "./ids.ts"
export { CurrentIds, deriveId, makeIds } from "./ids.ts"
export type { Trace } from "./trace.ts"
export { formatTraceparent, nextTrace, parseTraceparent, parseTracestate, withState } from "./trace.ts"
// packets
export type { Meta } from "./headers.ts"
export { Header, readMeta } from "./headers.ts"
export type { Death, Origin, ReplyBody } from "./packets.ts"
export { callPacket, cancelPacket, deadCopy, eventPacket, isDirect, replyPacket, retryCopy } from "./packets.ts"
// presence
export type { Announcement, Notice, PresenceState, PresentApp, PresentHandler } from "./presence.ts"
export { decodeNotice, encodeNotice, noticePacket, presenceLimits, presenceType } from "./presence.ts"
// past the broker
export type { LaneAddress, LaneMessage, RefusalReason } from "./lanes.ts"
export {
  callParts,
  cancelParts,
  formatLaneAddress,
  formatReplyAddress,
  helloParts,
  makeTokens,
  parseLaneAddress,
  parseReplyAddress,
  readLaneMessage,
  receiptParts,
  refusalParts,
  replyParts,
  welcomeParts,
} from "./lanes.ts"
// what is declared
export {
  callQueueLimit,
  callTopology,
  ControlKeys,
  controlTopology,
  deadTopology,
  deliveryLimit,
  Exchange,
  listenerTopology,
  processTopology,
  QueueName,
  replyQueueExpiry,
  retryTiers,
  retryTopology,
  routeTo,
  scheduleTopology,
  tierFor,
} from "./topology.ts"
