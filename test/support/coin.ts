/** A protocol that is as small as one can be: a coin that nobody can bias, tossed by everybody. */
import { bytes, codec, equalBytes, text } from '../../src/protocol/core/codec.js'
import { broadcast, broadcastReliably, demand, type Protocol } from '../../src/protocol/core/round.js'
import { Secret } from '../../src/protocol/core/secret.js'
import type { PartyId, Rng, Session } from '../../src/protocol/core/session.js'

const Bytes32 = codec(bytes(32), 64)
/** One line of text. */
export const LineCodec = codec(text(80), 128)

const commit = (session: Session, party: PartyId, coin: Uint8Array): Uint8Array =>
  session.digest('test/coin/v1', party, coin)

export function* coinToss(session: Session, rng: Rng): Protocol<Uint8Array> {
  using coin = new Secret(rng(32))
  const mine = commit(session, session.self, coin.reveal())
  const commitments = yield* broadcastReliably(session, 'commit', Bytes32, mine)
  const coins = yield* broadcast(session, 'reveal', Bytes32, coin.reveal().slice())
  demand('reveal', coins, {
    'coin does not open the commitment': (theirs, from) =>
      equalBytes(commit(session, from, theirs), commitments.get(from) as Uint8Array),
  })
  return [...coins.values()].reduce((a, b) => a.map((byte, i) => byte ^ (b[i] as number)))
}
