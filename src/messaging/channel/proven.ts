/** An envelope whose sender is proved: a member has signed it, and it came under that member's subject. */
import { CodecError } from '../../protocol/core/codec.js'
import { decodeEnvelope, type Envelope, verifyEnvelope } from '../../wire/session/envelope.js'
import { hex } from '../../wire/base/text.js'
import { memberToken } from '../transport/subjects.js'
import type { Member } from './letters.js'

export type Proven = { readonly envelope: Envelope; readonly member: Member }

/**
 * @param token of the sender, in the subject
 * @param definition the ceremony or the key to which it must belong
 * @returns why it is dropped, if it is none
 */
export function provenIn(
  message: Uint8Array,
  token: string,
  {
    definition,
    member: memberOf,
  }: {
    readonly definition: Uint8Array
    readonly member: (fingerprint: Uint8Array) => Member | undefined
  },
): Proven | string {
  let envelope: ReturnType<typeof decodeEnvelope>
  try {
    envelope = decodeEnvelope(message)
  } catch (error) {
    if (error instanceof CodecError) return 'not an envelope'
    throw error
  }
  const { header } = envelope
  const member = memberOf(header.from)
  if (!member) return 'not a member'
  if (hex(header.definition) !== hex(definition)) return 'another ceremony'
  if (!verifyEnvelope(envelope, member.signing)) return 'signature'
  if (token !== memberToken(header.from)) return 'subject'
  return { envelope, member }
}
