/**
 * A way whose link takes longer to come up than a reply waits, each time, as an encrypted one does: after some failures it is left
 * alone for a while, and then it is used. It is not hung up while it is left alone, or it would never be.
 */
import { describe, test } from "#test"
import assert from "node:assert/strict"
import { Ways } from "../../../src/runtime/lanes/Ways.ts"
import type { Link, LinkEvents } from "../../../src/transport/mod.ts"
import { formatLaneAddress } from "../../../src/wire/mod.ts"

const address = formatLaneAddress({
  endpoint: "zmq+tcp://127.0.0.1:4000",
  instance: "01a0c4f1-5c00-7000-8000-0123456789ab",
})

/** What a reply waits for a link, and what this one takes to come up, ms. */
const patience = 5
const takes = 20

/** Ways on a clock moved by hand, over links of which each comes up after a while, if anything does. */
const start = () => {
  let now = 0
  const due: Array<{ readonly at: number; readonly then: () => void }> = []
  const after = (at: number, then: () => void) => {
    const one = { at, then }
    due.push(one)
    return () => void (due.includes(one) && due.splice(due.indexOf(one), 1))
  }
  let works = false
  let dialled = 0
  const open = (name: string, events: LinkEvents): Link => {
    dialled++
    let isOpen = true
    const link: Link = { name, send: () => true, close: () => void (isOpen = false) }
    after(now + takes, () => {
      if (!isOpen || !works) return
      events.onUp(link)
      ways.onWelcome(link)
    })
    return link
  }
  const ways = new Ways({ now: () => now, deadlines: { add: after } }, {
    endpoint: "",
    listen: () => {},
    open,
  }, () => [])
  return {
    dialled: () => dialled,
    work: () => void (works = true),
    advance: (ms: number) => {
      const until = now + ms
      for (;;) {
        const [next] = due.filter(({ at }) => at <= until).toSorted((a, b) => a.at - b.at)
        if (next === undefined) break
        due.splice(due.indexOf(next), 1)
        now = Math.max(now, next.at)
        next.then()
      }
      now = until
    },
    /** A reply as `LaneServer` sends it: whether it went straight is told later. */
    reply: (then: (isUp: boolean) => void) => {
      const way = ways.to(address)
      if (way === undefined || !way.isUp() && !way.mayTry()) return then(false)
      way.whenUp(patience, then)
    },
  }
}

describe("Ways", () => {
  test("a way that failed some times is used again, though its link takes longer to come up than a reply waits", () => {
    const { reply, advance, work, dialled } = start()
    let went = 0
    const replyFor = (seconds: number) => {
      went = 0
      for (let i = 0; i < seconds * 10; i++) {
        reply((isUp) => isUp && went++)
        advance(100)
      }
    }
    // nobody is there for a while: it is left alone for longer each time
    replyFor(20)
    assert.equal(went, 0)
    work()
    // it may be left alone for the longest while twice: until it is dialled, and after that; then it stays up
    replyFor(70)
    replyFor(60)
    assert.equal(went, 600)
    const before = dialled()
    replyFor(60)
    assert.deepEqual([went, dialled()], [600, before])
  })
})
