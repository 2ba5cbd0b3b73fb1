/**
 * Door of the wire codec of AMQP 0-9-1: bytes in, data out; no socket and no session.
 */
// what is wrong with bytes
export type { WireError, WireErrorTag } from "./WireError.ts"
export { isWireError, replyCodes, wireError } from "./WireError.ts"
// values
export type { Long } from "./primitives.ts"
export type { Decimal, Field, FieldType, FieldTypes, Table } from "./fields.ts"
export { fieldLimits } from "./fields.ts"
// methods
export type { ContentMethod, ContentName, Method, MethodName, MethodOf } from "./methods.ts"
export { methods } from "./methods.ts"
export { notImplemented } from "./methodCodec.ts"
export type { Properties } from "./properties.ts"
// frames
export type { BodyFrame, Frame, Greeting, HeaderFrame, HeartbeatFrame, MethodFrame } from "./frames.ts"
export {
  frameOverhead,
  heartbeat,
  leastFrameMax,
  protocolHeader,
  writeBody,
  writeContent,
  writeHeader,
  writeMethod,
} from "./frames.ts"
export type { FrameReaderOptions } from "./FrameReader.ts"
export { FrameReader } from "./FrameReader.ts"
// messages of several frames
export type { Content, Plain, TooLarge } from "./Assembly.ts"
export { Assembly } from "./Assembly.ts"
