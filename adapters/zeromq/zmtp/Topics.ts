/**
 * What a subscriber wants: beginnings of messages, each counted. Pure.
 *
 * Asked for every message and every subscriber: a tree by what beginnings have in common, so that a look takes no longer
 * than the topic that is found, however many there are, and what is held is no more than a few times what was wanted.
 */
import { concat, copyOf } from "./bytes.ts"

/** A beginning, or what several have in common. But for the root, it is wanted or has several children. */
interface Node {
  /** What it adds to its parent. */
  label: Uint8Array
  /** How often it is wanted. */
  count: number
  /** By the first byte of their labels. */
  children: Map<number, Node> | undefined
}

const newNode = (label: Uint8Array, count: number): Node => ({ label, count, children: undefined })

/** How many bytes of a label are there, from an offset. */
const common = ({ label }: Node, bytes: Uint8Array, at: number): number => {
  const most = Math.min(label.length, bytes.length - at)
  let same = 0
  while (same < most && label[same] === bytes[at + same]) same++
  return same
}

/** See the top of the file. */
export class Topics {
  readonly #root = newNode(new Uint8Array(0), 0)
  #size = 0
  #bytes = 0

  /** Bytes of the different ones. */
  get bytes(): number {
    return this.#bytes
  }

  /** How many different ones there are. */
  get size(): number {
    return this.#size
  }

  /** Wants a topic once more; says whether it is new. */
  add(topic: Uint8Array): boolean {
    let node = this.#root
    let at = 0
    while (at < topic.length) {
      const children: Map<number, Node> = node.children ??= new Map()
      let child = children.get(topic[at]!)
      if (child === undefined) {
        child = newNode(copyOf(topic.subarray(at)), 0)
        children.set(topic[at]!, child)
      } else {
        const same = common(child, topic, at)
        if (same < child.label.length) child = split(children, child, same)
      }
      at += child.label.length
      node = child
    }
    if (node.count++ > 0) return false
    this.#size++
    this.#bytes += topic.length
    return true
  }

  /** Wants a topic once less; says whether it is wanted no more. One that is not wanted is ignored. */
  remove(topic: Uint8Array): boolean {
    const path = [this.#root]
    for (let at = 0; at < topic.length;) {
      const child = path.at(-1)!.children?.get(topic[at]!)
      if (child === undefined || common(child, topic, at) < child.label.length) return false
      at += child.label.length
      path.push(child)
    }
    const node = path.pop()!
    if (node.count === 0 || --node.count > 0) return false
    this.#size--
    this.#bytes -= topic.length
    const parent = path.pop()
    if (parent === undefined) return true
    if (node.children === undefined) {
      parent.children!.delete(node.label[0]!)
      if (parent.children!.size === 0) parent.children = undefined
      if (parent !== this.#root) unite(parent)
    } else unite(node)
    return true
  }

  /** Whether a message that begins so is wanted. */
  match(start: Uint8Array): boolean {
    let node = this.#root
    for (let at = 0; node.count === 0;) {
      const child = at < start.length ? node.children?.get(start[at]!) : undefined
      if (child === undefined || common(child, start, at) < child.label.length) return false
      at += child.label.length
      node = child
    }
    return true
  }

  /** Each different one. */
  list(): ReadonlyArray<Uint8Array> {
    const found: Array<Uint8Array> = []
    // no recursion: topics may be many levels deep
    const left: Array<readonly [Node, Uint8Array]> = [[this.#root, this.#root.label]]
    for (let next = left.pop(); next !== undefined; next = left.pop()) {
      const [{ count, children }, topic] = next
      if (count > 0) found.push(topic)
      for (const child of children?.values() ?? []) left.push([child, concat(topic, child.label)])
    }
    return found
  }
}

/** Puts a node of its own in front of one, with the first bytes of its label. */
const split = (siblings: Map<number, Node>, node: Node, length: number): Node => {
  const front = newNode(copyOf(node.label.subarray(0, length)), 0)
  node.label = copyOf(node.label.subarray(length))
  front.children = new Map([[node.label[0]!, node]])
  siblings.set(front.label[0]!, front)
  return front
}

/** Makes one node of one that is not wanted and its only child. */
const unite = (node: Node): void => {
  if (node.count > 0 || node.children?.size !== 1) return
  const [child] = node.children.values()
  node.label = concat(node.label, child!.label)
  node.count = child!.count
  node.children = child!.children
}
