/**
 * Cases of the socket suite: questions and answers by turns, and the envelopes that bring answers back through others.
 */
import assert from "node:assert/strict"
import { Effect } from "effect"
import { bytes, type Case, closable, failureOf, message, type Peer, until } from "./rig.ts"

/** Answers each question with itself behind a word. */
const echo = Effect.fnUntraced(function* (rep: Peer, word: string, times: number) {
  for (let i = 0; i < times; i++) yield* rep.say(word, ...(yield* rep.hearRaw))
})

/** Gives what one side says to the other, and back. */
const proxy = (front: Peer, back: Peer) => {
  front.socket.deliver((message) => void back.socket.offer(message))
  back.socket.deliver((message) => void front.socket.offer(message))
}

/** REQ, REP, and what stands between them. */
export const turns: ReadonlyArray<Case> = [
  {
    name: "REQ asks and REP answers, by turns",
    run: ({ listen, dial }) =>
      Effect.gen(function* () {
        const rep = yield* listen("REP")
        const req = yield* dial("REQ", rep.at)
        for (let i = 0; i < 3; i++) {
          yield* req.say(`question ${i}`, "", "more")
          assert.deepEqual(yield* rep.hear, [`question ${i}`, "", "more"])
          yield* rep.say("", `answer ${i}`)
          assert.deepEqual(yield* req.hear, ["", `answer ${i}`])
        }
      }),
  },
  {
    name: "REQ and REP out of turn fail, and go on afterwards",
    run: ({ listen, dial }) =>
      Effect.gen(function* () {
        const rep = yield* listen("REP")
        const req = yield* dial("REQ", rep.at)
        const failures: Array<string> = []
        const fails = (effect: Effect.Effect<unknown, { readonly _tag: string; readonly message: string }>) =>
          Effect.map(failureOf(effect), (failure) => {
            assert.equal(failure._tag, "OutOfTurn")
            failures.push(failure.message)
          })
        yield* fails(req.hear)
        yield* fails(rep.say("answer"))
        yield* req.say("question")
        yield* fails(req.say("another"))
        yield* rep.hear
        yield* fails(rep.hear)
        yield* rep.say("answer")
        yield* fails(rep.say("another"))
        assert.deepEqual(yield* req.hear, ["answer"])
        yield* fails(req.hear)
        assert.deepEqual(failures, [
          "Cannot receive: nothing was asked; send a question first",
          "Cannot send: nobody asked; receive a question first",
          "Cannot send: the last question is not answered yet; receive its answer first",
          "Cannot receive: the last question is not answered yet; send its answer first",
          "Cannot send: nobody asked; receive a question first",
          "Cannot receive: nothing was asked; send a question first",
        ])
        yield* req.say("last")
        yield* echo(rep, "got", 1)
        assert.deepEqual(yield* req.hear, ["got", "last"])
      }),
  },
  {
    name: "REQ asks each peer in turn",
    run: ({ listen, open }) =>
      Effect.gen(function* () {
        const reps = [yield* listen("REP"), yield* listen("REP")]
        const req = yield* open("REQ")
        for (const { at } of reps) yield* req.socket.connect(at)
        yield* req.peers(2)
        yield* Effect.forEach(reps, (rep, i) => Effect.forkChild(echo(rep, `${i}`, 2)))
        const heard: Array<string> = []
        for (let i = 0; i < 4; i++) {
          yield* req.say("?")
          heard.push((yield* req.hear)[0]!)
        }
        assert.deepEqual(heard.toSorted(), ["0", "0", "1", "1"])
        assert.notEqual(heard[0], heard[1])
      }),
  },
  {
    name: "REP serves several peers, each its own answer",
    run: ({ listen, dial }) =>
      Effect.gen(function* () {
        const rep = yield* listen("REP")
        const reqs: Array<Peer> = []
        for (let i = 0; i < 3; i++) reqs.push(yield* dial("REQ", rep.at))
        yield* Effect.forEach(reqs, (req, i) => req.say(`${i}`))
        yield* echo(rep, "for", 3)
        for (const [i, req] of reqs.entries()) assert.deepEqual(yield* req.hear, ["for", `${i}`])
      }),
  },
  {
    name: "REP with a deliverer hears the next question once it has answered",
    run: ({ listen, dial }) =>
      Effect.gen(function* () {
        const rep = yield* listen("REP")
        const reqs = [yield* dial("REQ", rep.at), yield* dial("REQ", rep.at)]
        const heard: Array<string> = []
        rep.socket.deliver(([body]) => heard.push(new TextDecoder().decode(body)))
        yield* Effect.forEach(reqs, (req, i) => req.say(`${i}`))
        yield* until("the first question", () => heard.length === 1)
        yield* Effect.sleep(30)
        assert.equal(heard.length, 1)
        assert.equal(rep.offer("answer"), "sent")
        yield* until("the second question", () => heard.length === 2)
        assert.equal(rep.offer("answer"), "sent")
        for (const req of reqs) assert.deepEqual(yield* req.hear, ["answer"])
      }),
  },
  {
    name: "REP drops the answer to a peer that has gone, and serves the next",
    run: ({ listen, dial }) =>
      Effect.gen(function* () {
        const rep = yield* listen("REP")
        const life = yield* closable
        const gone = yield* life.within(dial("REQ", rep.at))
        yield* gone.say("soon gone")
        yield* rep.hear
        yield* rep.peers(1)
        yield* life.close
        yield* rep.peers(0)
        yield* rep.say("too late")
        const req = yield* dial("REQ", rep.at)
        yield* req.say("next")
        yield* echo(rep, "got", 1)
        assert.deepEqual(yield* req.hear, ["got", "next"])
      }),
  },
  {
    name: "relaxed REQ asks again, and correlate drops the answer that comes too late",
    run: ({ listen, dial }) =>
      Effect.gen(function* () {
        const router = yield* listen("ROUTER")
        const req = yield* dial("REQ", router.at, { relaxed: true, correlate: true })
        yield* req.say("first")
        const first = yield* router.hearRaw
        yield* req.say("second")
        const second = yield* router.hearRaw
        assert.ok(first.length === 4 && first[1]!.length === 4 && first[2]!.length === 0)
        assert.notDeepEqual(first[1], second[1])
        yield* router.say(first[0]!, first[1]!, "", "to the first")
        yield* router.say(second[0]!, second[1]!, "", "to the second")
        assert.deepEqual(yield* req.hear, ["to the second"])
      }),
  },
  {
    name: "correlate drops answers with another number, or none",
    run: ({ listen, dial }) =>
      Effect.gen(function* () {
        const router = yield* listen("ROUTER")
        const req = yield* dial("REQ", router.at, { correlate: true })
        yield* req.say("question")
        const [name, number] = yield* router.hearRaw
        yield* router.say(name!, "", "no number")
        yield* router.say(name!, Uint8Array.of(9, 9, 9, 9), "", "another number")
        yield* router.say(name!, number!, "", "right")
        assert.deepEqual(yield* req.hear, ["right"])
      }),
  },
  {
    name: "REQ takes no second answer for that of its next question",
    run: ({ listen, dial }) =>
      Effect.gen(function* () {
        const router = yield* listen("ROUTER")
        const req = yield* dial("REQ", router.at)
        yield* req.say("first")
        const [name] = yield* router.hearRaw
        yield* router.say(name!, "", "answer to the first")
        yield* router.say(name!, "", "one too many")
        assert.deepEqual(yield* req.hear, ["answer to the first"])
        yield* Effect.sleep(50)
        yield* req.say("second")
        yield* router.hear
        yield* router.say(name!, "", "answer to the second")
        assert.deepEqual(yield* req.hear, ["answer to the second"])
      }),
  },
  {
    name: "REQ drops what is no answer",
    needs: ["forgivesAnswers"],
    run: ({ listen, dial }) =>
      Effect.gen(function* () {
        const router = yield* listen("ROUTER")
        const req = yield* dial("REQ", router.at)
        yield* req.say("question")
        const [name] = yield* router.hearRaw
        yield* router.say(name!, "no empty frame", "x")
        yield* router.say(name!, "", "right")
        assert.deepEqual(yield* req.hear, ["right"])
      }),
  },
  {
    name: "REP drops what has no envelope",
    run: ({ listen, dial }) =>
      Effect.gen(function* () {
        const rep = yield* listen("REP")
        const dealer = yield* dial("DEALER", rep.at)
        yield* dealer.say("no empty frame")
        yield* dealer.say("a", "b", "c")
        yield* dealer.say("nothing behind it", "")
        yield* dealer.say("way", "back", "", "question")
        assert.deepEqual(yield* rep.hear, ["question"])
        yield* rep.say("answer")
        assert.deepEqual(yield* dealer.hear, ["way", "back", "", "answer"])
      }),
  },
  {
    name: "envelopes lead answers back through two proxies",
    run: ({ listen, dial }) =>
      Effect.gen(function* () {
        const [outer, inner] = [yield* listen("ROUTER"), yield* listen("ROUTER")]
        const link = yield* dial("DEALER", inner.at)
        const workers = yield* listen("DEALER")
        proxy(outer, link)
        proxy(inner, workers)
        const reps = [yield* dial("REP", workers.at), yield* dial("REP", workers.at)]
        yield* Effect.forEach(reps, (rep, i) => Effect.forkChild(Effect.forever(echo(rep, `worker ${i}`, 1))))
        const reqs: Array<Peer> = []
        for (let i = 0; i < 4; i++) reqs.push(yield* dial("REQ", outer.at))
        yield* workers.peers(2)
        yield* Effect.forEach(reqs, (req, i) => req.say(`question ${i}`, ""))
        const answers = yield* Effect.forEach(reqs, (req) => req.hear)
        assert.deepEqual(answers.map((answer) => answer.slice(1)), reqs.map((_, i) => [`question ${i}`, ""]))
        assert.equal(new Set(answers.map(([worker]) => worker)).size, 2)
      }),
  },
  {
    name: "relaxed REQ goes on after its REP was started again",
    run: ({ listen, dial }) =>
      Effect.gen(function* () {
        const life = yield* closable
        const rep = yield* life.within(listen("REP"))
        const req = yield* dial("REQ", rep.at, { relaxed: true, correlate: true })
        yield* req.say("lost")
        yield* rep.hear
        yield* req.peers(1)
        yield* life.close
        yield* req.peers(0)
        const again = yield* listen("REP", {}, rep.at)
        yield* req.peers(1)
        yield* req.say("found")
        yield* echo(again, "got", 1)
        assert.deepEqual(yield* req.hear, ["got", "found"])
      }),
  },
  {
    name: "offer() keeps the turns too",
    run: ({ listen, dial }) =>
      Effect.gen(function* () {
        const rep = yield* listen("REP")
        const req = yield* dial("REQ", rep.at)
        assert.equal(req.socket.offer([bytes("question")]), "sent")
        const again = req.socket.offer(message("another"))
        assert.ok(typeof again === "object" && again._tag === "OutOfTurn")
        yield* rep.hear
        assert.equal(rep.offer("answer"), "sent")
        const twice = rep.offer("another")
        assert.ok(typeof twice === "object" && twice._tag === "OutOfTurn")
        assert.deepEqual(yield* req.hear, ["answer"])
      }),
  },
]
