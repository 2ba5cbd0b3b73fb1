/**
 * A topology as text for people: one table each for handlers, apis, queues and bindings.
 */
import type { TopologyReport } from "../gateway/mod.ts"
import type { Paint } from "./paint.ts"
import { known, table } from "./table.ts"

/** The text, without a line break at the end. `state`: what is said of the whole, where the report does not know. */
export const formatTopology = (report: TopologyReport, paint: Paint, state: string = stateOf(report)): string => {
  return [
    `${paint("bold", "apps")}  ${paint("dim", state)}`,
    ...table(paint, ["app", "file"], report.apps.map(({ app, file }) => [app, file])),
    paint("bold", "handlers"),
    ...table(
      paint,
      ["handler", "kind", "of", "queue", "at a time", "in hand"],
      report.handlers.map(({ label, kind, subject, queue, concurrency, inHand }) => [
        label,
        kind,
        subject,
        queue,
        String(concurrency),
        String(inHand),
      ]),
    ),
    paint("bold", "apis"),
    ...table(
      paint,
      ["name", "kind", "version", "exposed", "fingerprint", "handled by"],
      report.apis.flatMap(({ version, members }) =>
        members.map((member) => [
          member.type,
          member.kind,
          version,
          member.exposed ? "yes" : "no",
          member.fingerprint,
          member.handlers.join(", ") || "-",
        ])
      ),
    ),
    paint("bold", "queues"),
    ...table(
      paint,
      ["queue", "type", "ready", "in hand", "consumers"],
      report.queues.map(({ name, type, ready, unacked, consumers }) => [
        name,
        type,
        known(ready),
        known(unacked),
        known(consumers),
      ]),
    ),
    paint("bold", "bindings"),
    ...table(
      paint,
      ["exchange", "key", "queue"],
      report.bindings.map(({ exchange, key, queue }) => [exchange, key || '""', queue]),
    ),
  ].join("\n").trimEnd()
}

const stateOf = ({ transport, ready }: TopologyReport): string =>
  transport === "none" ? "derived, not running" : `${transport} broker, ${ready ? "ready" : "not ready"}`
