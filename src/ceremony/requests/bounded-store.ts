/** The members' notices about requests: the last one of each member on each request, up to a limit. */
import { fromHex, hex } from '../../wire/base/text.js'

export class Notices<T> {
  /** By member, then by request ID in hex; the oldest notice is forgotten first. */
  readonly #byMember = new Map<string, Map<string, T>>()

  /** @param most requests per member; a member can displace only its own notices */
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

  /** All members' notices on a request, in the order in which the members were first heard. */
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
