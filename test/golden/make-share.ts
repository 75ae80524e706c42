/**
 * Makes the golden files of shares after their birth: what test-alice and test-bob say of their shares, both handed on as
 * a file, and test-alice's share offered to an identity on another machine. As in `make.ts`: by hand, once, and a file
 * that is there is never written again.
 *
 *     MPC_GOLDEN=write npx vitest run --config test/vitest.config.ts test/wire/golden-share.test.ts
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseCard } from '../../src/wire/identity/card.js'
import { exportHandover } from '../../src/wire/paper/json-export.js'
import { identityText, parseIdentity } from '../../src/wire/identity/identity.js'
import { offerRebind } from '../../src/wire/key/rebind.js'
import { parseRecord } from '../../src/wire/key/record.js'
import { parseShare } from '../../src/wire/key/share.js'
import { sayActivated, sayDeleted } from '../../src/wire/key/attestation.js'
import { person, rng } from '../support/members.js'
import { GOLDEN, held, textOf } from './make.js'

const CREATED = 1_800_000_000_000
export const SHARE_FILES = [
  'activated.cbor',
  'deleted.cbor',
  'handover.json',
  'rebind.offer',
  'test-alice-elsewhere.card',
  'test-alice-elsewhere.identity.txt',
]
/** The epoch that is said to have replaced the golden one. */
export const NEWER = new Uint8Array(32).fill(7)

export const speakerOf = (name: string, index: number) => ({
  card: parseCard(textOf(`${name}.card`).trim()),
  index,
  signing: parseIdentity(textOf(`${name}.identity.txt`)).signing,
})

export async function writeShareGolden(): Promise<void> {
  for (const [name, content] of Object.entries(await makeShareGolden())) {
    await writeFile(join(GOLDEN, name), content, { flag: 'wx' }).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
    })
  }
}

async function makeShareGolden(): Promise<Record<string, Uint8Array | string>> {
  const record = parseRecord(held('eddsa-ed25519.record.cbor'))
  const { share } = parseShare(held('eddsa-ed25519.share.cbor'), record, 1).share
  const activated = sayActivated(record, speakerOf('test-alice', 1), CREATED)
  const deleted = sayDeleted(record, NEWER, speakerOf('test-bob', 2), CREATED)
  const certificate = held('eddsa-ed25519.certificate.cbor')
  const elsewhere = await person('test-alice')
  const from = speakerOf('test-alice', 1)
  const seat = { index: 1, share, card: elsewhere.card, from, created: CREATED }
  return {
    'activated.cbor': activated,
    'deleted.cbor': deleted,
    'handover.json': exportHandover({ records: [record], certificate, statements: [activated, deleted] }),
    'rebind.offer': offerRebind(record, seat, 'test-treasury', rng),
    'test-alice-elsewhere.card': `${elsewhere.card.line}\n`,
    'test-alice-elsewhere.identity.txt': identityText(elsewhere.identity),
  }
}
