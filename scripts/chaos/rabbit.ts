/**
 * RabbitMQ as the target of a run, one node or three: how it is reached, what is in its queues, and what is done to it.
 *
 * Below `brokers.ts`, above the verbs of `scripts/rabbitmq`.
 */
import { setTimeout as delay } from "node:timers/promises"
import { type Cluster, type Rabbit, startCluster, startRabbit } from "../rabbitmq.ts"
import { closeConnections } from "./closing.ts"
import type { Target } from "./Target.ts"

/** The nodes. */
interface Nodes {
  readonly nodes: ReadonlyArray<Rabbit>
  readonly cluster: Cluster | undefined
  readonly stop: () => Promise<void>
}

const one = (rabbit: Rabbit): Nodes => ({
  nodes: [rabbit],
  cluster: undefined,
  stop: rabbit.stop,
})

/** Starts it. */
export const startRabbitTarget = async (isCluster: boolean): Promise<Target> => {
  const { nodes, cluster, stop } = isCluster
    ? three(await startCluster())
    : one(await startRabbit({ management: true }))
  const evaluate = async (expression: string) => {
    const node = nodes.find((one) => one.running())
    if (node === undefined) throw new Error("Cannot ask the broker: no node runs")
    return await node.evaluate(expression)
  }
  const address = (index: number): string => {
    const hosts = nodes.map((_, i) => `127.0.0.1:${nodes[(i + index) % nodes.length]!.port}`)
    return `amqp://guest:guest@${hosts.join(",")}`
  }
  /** The node that leads the queue of the first listener. */
  const leader = async (): Promise<Rabbit> => {
    if (cluster === undefined) return nodes[0]!
    const name = (await evaluate(leading)).replaceAll("'", "")
    return nodes.find((node) => node.node === name) ?? nodes[0]!
  }
  return {
    stop,
    // the nodes of a cluster take turns at standing first
    place: (_kind, index) => ({ broker: address(index), embedded: undefined }),
    address: () => Promise.resolve(address(0)),
    kill: async ({ away }) => {
      const victim = await leader()
      await victim.kill()
      await delay(away)
      await victim.start()
    },
    closeConnections: async () => void await Promise.all(nodes.map((node) => closeConnections(node))),
    pause: async ({ node, away }) => {
      const victim = nodes[node % nodes.length]!
      await victim.pause()
      await delay(away)
      await victim.resume()
    },
    alarm: async ({ away }) => {
      await nodes[0]!.alarm(true)
      await delay(away)
      await nodes[0]!.alarm(false)
    },
    cut: async ({ node, away }) => {
      await cluster?.partition(nodes[node % nodes.length]!)
      await delay(away)
      await cluster?.heal()
    },
    depths: async () =>
      new Map(
        (await evaluate(counting)).replaceAll(/["\\]|\s*\n\s*/g, "").trim().split(" ").filter((text) => text !== "")
          .map(
            (text) => {
              const at = text.lastIndexOf("=")
              return [text.slice(0, at), Number(text.slice(at + 1))] as const
            },
          ),
      ),
    open: async () => {
      const counts = await Promise.all(nodes.filter((node) => node.running()).map((node) => node.evaluate(opened)))
      const sum = (part: 0 | 1) =>
        counts.reduce((all, text) => all + Number(text.replaceAll(/[{}]/g, "").split(",")[part]), 0)
      return { connections: sum(0), channels: sum(1) }
    },
  }
}

const three = (cluster: Cluster): Nodes => ({
  nodes: cluster.nodes,
  cluster,
  stop: cluster.stop,
})

const leading = `{ok, Queue} = rabbit_amqqueue:lookup(rabbit_misc:r(<<"/">>, queue, <<"warren.on.chaos.plain">>)),
element(2, amqqueue:get_pid(Queue)).`

// the usual figures of a quorum queue are some seconds old
const counting = `lists:flatten([begin
{resource, _, queue, Name} = amqqueue:get_name(Queue),
Count = try case amqqueue:get_type(Queue) of
rabbit_quorum_queue ->
{ok, {_, N}, _} = ra:leader_query(amqqueue:get_pid(Queue), fun rabbit_fifo:query_messages_total/1, 5000), N;
_ -> Pid = amqqueue:get_pid(Queue), [{messages, N}] = rpc:call(node(Pid), rabbit_amqqueue, info, [Queue, [messages]], 5000), N
end catch _:_ -> -1 end,
io_lib:format("~s=~b ", [Name, Count]) end || Queue <- rabbit_amqqueue:list()]).`

const opened = `{length(rabbit_networking:connections_local()), length(rabbit_channel:list_local())}.`
