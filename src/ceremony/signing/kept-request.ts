/** Requests that this home has stored. */
import { signingKeysOf } from '../../wire/identity/roster.js'
import { CodecError } from '../../protocol/core/codec.js'
import { RequestClaims } from '../../storage/home/request-claims.js'
import { ANY_GUEST, parseRequest, type Request } from '../../wire/ceremony/request.js'
import { OtherRealm } from '../../wire/base/realm.js'
import { fromHex } from '../../wire/base/text.js'
import type { Key } from '../keys/key.js'
import type { World } from '../world.js'

/** A stored request, by its ID in hex; null if there is none or it is unreadable. */
export async function keptRequest(home: World['home'], key: Key, named: string): Promise<Request | null> {
  const id = fromHex(named, 32)
  const kept = id && (await new RequestClaims(home, id).readRequest())
  const signing = signingKeysOf(key.seated.members.map(({ card }) => card))
  return kept && readKept(() => parseRequest(kept, signing, ANY_GUEST))
}

/** An unreadable request counts as missing, but a rehearsal's is refused. */
function readKept(parse: () => Request): Request | null {
  try {
    return parse()
  } catch (error) {
    if (!(error instanceof CodecError) || error instanceof OtherRealm) throw error
    return null
  }
}
