/**
 * Door of the inspect room: what is in a broker, whose it is, and what can go.
 */
// what is known beforehand
export type { Known, KnownHandler } from "./Known.ts"
// what is there
export type { Holding, Inventory, Orphan, StaleBinding, Used } from "./inventory.ts"
export { sortQueues, takeInventory } from "./inventory.ts"
export type { QueueName, Role } from "./queueNames.ts"
export { readQueueName } from "./queueNames.ts"
export type { Difference, Reader } from "./differences.ts"
export { differences } from "./differences.ts"
// what can go
export type { Policy, Preview, Retired } from "./retire.ts"
export { previewOrphans, retireOrphan } from "./retire.ts"
// who is there
export type { Elsewhere, Failure, Figures, Once, PsApp, PsProcess, PsReport } from "./ps/PsReport.ts"
export { ps, psWatch } from "./ps/ps.ts"
export type { Relation } from "./ps/elsewhere.ts"
export { elsewhereOf, relationOf } from "./ps/elsewhere.ts"
// what is looked at, and what may be asked
export type { ModuleListener, Place, Scene } from "./Scene.ts"
export { contractsByType } from "./Scene.ts"
export type { Asking, Following, Verb } from "./Verb.ts"
export { InspectError } from "./Verb.ts"
export { verbs } from "./verbs.ts"
export { readContracts, readLedger } from "./ledger.ts"
export type { Finding } from "./Finding.ts"
// why
export type { Cause, CauseCode, Link as WhyLink, LinkName, Report as WhyReport } from "./why/Report.ts"
export type { Question as WhyQuestion } from "./why/Question.ts"
export { why } from "./why/why.ts"
// following one message
export type { EndTold, HopTold, MissedTold, Open, RoutedQueue, RoutedTold, TraceTold } from "./trace/told.ts"
export type { TraceInput } from "./trace/trace.ts"
// messages as they go by
export type {
  TapCount,
  TapCountsTold,
  TapMessageTold,
  TapMissedTold,
  TapOpenTold,
  TapPausedTold,
  TapProcess,
  TapTold,
} from "./tap/told.ts"
export type { TapInput } from "./tap/question.ts"
// what is said, and what changes of it break
export type { SchemaContract, SchemaDocument } from "./schema/Document.ts"
export { refuses } from "./schema/refuses.ts"
export { dialect, readDocument, schemaFormat } from "./schema/Document.ts"
export type { ModuleContracts } from "./schema/modules.ts"
export { documentOfModules } from "./schema/modules.ts"
export type { Clash } from "./schema/Clash.ts"
export type { MemberDiff, SchemaDiff } from "./schema/diff.ts"
export { diffDocuments, isBreaking, isUnsure } from "./schema/diff.ts"
export type { CheckOptions, FindingCode, SchemaCheck, SchemaFinding } from "./schema/check.ts"
export { checkDocument, findingCodes } from "./schema/check.ts"
// what was given up
export type { Buried } from "./dead/Letter.ts"
export type { LetterGroup } from "./dead/Groups.ts"
export type { QueueRead } from "./dead/queues.ts"
export type { DeadReport } from "./dead/ls.ts"
export type { GivenUpBy, ShownLetter, ShowReport } from "./dead/show.ts"
export type { Fit } from "./dead/fit.ts"
export type { Payload as DeadPayload } from "./dead/payload.ts"
export type { MovedTold, Moving, Part as MovingPart, PlanTold, ProgressTold, Stayed } from "./dead/Moving.ts"
export type { Selection } from "./dead/selection.ts"
export type { RetryInput } from "./dead/retry.ts"
export type { DropInput } from "./dead/drop.ts"
export type { EditInput, EditReport } from "./dead/edit.ts"
export type { ExportInput, ExportReport } from "./dead/export.ts"
export type { Change } from "./dead/changes.ts"
export { deadDrop } from "./dead/drop.ts"
export { deadEdit } from "./dead/edit.ts"
export { deadExport } from "./dead/export.ts"
export { deadLs } from "./dead/ls.ts"
export { deadRetry } from "./dead/retry.ts"
export { deadShow } from "./dead/show.ts"
// is all as it should be
export type { Advertised, Check, CheckState, DoctorReport, Examined, Verdict } from "./doctor/Check.ts"
export { checksOf, verdictOf } from "./doctor/Check.ts"
export type { BrokerView } from "./doctor/broker.ts"
export { examineBroker } from "./doctor/broker.ts"
export { examine } from "./doctor/doctor.ts"
// who speaks to whom
export type {
  Graph,
  GraphApp,
  GraphFacts,
  GraphMessage,
  GraphSchedule,
  KnownBy,
  Mark,
  Party,
  Use,
} from "./graph/Graph.ts"
export { graphOf } from "./graph/Graph.ts"
