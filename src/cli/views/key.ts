/** Keys, for machines and people. */
import type { Key } from '../../ceremony/keys/key.js'
import type { Left } from '../../ceremony/presigning/pool.js'
import { addressOf, addressTypes } from '../../payload/address.js'
import { type EpochFile, epochPath, listEpochFiles } from '../../storage/home/epochs.js'
import type { Home } from '../../storage/home/home.js'
import { isRehearsal } from '../../wire/base/realm.js'
import { hex } from '../../wire/base/text.js'
import { type KeyRecord, recordPublicKey } from '../../wire/key/record.js'
import { wordsOf } from '../../wire/base/safety-words.js'
import { sha256 } from '../../wire/base/hash.js'
import type { Line } from '../terminal/layout.js'
import { fields } from '../terminal/style.js'

/** An epoch in the JSON contract. */
export async function keyData(
  home: Home,
  { name, record, digest }: Pick<Key, 'name' | 'record' | 'digest'>,
): Promise<Record<string, unknown>> {
  const files = await listEpochFiles(home, name, digest)
  const pathOf = (file: EpochFile): string | null =>
    files.includes(file) ? epochPath(home, name, digest, file) : null
  return {
    key: name,
    key_id: hex(record.key_id),
    scheme: record.scheme,
    public_key: hex(recordPublicKey(record)),
    threshold: record.threshold,
    members: record.members.map(({ card, index, public_share }) => ({
      name: card.name,
      fingerprint: hex(card.fingerprint),
      index,
      public_share: hex(public_share),
    })),
    epoch: record.epoch,
    definition_id: hex(record.definition),
    certificate: pathOf('certificate.cbor'),
    transcript: pathOf('transcript.cbor'),
  }
}

/** Stands beside every address in a rehearsal. */
const warning = (): string => (isRehearsal() ? '\n(REHEARSAL: send nothing)' : '')

/** 16 words (128 bits) of a public key, to read aloud before anybody funds it. */
export const keyWords = (record: KeyRecord): string[] =>
  wordsOf(sha256(recordPublicKey(record)).subarray(0, 16))

export const keyText = (name: string, record: KeyRecord): Line[] => [
  ...fields(keyRows(name, record)),
  '  Its words:',
  { words: keyWords(record) },
]

export function keyRows(name: string, record: KeyRecord): (readonly [string, string])[] {
  const publicKey = recordPublicKey(record)
  return [
    ['key', name],
    ['scheme', record.scheme],
    ['public key', hex(publicKey)],
    ...addressTypes(record.scheme).map(
      (type) => [`${type} address`, `${addressOf(type, publicKey)}${warning()}`] as const,
    ),
    ['custodians', record.members.map(({ card }) => card.name).join(', ')],
    ['must sign', `${record.threshold} of ${record.members.length}`],
    ['epoch', String(record.epoch)],
  ]
}

/** A line for each set of signers with presignatures left. */
export const poolLines = (pools: readonly Left[]): string[] =>
  pools.map(
    ({ signers, left }) => `${left} presignature${left === 1 ? '' : 's'} left for ${signers.join(' and ')}`,
  )
