/** The split of an epoch as its custodian keeps it: sealed for itself, and the public part for `status`. */
import { ownVault } from '../../storage/vault/age-vault.js'
import { wipeAuxSecret } from '../../protocol/cggmp24/auxiliary/data.js'
import { readSplit, readSplitFile, writeSplitFile } from '../../storage/home/escrow.js'
import type { Home } from '../../storage/home/home.js'
import { Failure } from '../../wire/base/failure.js'
import { type Kept, parseKept } from '../../wire/escrow/kept.js'
import type { Manifest } from '../../wire/escrow/manifest.js'
import { exportManifest } from '../../wire/paper/json-export.js'
import { openShare } from '../epochs/find-key.js'
import type { Key, Owner } from '../keys/key.js'
import { manifestOf } from '../keys/split-status.js'
import { type HolderSeal, recipientOf, sameRecipient } from './holders.js'

/** Whether the epoch in use was split here. */
export const isSplit = async (home: Home, key: Key): Promise<boolean> =>
  (await readSplit(home, key.name, key.digest)) !== null

/** The part of an order that identifies its split. */
type Ordered = { readonly threshold: number; readonly holders: readonly HolderSeal[] }

/** @throws Failure `E_SPLIT_EXISTS` (conflict) if this epoch's public files show another split */
export async function requireSplittable(home: Home, key: Key, order: Ordered): Promise<void> {
  const manifest = (await isSplit(home, key)) ? await manifestOf(home, key) : null
  if (manifest && !isOrdered(manifest, order)) throw splitExists(key, manifest)
}

export const isOrdered = (manifest: Manifest, { threshold, holders }: Ordered): boolean =>
  manifest.threshold === threshold &&
  manifest.holders.length === holders.length &&
  manifest.holders.every(({ name, to }, i) => {
    const holder = holders[i] as HolderSeal
    return holder.name === name && sameRecipient(to, recipientOf(holder))
  })

/** Keeps what `status` needs without a secret: the manifest, and the cards that verify holders' notes. */
export async function keepPublic(
  home: Home,
  { name, digest }: Key,
  manifest: Manifest,
  holders: readonly HolderSeal[],
): Promise<void> {
  await writeSplitFile(home, name, digest, 'manifest.json', exportManifest(manifest))
  const before = await readSplitFile(home, name, digest, 'holders.txt')
  const cards = holders.flatMap((holder) => (holder.kind === 'card' ? [holder.card.line] : []))
  const lines = [...(before ? Buffer.from(before).toString('utf8').trim().split('\n') : []), ...cards]
  const text = [...new Set(lines)].map((line) => `${line}\n`).join('')
  await writeSplitFile(home, name, digest, 'holders.txt', Buffer.from(text))
}

/** The kept split of this share. @throws Failure `E_NO_SPLIT` (configuration) if there is none here */
export async function openSplit({ home, identity, card }: Owner, key: Key): Promise<Kept> {
  const sealed = await readSplit(home, key.name, key.digest)
  if (sealed === null) {
    throw new Failure(
      'configuration',
      'E_NO_SPLIT',
      `the share of ${key.name} was not split here in this epoch`,
      {
        hint: `\`mpc backup split --key ${key.name}\` splits it`,
      },
    )
  }
  const own = await openShare(home, key, identity, card)
  if (own.auxiliary) wipeAuxSecret(own.auxiliary.secret)
  using secret = own.share.share
  using plaintext = await ownVault({ identity, card }).open(sealed, 'split')
  return parseKept(plaintext.reveal(), secret)
}

/** @param manifest the earlier split; null if another process has just made it */
export function splitExists({ name }: Key, manifest: Manifest | null): Failure {
  const held =
    manifest && `, ${manifest.threshold} of ${manifest.holders.map((each) => each.name).join(', ')}`
  return new Failure(
    'conflict',
    'E_SPLIT_EXISTS',
    `the share of ${name} was split before in this epoch${held ?? ''}`,
    {
      hint:
        `for a lost piece: \`mpc backup split --key ${name} --again NAME -o FOLDER\`; ` +
        'for all of them: the same threshold and holders again; for other holders: refresh first',
    },
  )
}
