/**
 * Warren's front door: what people import to declare apis, write workers and use the bus.
 *
 * Testing is in `warren/testing`, the HTTP gateway in `warren/gateway`, inboxes that outlive a process in `warren/inbox`.
 */
// declaring what an app offers
export {
  type Api,
  api,
  call,
  type CallContract,
  type CallSpec,
  event,
  type EventContract,
  type EventSpec,
  InvalidContract,
  jsonSchema,
  type Match,
  type Message,
} from "./contract/mod.ts"
// writing workers
export { every, handle, type HandlerContext, type Log, on, type RetryPolicy, type Tick, worker } from "./runtime/mod.ts"
export {
  type HostError,
  Inbox,
  InboxError,
  type InboxShape,
  InvalidModule,
  InvalidOption,
  makeMemoryInbox,
  WorkerFailed,
} from "./runtime/mod.ts"
// the bus
export { Bus, type BusShape, type CallOptions, type EmitOptions, type Emitted } from "./runtime/mod.ts"
// the bus for programs: as promises, or as a layer
export { busLayer, connect, type Connected, type ConnectOptions } from "./launch/mod.ts"
// what goes wrong
export {
  type CallError,
  DeadlineExceeded,
  Disconnected,
  type EmitError,
  HandlerDied,
  HandlerFailed,
  InvalidPayload,
  InvalidReply,
  NoHandler,
  NotConfirmed,
  Overloaded,
  ReplyLost,
} from "./contract/mod.ts"
