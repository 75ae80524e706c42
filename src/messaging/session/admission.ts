/** Requirements for every participant beside its letters: the protocol version, the clock, the dates. */
import { Failure } from '../../wire/base/failure.js'
import { PROTOCOL, protocolIn } from '../../wire/session/handshake.js'
import { rfc3339 } from '../../wire/base/text.js'
import { CLOCKS_APART, clockFailure } from '../channel/clock.js'
import type { Member } from '../channel/letters.js'
import type { Validity } from '../channel/timeouts.js'

/** @throws Failure `E_PROTOCOL` (configuration) for a hello of a program that speaks another protocol */
export function requireProtocol({ name }: Member, hello: Uint8Array): void {
  const theirs = protocolIn(hello)
  if (theirs === PROTOCOL) return
  const spoken = theirs === null ? 'no protocol that this one knows' : `protocol ${theirs}`
  throw new Failure(
    'configuration',
    'E_PROTOCOL',
    `${name}'s program speaks ${spoken}, this one ${PROTOCOL}`,
    {
      party: name,
      hint: 'run the same version of mpc everywhere; nothing was kept, and nobody is accused',
    },
  )
}

/** @throws Failure `E_CLOCK` for a letter dated ahead of the tolerance, or outside the ceremony's time */
export function requireTime(member: Member, time: number, validity: Validity | null, now: number): void {
  const { notBefore, expires } = validity ?? { notBefore: 0, expires: Infinity }
  const isAhead = time > now + CLOCKS_APART
  if (!isAhead && time >= notBefore - CLOCKS_APART && time < expires) return
  throw clockFailure(member, time, now)
}

/** @throws Failure `E_EXPIRED` (absent); expiry ends everything except doubt */
export function requireUnexpired(validity: Validity | null, now: number): void {
  if (validity === null || now < validity.expires) return
  throw new Failure('absent', 'E_EXPIRED', `the definition expired on ${rfc3339(validity.expires)}`, {
    hint: 'its author can make a new one; nothing was kept',
  })
}
