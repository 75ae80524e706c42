/** The signing in a rehearsal: its custodians do it with the code of `mpc sign`. */
import { type Example, examplesFor } from '../../payload/examples/examples.js'
import { areSignatures, targetOf } from '../../payload/registry/target.js'
import { equalBytes } from '../../protocol/core/codec.js'
import { createFile } from '../../storage/fs/atomic.js'
import type { KeyRecord } from '../../wire/key/record.js'
import { findKey } from '../epochs/find-key.js'
import { ask, join } from '../signing/ask-and-join.js'
import { endings, type Item, KEY, type Playing, type Stage } from './participants.js'

export const MESSAGE = 'a rehearsal, worth nothing'
/** The first thing that is signed, and the last. */
const LETTER: Example = { type: 'text', file: 'message.txt', payload: new TextEncoder().encode(MESSAGE) }

export type SignedItem = {
  readonly item: Item
  /** One for each message. */
  readonly signatures: readonly Uint8Array[]
}

/** All of them sign the message. */
export const signMessage = (
  stage: Stage,
  signers: readonly Playing[],
  record: KeyRecord,
): Promise<SignedItem> => sign(stage, signers, record, LETTER)

/** They sign the transactions that are made for their key. @param kept where files stay; null for nowhere */
export async function signExamples(
  stage: Stage,
  signers: readonly Playing[],
  record: KeyRecord,
  kept: string | null,
): Promise<readonly SignedItem[]> {
  const signed: SignedItem[] = []
  for (const example of await examplesFor(record)) {
    if (kept !== null) await createFile(`${kept}/${example.file}`, example.payload)
    const one = await sign(stage, signers, record, example)
    await verify(record, one)
    signed.push(one)
  }
  return signed
}

async function sign(
  stage: Stage,
  signers: readonly Playing[],
  record: KeyRecord,
  { type, file, payload }: Example,
): Promise<SignedItem> {
  const target = await targetOf(record, { type, payload, path: null })
  const item = { type, file, payload, target }
  const names = signers.map(({ card }) => card.name)
  const keys = await Promise.all(signers.map(({ home }) => findKey(home, KEY)))
  const [[asker], [first]] = [signers as [Playing], keys as [(typeof keys)[number]]]
  await asker.seat.asks(first, item, names)
  const fingerprints = signers.map(({ card }) => card.fingerprint)
  const asked = { type, payload, path: null, reason: 'rehearsal', signers: fingerprints, target }
  const ended = await Promise.allSettled(
    signers.map(async ({ world, seat }, i) => {
      const key = keys[i] as (typeof keys)[number]
      const { signatures } = await (i === 0
        ? ask(world, key, asked)
        : join(world, key, null, seat.approval(key)))
      seat.signed(signatures)
      return signatures
    }),
  )
  endings({ ...stage, mishap: null }, signers, ended)
  const all = ended.map((each) => (each as PromiseFulfilledResult<readonly Uint8Array[]>).value)
  const [signatures] = all as [readonly Uint8Array[]]
  if (!all.every((other) => other.every((each, i) => equalBytes(each, signatures[i] as Uint8Array))))
    throw new Error('two signatures of one request')
  return { item, signatures }
}

/** Verifies signatures with an ordinary verifier. @throws Error, because a failure is a defect */
export async function verify(record: KeyRecord, { item, signatures }: SignedItem): Promise<void> {
  const target = await targetOf(record, { type: item.type, payload: item.payload, path: null })
  if (!areSignatures(target, signatures))
    throw new Error('the rehearsal made a signature that does not verify')
}
