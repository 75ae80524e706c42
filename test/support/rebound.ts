/** Custodians with new identities in their old seats: on new machines, and after a loss. */
import { readFileSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { acceptRebind, examineRebind } from '../../src/ceremony/recovery/accept-rebind.js'
import { splitShare } from '../../src/ceremony/backup/split.js'
import type { HolderSeal } from '../../src/ceremony/backup/holders.js'
import { findKey } from '../../src/ceremony/epochs/find-key.js'
import { importMoved, MOVED_FILES, type MovedFiles, rekey } from '../../src/ceremony/recovery/move-share.js'
import { printable } from '../../src/ceremony/recovery/paper.js'
import { type PieceFile, restore } from '../../src/ceremony/recovery/restore.js'
import { markVerified } from '../../src/ceremony/contacts/contacts.js'
import { importCards } from '../../src/ceremony/contacts/import-cards.js'
import { openHome } from '../../src/storage/home/home.js'
import { writeIdentity } from '../../src/storage/home/identity.js'
import { readEpochFile } from '../../src/storage/home/epochs.js'
import { hex } from '../../src/wire/base/text.js'
import { people, person, type Person, rng } from './members.js'
import type { Custodian } from './worlds.js'

const NOW = 1_900_000_000_000
/** With the rebind by which it sits in its seat. */
export type Rebound = Custodian & { readonly rebind: Uint8Array }

const folder = (): Promise<string> => mkdtemp(join(tmpdir(), 'mpc-rebound-'))
const read = (path: string): Uint8Array => Uint8Array.from(readFileSync(path))

/** Somebody of this name with a new identity and a home with nothing in it. */
async function newcomer(name: string): Promise<Custodian> {
  const fresh = await person(name)
  const home = await openHome(join(await folder(), 'home'))
  await writeIdentity(home, { sealed: new Uint8Array(), card: fresh.card.line })
  return { ...fresh, home }
}

/** A share of `treasury` on a new machine of its custodian. @param now by the clocks of both machines */
export async function moved(custodian: Custodian, now = NOW): Promise<Rebound> {
  const there = await newcomer(custodian.card.name)
  const out = join(await folder(), 'out')
  const key = await findKey(custodian.home, 'treasury')
  await rekey(custodian, key, { to: there.card, out, now, rng })
  const files = MOVED_FILES.map((file) => [file, read(join(out, file))] as const)
  const { rebind } = await importMoved(there, Object.fromEntries(files) as MovedFiles, null, now)
  return { ...there, rebind: read(rebind) }
}

/** The same after a loss, from pieces that two hold; on paper there is no room for what ECDSA needs beside the share. */
export async function restored(custodian: Custodian, on: 'disk' | 'paper' = 'disk'): Promise<Rebound> {
  const holders = (await people('vault', 'safe')) as [Person, Person]
  const key = await findKey(custodian.home, 'treasury')
  const out = join(await folder(), 'out')
  const seals = holders.map(({ card }): HolderSeal => ({ name: card.name, kind: 'card', card }))
  const manifest = await splitShare(custodian, key, { threshold: 2, holders: seals, out, now: NOW, rng })
  const certificate = await readEpochFile(custodian.home, 'treasury', key.digest, 'certificate.cbor')
  const given = { record: key.record, certificate, manifest }
  const pieces = await Promise.all(
    holders.map(async ({ card, identity }): Promise<PieceFile> => {
      const label = join(out, `${card.name}.piece`)
      const unlock = { kind: 'identity', identities: [identity.age] } as const
      const file = { label, sealed: read(label), unlock }
      if (on === 'disk') return file
      return { label, sealed: (await printable(file, given, false)).bytes.reveal(), unlock: null }
    }),
  )
  const there = await newcomer(custodian.card.name)
  const { rebind } = await restore(there, { name: null, pieces, given, now: NOW, rng })
  return { ...there, rebind: read(rebind as string) }
}

/** These know each other's new identity and let it sit in its seat, as `mpc identity import --rebind` does it. */
export async function accept(
  everybody: readonly Custodian[],
  { card, home, rebind }: Rebound,
): Promise<void> {
  const fingerprint = hex(card.fingerprint)
  for (const who of everybody) {
    await acceptRebind(who.home, await examineRebind(who, card, rebind, NOW))
    await importCards(who.home, [card], { fingerprint, replace: card.name, now: NOW, how: 'rebind' })
    await markVerified(home, who.card, 'fingerprint', NOW)
  }
}
