import { lostWord } from '../../../ceremony/epochs/tell-behind.js'
import { heldKey, newestOf } from '../../../ceremony/epochs/held-epochs.js'
import { wipeIdentity } from '../../../ceremony/contacts/identity.js'
import { seatOf } from '../../../ceremony/keys/rebinds.js'
import { handoverOf, ownWord } from '../../../ceremony/epochs/attestations.js'
import { exportHandover } from '../../../wire/paper/json-export.js'
import type { Context } from '../../runtime/context.js'
import { refuseExisting, writeNew } from '../../runtime/read-input.js'
import { epochData, namesThat } from '../../views/share.js'
import type { Result } from '../../runtime/result.js'
import { takenLines, takeStatements } from '../../args/attestation-files.js'
import { takeUpWaiting } from '../../args/take-up.js'

export type Options = { readonly key: string; readonly out?: string }

/** `mpc share statements`: imports statements of others, and exports all that are known here. */
export async function run(
  context: Context,
  { key: name, out }: Options,
  files: readonly string[],
): Promise<Result> {
  if (out !== undefined) await refuseExisting(out)
  await takeUpWaiting(context)
  const home = await context.home()
  const taken = files.length > 0 ? await takeStatements(context, name, files, 'FILE') : null
  if (out !== undefined) await giveOwnWord(context, name)
  const written = out === undefined ? null : await writeNew(out, exportHandover(await handoverOf(home, name)))
  const held = await heldKey(home, name)
  const newest = newestOf(held)
  return {
    data: {
      key: name,
      added: taken?.added ?? 0,
      strange: taken?.strange ?? 0,
      frozen: taken?.frozen ?? null,
      epochs: held.epochs.map(epochData),
      file: written,
    },
    text: [
      ...(taken ? takenLines(name, taken) : []),
      ...(newest
        ? [`Epoch ${newest.number} is used by: ${namesThat('activated', newest).join(', ') || 'nobody yet'}.`]
        : []),
      ...(written === null ? [] : [written]),
    ],
    next:
      written === null
        ? `mpc share list --key ${name}`
        : `mpc share retire --key ${name} --statements ${out}   (custodians who were absent run this)`,
  }
}

/** Signs this custodian's own statement if it is missing: that it uses the newest epoch, or holds no share of it. */
async function giveOwnWord(context: Context, name: string): Promise<void> {
  const home = await context.home()
  const card = await context.card()
  const newest = newestOf(await heldKey(home, name))
  if (newest?.record?.parent == null) return
  const said = newest.status === 'active' ? 'activated' : 'lost'
  const own = seatOf(newest, card.fingerprint)
  if (own === null || newest.statements.some((each) => each.said === said && each.index === own)) return
  const identity = await context.openIdentity()
  try {
    const word = said === 'lost' ? lostWord : ownWord
    await word({ home, identity, card }, name, newest.record, context.now())
  } finally {
    wipeIdentity(identity)
  }
}
