/**
 * One node and its verbs, over whatever runs it: a process of this machine or a container.
 *
 * Adds to a machine's signals what they mean for a broker: when it is gone, when it speaks AMQP, when an alarm holds.
 */
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { binary, type Evaluate } from "./erlang.ts"
import { speaksAmqp } from "./ports.ts"
import type { Rabbit } from "./types.ts"
import { tail, until } from "./wait.ts"

/** What runs a node. */
export interface Machine {
  /** Starts its process; resolves when there is one, long before it is ready. */
  readonly launch: () => Promise<void>
  /** Its process id, while it lives. */
  readonly pid: () => number | undefined
  /** Sends its process a signal. */
  readonly signal: (signal: "SIGKILL" | "SIGTERM" | "SIGSTOP" | "SIGCONT") => Promise<void>
  readonly evaluate: Evaluate
}

/** What of a node never changes. */
export type Facts = Pick<Rabbit, "port" | "tlsUrl" | "caFile" | "managementUrl" | "node" | "folder" | "env">

/** A node with its verbs; `stop` ends everything that is guarded with it. */
export const makeRabbit = (facts: Facts, machine: Machine, timeout: number, stop: () => Promise<void>): Rabbit => {
  const { node, port } = facts
  let paused = false
  let lastPid = 0

  const running = () => machine.pid() !== undefined
  const alive = (what: string) => {
    if (!running()) throw new Error(`Cannot ${what} "${node}": it does not run; start() it`)
    if (paused) throw new Error(`Cannot ${what} "${node}": it is paused; resume() it`)
  }
  const evaluate = async (expression: string) => {
    alive("evaluate on")
    return await machine.evaluate(expression)
  }

  const ended = () => until(`end "${node}"`, () => !running(), { timeout: 30_000 })
  const kill = async () => {
    if (!running()) return
    await machine.signal("SIGKILL")
    await ended()
    paused = false
  }
  const resume = async () => {
    if (running() && paused) await machine.signal("SIGCONT")
    paused = false
  }
  const end = async () => {
    await resume()
    if (running()) await machine.signal("SIGTERM")
    await ended()
  }
  const start = async () => {
    if (running()) return
    await machine.launch()
    try {
      await until(`reach "${node}" on port ${port}`, async () => {
        if (!running()) throw new Error("it exited")
        return await speaksAmqp(port)
      }, { timeout, pause: 50 })
      // by now a server that could not have the port has exited
      lastPid = machine.pid() ?? 0
      if (lastPid === 0) throw new Error(`port ${port} was taken by another program`)
    } catch (cause) {
      const log = await readFile(join(facts.folder, "server.log"), "utf8").catch(() => "")
      throw new Error(`RabbitMQ did not start as "${node}": ${(cause as Error).message}\n${tail(log)}`)
    }
  }

  return {
    ...facts,
    url: `amqp://guest:guest@127.0.0.1:${port}`,
    get pid() {
      return machine.pid() ?? lastPid
    },
    running,
    kill,
    start,
    restart: async () => {
      await end()
      await start()
    },
    pause: async () => {
      if (paused) return
      alive("pause")
      await machine.signal("SIGSTOP")
      paused = true
    },
    resume,
    evaluate,
    closeConnections: async (reason = "closed on purpose") =>
      Number(await evaluate(closing.replace("REASON", binary(reason)))),
    alarm: async (on) => {
      await evaluate(on ? alarming : calming)
      await until(
        `${on ? "raise" : "clear"} the memory alarm of "${node}"`,
        async () => await evaluate(alarmed) === String(on),
      )
    },
    stop,
  }
}

// one that ends by itself meanwhile is no trouble
const closing = `Connections = rabbit_networking:connections_local(),
[catch rabbit_networking:close_connection(Connection, REASON) || Connection <- Connections], length(Connections).`

// the limit before the alarm is kept in the node, and so is lost together with the alarm when it starts again
const alarming = `case persistent_term:get(warren_limit, none) of
none -> persistent_term:put(warren_limit, vm_memory_monitor:get_vm_memory_high_watermark()); _ -> ok end,
vm_memory_monitor:set_vm_memory_high_watermark({absolute, 33554432}), done.`

const calming = `case persistent_term:get(warren_limit, none) of
none -> ok; Limit -> persistent_term:erase(warren_limit), vm_memory_monitor:set_vm_memory_high_watermark(Limit) end, done.`

const alarmed = `lists:any(fun({{resource_limit, memory, Node}, _}) -> Node =:= node(); (_) -> false end,
rabbit_alarm:get_alarms()).`
