/**
 * Assigns blame: names everybody who fails a check, with the signed envelopes that prove it, if any. The
 * caller decides what to check, and what follows.
 */
import { type Codec, CodecError } from '../../protocol/core/codec.js'
import type { Envelope, Kind } from '../../wire/session/envelope.js'
import { type Accused, Failure } from '../../wire/base/failure.js'
import { hex } from '../../wire/base/text.js'
import type { Member } from '../channel/letters.js'

/** The form in which an accusation leaves this machine. */
export const accusation = (
  member: Member,
  round: string,
  kind: Accused['kind'],
  reason: string,
  entry: number | null = null,
): Accused => ({
  name: member.name,
  fingerprint: hex(member.fingerprint),
  round,
  kind,
  reason,
  entry,
  evidence: null,
})

/** The failure that ends a ceremony over these faults; at least one. */
export function failureFor(accused: readonly Accused[]): Failure {
  const [first] = accused as [Accused]
  const who = accused.map(({ name, reason }) => `${name}: ${reason}`).join('; ')
  return new Failure('abort', 'E_ABORT', `round ${first.round}: ${who}`, {
    party: first.name,
    accused,
    hint: 'nothing was kept; talk to them before you try again',
  })
}

/** The failure for two different hellos of one start. A copied home is the likely cause. */
export const twoHomes = (member: Member): Failure =>
  new Failure(
    'abort',
    'E_TWO_HOMES',
    `${member.name} sent two different hellos: from two homes, or from an old copy of one`,
    {
      party: member.name,
      accused: [accusation(member, 'hello', 'witnessed', 'two different hellos of one start')],
      hint: `${member.name} must use one home only`,
    },
  )

/** The failure for two different signed letters of a member in one round. */
export const equivocation = (member: Member, round: string): Failure =>
  new Failure('abort', 'E_EQUIVOCATION', `${member.name} sent two different letters in one round`, {
    party: member.name,
    accused: [accusation(member, round, 'proven', 'two different signed letters for one round')],
  })

/** The envelopes of a round, one per participant, in their order. */
export type Said = { readonly round: string; readonly letters: readonly Uint8Array[] }

/** The decoded body of an envelope; null if it is malformed and its sender must be ignored. */
export function tryDecode<T>(envelope: Envelope, codec: Codec<T>): T | null {
  try {
    return codec.decode(envelope.body)
  } catch (error) {
    if (error instanceof CodecError) return null
    throw error
  }
}

export class Blame {
  /** Signed envelopes that prove a member's fault, by fingerprint in hex. */
  readonly evidence = new Map<string, readonly Uint8Array[]>()
  /** The broadcasts of each round so far in this attempt. */
  rounds: readonly Said[] = []
  /** Makes a file of this attempt's letters and claims for others to judge; null where none is kept. */
  file: ((rounds: readonly Said[], claims: readonly Uint8Array[]) => Uint8Array) | null = null

  /** Begins another attempt. The letters of the one before no longer count. */
  begin(): void {
    this.rounds = []
    this.file = null
  }

  /** @param participants in the order of the definition */
  constructor(readonly participants: readonly Member[]) {}

  /**
   * Checks each of `members` and accuses all that fail.
   * @param shown envelopes that prove the fault of their sender, if it fails
   * @throws Failure `E_ABORT`
   */
  accuse(
    { round, kind, reason }: Pick<Accused, 'round' | 'kind' | 'reason'>,
    members: readonly Member[],
    holds: (member: Member) => boolean,
    shown: readonly Envelope[] = [],
  ): void {
    const failed = members.filter((member) => !holds(member))
    for (const { fingerprint } of failed) {
      const theirs = shown.filter(({ header }) => hex(header.from) === hex(fingerprint))
      const bytes = theirs.map((envelope) => envelope.bytes)
      if (bytes.length > 0) this.evidence.set(hex(fingerprint), bytes)
    }
    this.raise(failed.map((member) => accusation(member, round, kind, reason)))
  }

  /** @throws Failure `E_ABORT` naming everybody in the list, unless it is empty */
  raise(accused: readonly Accused[]): void {
    if (accused.length > 0) throw failureFor(accused)
  }

  /** All bodies of one kind, by fingerprint in hex. @throws Failure naming each malformed one's sender */
  decodeBodies<T>(
    kind: Kind,
    envelopes: readonly Envelope[],
    decode: (body: Uint8Array) => T,
  ): Map<string, T> {
    const decoded = new Map<string, T>()
    for (const { header, body } of envelopes) {
      try {
        decoded.set(hex(header.from), decode(body))
      } catch (error) {
        if (!(error instanceof CodecError)) throw error
      }
    }
    const isWhole = (member: Member) => decoded.has(hex(member.fingerprint))
    const fault = { round: kind, kind: 'proven' as const, reason: 'its letter is malformed' }
    this.accuse(fault, this.participants, isWhole, envelopes)
    return decoded
  }
}
