/** The fuzz tests of letters, fast and slow: hostile bytes in place of each, to its decoder and in a run. */
import fc from 'fast-check'
import { expect } from 'vitest'
import { ProtocolAbort, SplitView } from '../../../src/protocol/core/abort.js'
import { auxLetters } from '../../../src/protocol/cggmp24/auxiliary/generate.js'
import { shownLetter } from '../../../src/protocol/cggmp24/presign/blame.js'
import { proofLetter } from '../../../src/protocol/cggmp24/keygen.js'
import { TEST_ONLY } from '../../../src/protocol/cggmp24/integers/level.js'
import { presignLetters, ROUND, sigmaLetter } from '../../../src/protocol/cggmp24/presign/letters.js'
import { type Codec, CodecError, equalBytes } from '../../../src/protocol/core/codec.js'
import { commitmentLetter, dealtLetter, openingLetter } from '../../../src/protocol/dkg/keygen-public.js'
import { echoRound } from '../../../src/protocol/core/round.js'
import { near, wrong } from '../../support/mutants.js'
import { cheating, overhear } from '../frost/party.js'
import { cheat, generating, honest, type Play, signing } from './plays.js'
import { FEW, proven, SUBJECTS } from './zk/subjects.js'

const presign = presignLetters(TEST_ONLY, 2)
const aux = auxLetters(TEST_ONLY)

/** A letter of the cheater to the honest party, with its decoder; none for an echo, which `round.ts` decodes. */
export type Fuzzed = {
  readonly play: Play
  readonly round: string
  readonly kind: 'broadcast' | 'direct'
  readonly codec?: Codec<unknown>
}
const of =
  (play: Play) =>
  (round: string, kind: 'broadcast' | 'direct', codec?: unknown): Fuzzed => ({
    play,
    round,
    kind,
    ...(codec === undefined ? {} : { codec: codec as Codec<unknown> }),
  })
const [inSigning, inGenerating] = [of(signing), of(generating)]

/** Every letter of signing and of key generation. */
export const LETTERS: readonly Fuzzed[] = [
  inSigning(ROUND.first, 'broadcast', presign.first),
  inSigning(ROUND.first, 'direct', presign.firstProofs),
  inSigning(echoRound(ROUND.first), 'broadcast'),
  inSigning(ROUND.second, 'broadcast', presign.second),
  inSigning(ROUND.second, 'direct', presign.secondProofs),
  inSigning(echoRound(ROUND.second), 'broadcast'),
  inSigning(ROUND.third, 'broadcast', presign.third),
  inSigning(echoRound(ROUND.third), 'broadcast'),
  inSigning(ROUND.sign, 'broadcast', sigmaLetter),
  inGenerating('commit', 'broadcast', commitmentLetter),
  inGenerating(echoRound('commit'), 'broadcast'),
  inGenerating('open', 'broadcast', openingLetter('ecdsa-secp256k1')),
  inGenerating('open', 'direct', dealtLetter),
  inGenerating('prove', 'broadcast', proofLetter),
  inGenerating('aux-commit', 'broadcast', aux.commitment),
  inGenerating(echoRound('aux-commit'), 'broadcast'),
  inGenerating('aux-open', 'broadcast', aux.opening),
  inGenerating('aux-prove', 'broadcast', aux.mod),
  inGenerating('aux-prove', 'direct', aux.fac),
]

const heard = new Map([signing, generating].map((play) => [play, overhear((tamper) => play.run({ tamper }))]))
const honestOf = ({ play, round, kind }: Fuzzed): Uint8Array =>
  (heard.get(play) as ReturnType<typeof overhear>)(round, cheat, kind === 'direct' ? honest : undefined)

const hostileLike = (letter: Uint8Array) =>
  fc.oneof(
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 300 }) },
    { weight: 2, arbitrary: near(letter) },
    { weight: 3, arbitrary: wrong(letter) },
  )

/** Decoded as it was encoded, or refused with a CodecError. */
function decodes(codec: Codec<unknown>, letter: Uint8Array, numRuns: number): void {
  expect(equalBytes(codec.encode(codec.decode(letter)), letter)).toBe(true)
  const property = fc.property(hostileLike(letter), (bytes) => {
    let made: unknown
    try {
      made = codec.decode(bytes)
    } catch (error) {
      expect(error).toBeInstanceOf(CodecError)
      return
    }
    expect(equalBytes(codec.encode(made), bytes)).toBe(true)
  })
  fc.assert(property, { numRuns, seed: 20267 })
}

/** Hostile bytes for the decoder of a letter; for a long one, which takes long, a fifth as often. */
export function fuzzDecoder(fuzzed: Fuzzed, numRuns: number): void {
  if (fuzzed.codec === undefined) return
  const letter = honestOf(fuzzed)
  decodes(fuzzed.codec, letter, letter.length > 1 << 15 ? numRuns / 5 : numRuns)
}

/** Hostile bytes for the decoder of what is shown in a failure phase, with fewer repetitions. */
export function fuzzShown(numRuns: number): void {
  const shown = shownLetter(FEW)
  for (const [proves, name] of [
    ['sum', 'dec'],
    ['answer', 'aff-g-star'],
  ] as const) {
    const subject = SUBJECTS.find((one) => one.name === name) as (typeof SUBJECTS)[number]
    const { proof } = proven(subject, 'fuzz')
    decodes(shown, shown.encode({ proves, proof } as unknown as Parameters<typeof shown.encode>[0]), numRuns)
  }
}

/** In a run whoever gets them accuses the sender alone, or nobody, and ends in no other error. */
export function fuzzRun(fuzzed: Fuzzed, numRuns: number): void {
  const { play, round, kind } = fuzzed
  const letter = honestOf(fuzzed)
  const property = fc.property(hostileLike(letter), (bytes) => {
    const alter = cheating(play.parties, {
      [cheat]: (sent) => (sent.round === round && sent.kind === kind ? bytes : sent.body),
    })
    const isEcho = round.endsWith(echoRound(''))
    const tamper: typeof alter = (sent) =>
      isEcho ? (sent.from === cheat && sent.round === round ? bytes : sent.body) : alter(sent)
    const outcome = play.run({ tamper }).get(honest)
    if (outcome?.ended === 'failed') {
      if (outcome.error instanceof SplitView) return
      expect(outcome.error).toBeInstanceOf(ProtocolAbort)
      expect((outcome.error as ProtocolAbort).accusations.map(({ party }) => party)).toEqual([cheat])
    } else if (outcome?.ended === 'waiting') {
      // Another δ or S, which only the failure phase can find out.
      expect([round, outcome.round]).toEqual([ROUND.third, expect.stringMatching(/^blame-(gamma|x)-1$/)])
    } else expect(equalBytes(bytes, letter)).toBe(true)
  })
  fc.assert(property, { numRuns, seed: 20268 })
}
