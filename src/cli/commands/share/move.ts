import { join, resolve } from 'node:path'
import { requireFree } from '../../../ceremony/backup/piece-files.js'
import { wipeIdentity } from '../../../ceremony/contacts/identity.js'
import { findKey } from '../../../ceremony/epochs/find-key.js'
import { indexIn } from '../../../ceremony/keys/key.js'
import { importMoved, MOVED_FILES, type MovedFiles, rekey } from '../../../ceremony/recovery/move-share.js'
import { requireNoKey } from '../../../ceremony/recovery/install-share.js'
import { recordPublicKey } from '../../../wire/key/record.js'
import { hex } from '../../../wire/base/text.js'
import type { Context } from '../../runtime/context.js'
import { readNamed } from '../../runtime/read-input.js'
import { confirmCard, verifiedCard } from '../../args/recipient.js'
import type { Result } from '../../runtime/result.js'
import { shellQuote } from '../../terminal/shell-quote.js'
import { keyRows } from '../../views/key.js'
import { fields } from '../../terminal/style.js'
import { takeUpWaiting } from '../../args/take-up.js'

export type RekeyOptions = {
  readonly key: string
  readonly to: string
  readonly out: string
  readonly confirm?: string
}

/** `mpc share rekey`: writes the share, sealed to a new identity of the same custodian, into a folder. */
export async function runRekey(context: Context, options: RekeyOptions): Promise<Result> {
  const home = await context.home()
  const card = await context.card()
  await takeUpWaiting(context)
  const key = await findKey(home, options.key)
  indexIn(key, card)
  const out = resolve(options.out)
  await requireFree(out)
  const to = await verifiedCard(context, options.to)
  const question = `The owner of this card, ${to.name}, will be able to sign with your share of ${key.name}.`
  await confirmCard(context, to, options.confirm, question)
  const identity = await context.openIdentity()
  try {
    await rekey({ home, identity, card }, key, { to, out, now: context.now(), rng: context.rng })
  } finally {
    wipeIdentity(identity)
  }
  return {
    data: {
      key: key.name,
      epoch: key.record.epoch,
      to: to.name,
      fingerprint: hex(to.fingerprint),
      dir: out,
      files: MOVED_FILES.map((file) => join(out, file)),
    },
    text: [
      out,
      `It holds your share of ${key.name}, sealed to the new identity. Carry the folder over, then delete it.`,
      'This home still has the share too. Reshare the key to the new identity, which makes this share useless, and then destroy it',
      `here: \`mpc share retire --key ${key.name} --statements FILE\`, with FILE from the new machine:`,
      `\`mpc share statements --key ${key.name} -o FILE\`.`,
    ],
    again: `mpc share list --key ${key.name}`,
    next: `mpc share import ${shellQuote(options.out)}   (on the new machine)`,
  }
}

export type ImportOptions = { readonly key?: string }

/** `mpc share import DIR`: imports the folder of `share rekey` into the home of the new identity. */
export async function runImport(
  context: Context,
  options: ImportOptions,
  [dir]: readonly string[],
): Promise<Result> {
  const files: Record<string, Uint8Array> = {}
  for (const file of MOVED_FILES) files[file] = await readNamed(join(dir as string, file), 'DIR')
  const home = await context.home()
  const card = await context.card()
  if (options.key !== undefined) await requireNoKey(home, options.key)
  const identity = await context.openIdentity()
  try {
    const owner = { home, identity, card }
    const moved = await context.terminal.busy(
      'Checking the share',
      importMoved(owner, files as MovedFiles, options.key ?? null, context.now()),
    )
    const { name, record, rebind, unkept } = moved
    return {
      data: {
        key: name,
        key_id: hex(record.key_id),
        public_key: hex(recordPublicKey(record)),
        epoch: record.epoch,
        custodian: record.members[moved.index - 1]?.card.name,
        index: moved.index,
        rebind,
      },
      text: [
        'The share is imported, and matches the public record.',
        ...fields([...keyRows(name, record), ['rebind', rebind]]),
        ...(unkept
          ? [
              `Its policies could not be taken in: ${unkept.message}`,
              `Nothing is signed until then: mpc policy import --key ${name} ${shellQuote(join(dir as string, 'policies.cbor'))}`,
            ]
          : []),
        'Every other custodian must decide whether you are the same person, and import the file above:',
        `  mpc identity import ${card.name}.card --rebind FILE --fingerprint ${hex(card.fingerprint)}`,
      ],
      again: `mpc share list --key ${name}`,
      next: `give ${rebind} and your card to each other custodian`,
    }
  } finally {
    wipeIdentity(identity)
  }
}
