/** What members have said of requests: of each its last word on each, and boundedly much. */
import { fromHex, hex } from '../../wire/base/text.js'

export class Notices<T> {
  /** By who said it, then by the request's id in hex; what was said longest ago is forgotten first. */
  readonly #byMember = new Map<string, Map<string, T>>()

  /** @param most how many requests are remembered of one member: more push out its own only */
  constructor(readonly most: number) {}

  set(by: Uint8Array, request: string, said: T): void {
    const theirs = this.#byMember.get(hex(by)) ?? new Map<string, T>()
    this.#byMember.set(hex(by), theirs)
    theirs.delete(request)
    theirs.set(request, said)
    if (theirs.size > this.most) theirs.delete(theirs.keys().next().value as string)
  }

  get(by: Uint8Array, request: string): T | undefined {
    return this.#byMember.get(hex(by))?.get(request)
  }

  delete(by: Uint8Array, request: string): void {
    this.#byMember.get(hex(by))?.delete(request)
  }

  /** What all members say of a request, in the order in which they were first heard of. */
  about(request: string): { readonly by: Uint8Array; readonly said: T }[] {
    return [...this.#byMember].flatMap(([by, theirs]) => {
      const said = theirs.get(request)
      return said === undefined ? [] : [{ by: fromHex(by, 32) as Uint8Array, said }]
    })
  }

  all(): T[] {
    return [...this.#byMember.values()].flatMap((theirs) => [...theirs.values()])
  }
}
