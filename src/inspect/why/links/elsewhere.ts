/**
 * Where an app is that does not answer here: in another virtual host of this broker, on another broker from this machine, or
 * connected to this very place and silent.
 */
import { relationOf } from "../../ps/elsewhere.ts"
import type { Evidence } from "../Evidence.ts"
import { list } from "../words.ts"

/** Another place. */
export interface Elsewhere {
  readonly kind: "vhost" | "broker"
  /** `in the virtual host "staging"`, `over amqp://localhost:5673/`. */
  readonly where: string
  readonly evidence: string
}

type Seen = Pick<Evidence, "around" | "place" | "team">

/** Where it is; `undefined`: nowhere that can be seen from here. */
export const elsewhereOf = ({ around, place, team }: Seen, app: string): Elsewhere | undefined => {
  const { connections, elsewhere, beacons } = around
  const lines = connections.known
    ? connections.value.filter(({ apps, vhost }) => apps.includes(app) && vhost !== place.vhost)
    : []
  if (lines.length > 0) {
    const vhosts = list(new Set(lines.map(({ vhost }) => vhost)))
    return {
      kind: "vhost",
      where: `in the virtual host "${vhosts}"`,
      evidence: `${app} is connected to this broker from ${
        list(lines.map(({ peer }) => peer))
      }, in the virtual host "${vhosts}"`,
    }
  }
  const heard = new Set(team.processes.map(({ instance }) => instance))
  const lights = beacons.known
    ? beacons.value.filter(({ apps, instance }) => apps.includes(app) && !heard.has(instance))
    : []
  for (const { pid, broker } of lights) {
    const relation = relationOf(broker, place)
    if (relation === "same") continue
    const evidence = `${app} runs on this machine (pid ${pid}) over ${broker.label}`
    if (relation === "other-vhost") return { kind: "vhost", where: `in the virtual host "${broker.vhost}"`, evidence }
    const where = relation === "in-process"
      ? "with a broker inside its own process"
      : `over ${broker.label}, which is another broker`
    return { kind: "broker", where, evidence }
  }
  const queues = elsewhere.known ? elsewhere.value.filter(({ queue }) => queue.startsWith(`warren.on.${app}.`)) : []
  const vhosts = list(new Set(queues.map(({ vhost }) => vhost)))
  return queues.length === 0 ? undefined : {
    kind: "vhost",
    where: `in the virtual host "${vhosts}"`,
    evidence: `queues of ${app} are in the virtual host "${vhosts}"`,
  }
}

/** Where a process of an app is that is connected to this very place and was not heard; `undefined`: none is seen. */
export const silentAt = ({ around, place, team }: Seen, app: string): string | undefined => {
  const { connections, beacons } = around
  const heard = new Set(team.processes.map(({ instance }) => instance))
  const light = beacons.known
    ? beacons.value.find(({ apps, instance, broker }) =>
      apps.includes(app) && !heard.has(instance) && relationOf(broker, place) === "same"
    )
    : undefined
  if (light !== undefined) return `pid ${light.pid} on this machine`
  const line = connections.known
    ? connections.value.find(({ apps, vhost, instance }) =>
      apps.includes(app) && vhost === place.vhost && !heard.has(instance ?? "")
    )
    : undefined
  return line === undefined ? undefined : `connected from ${line.peer}`
}
