import { rehearse } from '../../ceremony/rehearsal.js'
import { SCHEMES } from '../../protocol/scheme.js'
import { addressOf, addressTypes } from '../../payload/address.js'
import { Failure } from '../../wire/failure.js'
import { recordPublicKey } from '../../wire/record.js'
import { hex } from '../../wire/text.js'
import type { Context } from '../context.js'
import type { Result } from '../result.js'
import { keyWords } from '../shown.js'
import { fields } from '../style.js'
import { VERSION } from '../version.js'

export type Options = { readonly custodians?: number; readonly threshold?: number; readonly scheme?: string }

const NAMES = ['alice', 'bob', 'carol', 'dave', 'erin', 'frank', 'grace', 'heidi', 'ivan', 'judy']
const STEPS = {
  identities: 'Each custodian makes an identity, and verifies the cards of the others',
  keygen: 'They shake hands, and make a key that never exists in one place',
  sign: 'As many as must sign do so together',
  verify: 'A verifier that knows nothing of shares checks the signature',
}

/** `mpc rehearse`: the whole thing on this machine, with throw-away identities. */
export async function run(context: Context, options: Options): Promise<Result> {
  const n = options.custodians ?? 3
  const threshold = options.threshold ?? Math.floor(n / 2) + 1
  const scheme = SCHEMES.find((known) => known === (options.scheme ?? 'eddsa-ed25519'))
  if (n > NAMES.length || threshold < 2 || threshold > n || !scheme || scheme === 'ecdsa-secp256k1') {
    throw new Failure('usage', 'E_REHEARSE', 'that cannot be rehearsed', {
      hint: `-n 2 to ${NAMES.length}, -t 2 to n, --scheme eddsa-ed25519 or schnorr-taproot`,
    })
  }
  const names = NAMES.slice(0, n)
  const { terminal, now } = context
  terminal.say(`REHEARSAL: ${names.join(', ')}; ${threshold} of ${n} must sign. Nothing of it is kept.`, '')
  let begun = now()
  let announced: string | null = null
  const finish = (): void => {
    if (announced !== null)
      terminal.say(`  ${terminal.style.good('done')} ${terminal.style.dim(`${now() - begun} ms`)}`)
  }
  const stage = {
    names,
    threshold,
    scheme,
    program: `mpc/${VERSION}`,
    rng: context.rng,
    nonces: context.nonces,
    now,
    compute: context.compute,
    makePrimes: context.makePrimes,
    signal: context.signal,
  }
  const done = await rehearse(stage, (step) => {
    finish()
    begun = now()
    announced = STEPS[step]
    terminal.say(announced)
  })
  finish()
  const publicKey = recordPublicKey(done.record)
  return {
    data: {
      rehearsal: true,
      scheme,
      threshold,
      custodians: names,
      words: done.words,
      public_key: hex(publicKey),
      signers: done.signers,
      message: done.message,
      signature: hex(done.signature),
      verified: true,
    },
    text: [
      ...fields([
        ['public key', hex(publicKey)],
        ...addressTypes(scheme).map(
          (type) => [`${type} address`, `${addressOf(type, publicKey)}   (REHEARSAL: send nothing)`] as const,
        ),
        ['key words', keyWords(done.record).slice(0, 8).join(' ')],
        ['handshake', done.words.join(' ')],
        ['signed by', `${done.signers.join(', ')}: "${done.message}"`],
        ['signature', hex(done.signature)],
      ]),
      `Proven: ${threshold} of ${n} made a signature that ${scheme === 'eddsa-ed25519' ? 'OpenSSL' : 'an ordinary BIP-340 verifier'} accepts; the key itself was never put together.`,
    ],
    next: 'mpc identity init --name NAME   (for a real one; see ceremonies/keygen-2-of-3.md)',
  }
}
