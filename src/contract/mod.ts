/**
 * Door of the contract room: what apps say to each other, as pure declarations and values.
 */
// declaring
export type {
  Api,
  ApiInfo,
  ApiOptions,
  CallDefinition,
  CallOptions,
  Definition,
  EventDefinition,
  Members,
} from "./api.ts"
export { api, apiOf, call, contractsIn, event, infoOf, InvalidContract, isApi } from "./api.ts"
// contracts and their messages
export type { CallContract, CallSpec, ContractSpec, EventContract, EventSpec, PayloadArguments } from "./Contract.ts"
export { isCall, isContract } from "./Contract.ts"
export type { Expected } from "./Message.ts"
export { Match, Message } from "./Message.ts"
// names that are nearly right
export { nearest } from "./nearest.ts"
// schemas, compiled
export type { Codec, JsonSchema, Misfit } from "./Codec.ts"
export { makeCodec, show } from "./Codec.ts"
export { codeKeyword, isNameless, keysName, lenient, unnamed, whenAbsent, writing } from "./marks.ts"
export type { ApiSchema, MemberSchema } from "./jsonSchema.ts"
export { fingerprint, jsonSchema, memberSchema } from "./jsonSchema.ts"
export type { AnyErrorSchema, AnySchema, Part, SchemaInput, ToSchema } from "./Schemas.ts"
// what goes wrong
export type { CallError, EmitError, Seen } from "./CallError.ts"
export {
  CallErrorSchema,
  DeadlineExceeded,
  Disconnected,
  HandlerDied,
  HandlerFailed,
  InvalidPayload,
  invalidPayload,
  InvalidReply,
  invalidReply,
  isCallError,
  isReservedTag,
  NoHandler,
  NotConfirmed,
  Overloaded,
  ReplyLost,
  unseen,
} from "./CallError.ts"
