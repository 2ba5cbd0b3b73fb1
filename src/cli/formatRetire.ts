/**
 * What `warren topology retire` would remove, and what it removed, as text for people.
 */
import type { Paint } from "./paint.ts"
import type { Plan, Result } from "./retiring.ts"
import { known, short, table } from "./table.ts"

/** The plan as text. */
export const formatPlan = ({ isEmpty, source, note, orphans, stale }: Plan, paint: Paint): string =>
  [
    ...(isEmpty ? [`nothing to retire, by ${source}`] : []),
    ...orphans.flatMap(({ name, role, app, rest, events, ready, consumers, retries, first }) => [
      `${paint("bold", short(name, 160))}  ${paint("dim", `${role} ${short(`${app}.${rest}`, 120)}`)}`,
      ...(role === "listener"
        ? [`  event      ${events === null ? "?" : short(events.join(", ") || "none", 160)}`]
        : []),
      `  ready      ${known(ready)}${role === "token" ? " (its token, which holds nothing of yours)" : ""}`,
      ...(retries === 0 ? [] : [`  retries    ${retries ?? "?"} on their way back to it`]),
      `  consumers  ${known(consumers)}`,
      ...(first.length === 0 ? [] : table(
        paint,
        ["first messages", "type", "app", "age", "payload"],
        first.map(({ id, type, app, age, payload }) => [id, type, app, age, payload]),
      )),
      ...(first.length === 0 ? [""] : []),
    ]),
    ...(stale.length === 0 ? [] : [
      `${paint("bold", "stale bindings")}  ${paint("dim", "bring events that the handler does not take any more")}`,
      ...table(
        paint,
        ["queue", "bound to", "listens to"],
        stale.map(({ queue, key, listensTo }) => [queue, short(key, 120), listensTo.join(", ")]),
      ),
    ]),
    ...(note === undefined ? [] : [`${paint("yellow", "note")}  ${note}`]),
  ].join("\n").trimEnd()

/** What was done, as text. */
export const formatResult = ({ queues, unbound }: Result, paint: Paint): string =>
  [
    ...queues.map((one) => {
      const moved = one.moved > 0 ? `, ${one.moved} moved to the dead letters` : ""
      if (one._tag === "Kept") return `${paint("yellow", "kept")}     ${short(one.queue, 160)}: ${one.why}${moved}`
      const discarded = one.discarded > 0 ? `, ${one.discarded} dropped` : ""
      const retries = one.retries === 0 ? "" : `, ${one.retries ?? "perhaps some"} retries dropped as they come back`
      return `${paint("green", "removed")}  ${short(one.queue, 160)}${moved}${discarded}${retries}`
    }),
    ...unbound.map(({ queue, key }) => `${paint("green", "unbound")}  ${queue} from ${short(key, 120)}`),
  ].join("\n")
