/**
 * Cuts a cluster in two, and heals it.
 *
 * The cut is made in the nodes themselves: every node on one side is told a wrong cookie for every node on the other,
 * then the connections between the sides are dropped; neither can open one again until it knows the right cookie. All
 * that the nodes have to say to each other (Mnesia, Raft, monitors) goes over these connections, so this is a whole cut,
 * needs no rights on the machine, and leaves clients and tools connected. It differs from a pulled cable in one thing:
 * both sides notice at once, while a cable's end takes them up to a minute (`net_ticktime`). Stopping the processes of
 * one side (`pause`) is the other half of the picture: silence that nobody notices for a while.
 */
import { speaksAmqp } from "./ports.ts"
import type { Rabbit } from "./types.ts"
import { until } from "./wait.ts"

const list = (nodes: ReadonlyArray<Rabbit>) => `[${nodes.map(({ node }) => `'${node}'`).join(",")}]`

const forEach = (nodes: ReadonlyArray<Rabbit>, what: string) => `[${what} || Node <- ${list(nodes)}], done.`

const slow = { timeout: 60_000, pause: 100 }

/** Whether every running node speaks AMQP and counts all running nodes among the cluster's. */
export const joined = async (nodes: ReadonlyArray<Rabbit>): Promise<boolean> => {
  const up = nodes.filter((node) => node.running())
  const seen = await Promise.all(up.map(async (node) => {
    if (!await speaksAmqp(node.port)) return false
    return Number(await node.evaluate(runningNodes).catch(() => "0")) === up.length
  }))
  return seen.every(Boolean)
}

// newer versions have renamed it
const runningNodes = `length(case erlang:function_exported(rabbit_nodes, list_running, 0) of
true -> rabbit_nodes:list_running(); false -> rabbit_nodes:all_running() end).`

/** Cuts these nodes off the others; resolves when what has no majority has stopped serving. */
export const cut = async (all: ReadonlyArray<Rabbit>, minority: ReadonlyArray<Rabbit>): Promise<void> => {
  const there = all.filter((node) => minority.includes(node))
  const here = all.filter((node) => !minority.includes(node))
  if (there.length !== minority.length || there.length === 0 || here.length === 0) {
    throw new Error("Cannot cut the cluster: name some of its nodes, but not all")
  }
  const sides = [[there, here], [here, there]] as const
  // each side its own name: with the same wrong cookie on both they would understand each other
  await across(sides, "erlang:set_cookie(Node, node())")
  // by one side alone: a connection has two ends, and all of them go within a moment
  await across([there.some((node) => node.running()) ? sides[0] : sides[1]], "erlang:disconnect_node(Node)")
  for (const [mine, others] of sides) {
    const up = mine.filter((node) => node.running())
    const serves = up.length * 2 > all.length
    await Promise.all(up.map((node) =>
      until(`cut off "${node.node}"`, async () => {
        const left = Number(
          await node.evaluate(`length([Node || Node <- nodes(), lists:member(Node, ${list(others)})]).`),
        )
        return left === 0 && await speaksAmqp(node.port) === serves
      }, slow)
    ))
  }
}

/** Tells every running node the right cookie of all others, and has them meet. */
export const healed = async (all: ReadonlyArray<Rabbit>): Promise<void> => {
  await across([[all, all]], "erlang:set_cookie(Node, erlang:get_cookie())")
  await across([[all, all]], "net_adm:ping(Node)")
  await until("heal the cluster", () => joined(all), slow)
}

const across = async (
  sides: ReadonlyArray<readonly [ReadonlyArray<Rabbit>, ReadonlyArray<Rabbit>]>,
  what: string,
): Promise<void> => {
  await Promise.all(
    sides.flatMap(([mine, others]) =>
      mine.filter((node) => node.running()).map((node) =>
        node.evaluate(forEach(others.filter((other) => other !== node), what))
      )
    ),
  )
}
