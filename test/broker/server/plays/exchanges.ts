/**
 * Exchanges: declaring, deleting, binding to each other, routing.
 */
import { type Play, tableOf } from "../Stage.ts"

/** See the top of the file. */
export const exchanges: ReadonlyArray<Play> = [
  {
    name: "exchange: declare, again, passive, delete",
    run: async (stage) => {
      const a = await stage.open()
      const e = stage.name("e")
      await a.exchange(e, "topic", { durable: true })
      await a.exchange(e, "topic", { durable: true })
      await a.exchange(e, "", { passive: true })
      await a.exchange(e, "direct", { passive: true })
      await a.deleteExchange(e)
      await a.deleteExchange(e)
      await a.exchange(e, "", { passive: true })
    },
  },
  ...(["type", "durable", "autoDelete", "internal"] as const).map((what): Play => ({
    name: `exchange: another ${what}`,
    run: async (stage) => {
      const a = await stage.open()
      await a.exchange(stage.name("e"), "direct")
      await a.exchange(stage.name("e"), what === "type" ? "topic" : "direct", what === "type" ? {} : { [what]: true })
    },
  })),
  {
    name: "exchange: another alternate",
    run: async (stage) => {
      const a = await stage.open()
      await a.exchange(stage.name("e"), "direct", { args: { "alternate-exchange": "amq.fanout" } })
      await a.exchange(stage.name("e"), "direct", { args: { "alternate-exchange": "amq.fanout" } })
      await a.exchange(stage.name("e"), "direct", { args: { "alternate-exchange": "amq.topic" } })
    },
  },
  {
    name: "exchange: an alternate where there was none",
    run: async (stage) => {
      const a = await stage.open()
      await a.exchange(stage.name("e"), "direct")
      await a.exchange(stage.name("e"), "direct", { args: { "alternate-exchange": "amq.topic" } })
    },
  },
  {
    name: "exchange: an alternate that is no text",
    run: async (stage) => {
      const a = await stage.open()
      await a.exchange(stage.name("e"), "direct", { args: { "alternate-exchange": 5 } })
    },
  },
  {
    name: "exchange: other arguments do not matter",
    run: async (stage) => {
      const a = await stage.open()
      await a.exchange(stage.name("e"), "direct", { args: { x: 5 } })
      await a.exchange(stage.name("e"), "direct", { args: { x: 6 } })
    },
  },
  {
    name: "exchange: unknown type",
    run: async (stage) => {
      const a = await stage.open()
      await a.exchange(stage.name("e"), "nonsense")
    },
  },
  {
    name: "exchange: an unknown type for a reserved name",
    run: async (stage) => {
      const a = await stage.open()
      await a.exchange("amq.x", "nonsense")
    },
  },
  {
    name: "exchange: a reserved name",
    run: async (stage) => {
      const a = await stage.open()
      await a.exchange("amq.x", "direct")
    },
  },
  {
    name: "exchange: those that are always there",
    run: async (stage) => {
      const a = await stage.open()
      for (
        const name of ["", "amq.direct", "amq.fanout", "amq.topic", "amq.headers", "amq.match", "amq.rabbitmq.trace"]
      ) {
        await a.exchange(name, "", { passive: true })
      }
      await a.exchange("amq.direct", "direct", { durable: true })
      await a.exchange("amq.match", "headers", { durable: true })
      await a.exchange("amq.direct", "direct")
    },
  },
  {
    name: "exchange: the default one is not asked for",
    run: async (stage) => {
      const a = await stage.open()
      await a.exchange("", "", { passive: true })
    },
  },
  {
    name: "exchange: the default one is not declared",
    run: async (stage) => {
      const a = await stage.open()
      await a.exchange("", "direct", { durable: true })
    },
  },
  {
    name: "exchange: the default one is not deleted",
    run: async (stage) => {
      const a = await stage.open()
      await a.deleteExchange("")
    },
  },
  {
    name: "exchange: amq.direct is not deleted",
    run: async (stage) => {
      const a = await stage.open()
      await a.deleteExchange("amq.direct")
    },
  },
  {
    name: "exchange: an unknown reserved one is deleted",
    run: async (stage) => {
      const a = await stage.open()
      await a.deleteExchange("amq.nothing")
    },
  },
  {
    name: "exchange: line ends in a name",
    run: async (stage) => {
      const a = await stage.open()
      await a.exchange(stage.name("e\r\nf"), "direct")
      await a.exchange(stage.name("ef"), "direct", { passive: true })
      await a.publish(stage.name("e\nf"), "x", "x", {}, { mandatory: true })
    },
  },
  {
    name: "exchange: delete if unused",
    run: async (stage) => {
      const a = await stage.open()
      const e = stage.name("e")
      await a.exchange(e, "fanout")
      await a.queue("", { exclusive: true })
      await a.bind("", e)
      await a.deleteExchange(e, true)
    },
  },
  {
    name: "exchange: delete if unused, and it is; it may be a target",
    run: async (stage) => {
      const a = await stage.open()
      const e = stage.name("e")
      await a.exchange(e, "fanout")
      await a.link("amq.topic", e, "x")
      await a.deleteExchange(e, true)
      await a.exchange(e, "fanout", { passive: true })
    },
  },
  {
    name: "exchange: auto-delete goes with its last binding",
    run: async (stage) => {
      const a = await stage.open()
      const e = stage.name("e")
      await a.exchange(e, "direct", { autoDelete: true })
      await a.queue("", { exclusive: true })
      await a.exchange(e, "direct", { passive: true })
      await a.bind("", e, "1")
      await a.bind("", e, "2")
      await a.unbind("", e, "1")
      await a.exchange(e, "direct", { passive: true })
      await a.unbind("", e, "2")
      await a.exchange(e, "direct", { passive: true })
    },
  },
  {
    name: "exchange: auto-delete goes with the queue",
    run: async (stage) => {
      const a = await stage.open()
      const e = stage.name("e")
      await a.exchange(e, "direct", { autoDelete: true })
      await a.queue("", { exclusive: true })
      await a.bind("", e, "1")
      await a.deleteQueue("")
      await a.exchange(e, "direct", { passive: true })
    },
  },
  {
    name: "exchange: bind to each other, in a circle",
    run: async (stage) => {
      const a = await stage.open()
      const [e, f, q] = [stage.name("e"), stage.name("f"), stage.name("q")]
      await a.exchange(e, "topic")
      await a.exchange(f, "fanout")
      await a.queue(q, { exclusive: true })
      await a.link(e, f, "a.*")
      await a.link(e, f, "a.*")
      await a.link(f, e, "")
      await a.bind(q, f)
      await a.publish(e, "a.b", "through", {}, { mandatory: true })
      await a.publish(e, "b", "not", {}, { mandatory: true })
      await a.get(q, true)
      await a.get(q, true)
      await a.unlink(e, f, "a.*")
      await a.publish(e, "a.b", "not", {}, { mandatory: true })
      await a.unlink(e, f, "a.*")
      await a.deleteExchange(f)
    },
  },
  {
    name: "exchange: bind an unknown source",
    run: async (stage) => {
      const a = await stage.open()
      await a.link(stage.name("none"), "amq.topic", "x")
    },
  },
  {
    name: "exchange: bind an unknown target",
    run: async (stage) => {
      const a = await stage.open()
      await a.link("amq.topic", stage.name("none"), "x")
    },
  },
  {
    name: "exchange: bind two unknown ones",
    run: async (stage) => {
      const a = await stage.open()
      await a.link(stage.name("none"), stage.name("nothing"), "x")
    },
  },
  {
    name: "exchange: unbind unknown ones",
    run: async (stage) => {
      const a = await stage.open()
      await a.unlink(stage.name("none"), stage.name("nothing"), "x")
      await a.unlink("amq.topic", "amq.fanout", "x")
      await a.unlink("amq.topic", stage.name("nothing"), "x")
    },
  },
  {
    name: "exchange: bind the default one as source",
    run: async (stage) => {
      const a = await stage.open()
      await a.link("", "amq.topic", "x")
    },
  },
  {
    name: "exchange: bind the default one as target",
    run: async (stage) => {
      const a = await stage.open()
      await a.link("amq.topic", "", "x")
    },
  },
  {
    name: "exchange: publish to an internal one",
    run: async (stage) => {
      const a = await stage.open()
      await a.exchange(stage.name("e"), "fanout", { internal: true })
      await a.publish(stage.name("e"), "x", "x")
    },
  },
  {
    name: "exchange: what leads nowhere goes to the alternate",
    run: async (stage) => {
      const a = await stage.open()
      const [e, alternate, q] = [stage.name("e"), stage.name("alternate"), stage.name("q")]
      await a.exchange(alternate, "fanout", { internal: true })
      await a.exchange(e, "direct", { args: { "alternate-exchange": alternate } })
      await a.queue(q, { exclusive: true })
      await a.publish(e, "x", "0", {}, { mandatory: true })
      await a.bind(q, alternate)
      await a.publish(e, "x", "1", {}, { mandatory: true })
      await a.get(q, true)
      await a.bind(q, e, "y")
      await a.publish(e, "y", "2", {}, { mandatory: true })
      await a.get(q, true)
      await a.get(q, true)
      await a.deleteExchange(alternate)
      await a.publish(e, "x", "3", {}, { mandatory: true })
    },
  },
  {
    name: "exchange: headers",
    run: async (stage) => {
      const a = await stage.open()
      const [e, q] = [stage.name("e"), stage.name("q")]
      await a.exchange(e, "headers")
      await a.queue(q, { exclusive: true })
      await a.bind(q, e, "", { "x-match": "all", a: 1, b: "x", "x-c": true })
      const headers = (values: Readonly<Record<string, string | number>>) => ({ headers: tableOf(values) })
      await a.publish(e, "", "both", headers({ a: 1, b: "x" }), { mandatory: true })
      await a.publish(e, "", "one", headers({ a: 1 }), { mandatory: true })
      await a.publish(e, "", "none", {}, { mandatory: true })
      await a.unbind(q, e, "", { "x-match": "all", a: 1, b: "x", "x-c": true })
      await a.bind(q, e, "k", { "x-match": "any", a: 1, b: { type: "void", value: undefined } })
      await a.publish(e, "", "a", headers({ a: 1 }), { mandatory: true })
      await a.publish(e, "", "b", headers({ b: "anything" }), { mandatory: true })
      await a.publish(e, "", "neither", headers({ a: 2 }), { mandatory: true })
      await a.purge(q)
      await a.bind(q, e, "", { "x-match": "nonsense" })
    },
  },
  {
    name: "exchange: topics",
    run: async (stage) => {
      const a = await stage.open()
      const [e, q] = [stage.name("e"), stage.name("q")]
      await a.exchange(e, "topic")
      await a.queue(q, { exclusive: true })
      await a.bind(q, e, "a.*.#.z")
      for (const key of ["a.z", "a.b.z", "a.b.c.z", "a..z", "a", "", "a.b.c"]) {
        await a.publish(e, key, key, {}, { mandatory: true })
      }
    },
  },
  {
    name: "exchange: no wait",
    run: async (stage) => {
      const a = await stage.open()
      await a.exchange(stage.name("e"), "topic", { noWait: true })
      await a.exchange(stage.name("e"), "topic", { passive: true })
      await a.exchange(stage.name("e"), "direct", { noWait: true })
    },
  },
]
