/** Cards under names that no parser lets through, well signed all the same. */
import { bech32m } from '@scure/base'
import { encode } from '../../src/protocol/core/codec.js'
import type { Identity } from '../../src/wire/identity/identity.js'
import { cardPrefix } from '../../src/wire/base/realm.js'
import { SIGNED } from '../../src/wire/base/domain-tags.js'

/** The line of the card that an identity would have under another name. @param age its age recipient */
export function cardLineNamed(
  { signing, nkey, number, created }: Identity,
  age: string,
  name: string,
): string {
  const form = { name, number, signing: signing.publicKey, age, nkey: nkey.publicKey, created }
  const signature = signing.sign(SIGNED.card, form)
  const nkey_signature = nkey.sign(SIGNED.card, form)
  const encoded = encode({ ...form, signature, nkey_signature })
  return bech32m.encode(cardPrefix(), bech32m.toWords(encoded), false)
}
