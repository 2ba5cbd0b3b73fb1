/**
 * Door of the runtime room: the bus, the handlers, and the host that runs them.
 */
// the bus
export type { BusShape, CallOptions, DeclaredOf, EmitOptions, Emitted, ValueOf } from "./Bus.ts"
export { Bus } from "./Bus.ts"
export { busLayer } from "./BusLive.ts"
export type { CoreShape } from "./Core.ts"
export { Core } from "./Core.ts"
// writing workers
export type {
  CallHandler,
  Handler,
  HandlerContext,
  HandlerOptions,
  Listener,
  ListenerOptions,
  Log,
  ScheduledHandler,
  ScheduleOptions,
  Timing,
} from "./Handler.ts"
export { isHandler } from "./Handler.ts"
export type { Answer, Handlers, Provided, Tick, WorkerOptions } from "./worker.ts"
export { every, handle, on, worker } from "./worker.ts"
export type { RetryPolicy } from "./Retry.ts"
export { InvalidOption, millis } from "./Retry.ts"
export type { InboxShape, Processed } from "./Inbox.ts"
export { Inbox, InboxError, makeMemoryInbox } from "./Inbox.ts"
// running workers
export type { AppModule, ModuleOptions, NamedHandler, Namespace } from "./Module.ts"
export { checkTogether, InvalidModule, readModule } from "./Module.ts"
export type { Host, HostError } from "./Host.ts"
export { makeHost, WorkerFailed } from "./Host.ts"
export type { Station } from "./Post.ts"
export { nextDue } from "./Schedules.ts"
// who is there
export type { Handling, Instance, Life } from "./Directory.ts"
export type { Machine } from "./Machine.ts"
export { CurrentMachine } from "./Machine.ts"
export type { Presence } from "./Presence.ts"
export type { Enquiries, EnquiryOptions, Told } from "./Enquiries.ts"
// settings and facts
export type { Settings } from "./Settings.ts"
export { CurrentSettings, defaultSettings } from "./Settings.ts"
export type { Entry, Fact, Journal } from "./Journal.ts"
export { Why } from "./Journal.ts"
export { CurrentJournal, tee } from "./Journal.ts"
export { CurrentInspected } from "./Inspected.ts"
export type { Current, Hand } from "./Current.ts"
export { CurrentDelivery, spanOf, traceOf } from "./Current.ts"
// the way of a call
export type { Lane } from "./lanes/sendCall.ts"
export type { CallTrail, Hop, ServerTrail } from "./Trail.ts"
export { readCallTrail } from "./Trail.ts"
// following a message as it goes
export type { Asking, Follows, HeardHop, Listening } from "./Follows.ts"
// spans
export type { OpenStep, Step, Telemetry } from "./Telemetry.ts"
export { CurrentTelemetry } from "./Telemetry.ts"
// what was thrown
export { describeError } from "./invoke.ts"
export { framesOf } from "./frames.ts"
