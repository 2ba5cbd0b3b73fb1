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
export {
  callPacket,
  cancelPacket,
  deadCopy,
  deathHeaders,
  eventPacket,
  isDirect,
  replyPacket,
  retryCopy,
  revivedCopy,
} from "./packets.ts"
// presence
export type { Announcement, Hearsay, Notice, PresenceState, PresentApp, PresentHandler, Told } from "./presence.ts"
export { decodeNotice, encodeNotice, encodeTold, noticePacket, presenceLimits, presenceType } from "./presence.ts"
// enquiries
export type {
  Answer,
  Answered,
  AnswerTo,
  Enquiry,
  HandlerStats,
  KnownContract,
  Mishap,
  Question,
  SentStats,
  Sighting,
} from "./enquiry.ts"
export {
  answerType,
  canaryType,
  decodeAnswer,
  decodeEnquiry,
  encodeAnswer,
  encodeEnquiry,
  enquiryLimits,
  enquiryType,
} from "./enquiry.ts"
// what was once there
export type {
  Contracts,
  Ledger,
  LedgerApp,
  LedgerHandler,
  LedgerInstance,
  LedgerSent,
  SpokenContract,
} from "./ledger.ts"
export {
  decodeContracts,
  decodeLedger,
  encodeContracts,
  encodeLedger,
  joinContracts,
  joinLedgers,
  ledgerLimits,
  ledgerPacket,
  ledgerType,
  seenOf,
} from "./ledger.ts"
// following a message
export type { Follow, FollowedHop, HopNotice } from "./hop.ts"
export { decodeHops, encodeHops, formatFollow, hopLimits, hopPacket, hopType, parseFollow } from "./hop.ts"
// telling whoever taps
export type { TapCondition, TapNotice, TapOrder, TappedCount, TappedMessage } from "./tap.ts"
export {
  decodeTapHello,
  decodeTapNotice,
  decodeTapOrder,
  encodeTapHello,
  encodeTapNotice,
  encodeTapOrder,
  holds,
  tapHello,
  tapHelloType,
  tapLimits,
  tapPacket,
  tappedType,
  tapQueue,
  tapType,
  valueAt,
} from "./tap.ts"
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
  deadDeliveryLimit,
  deadTopology,
  deliveryLimit,
  directoryTopology,
  Exchange,
  ledgerParts,
  ledgerTopology,
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
