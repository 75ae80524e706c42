import { wipeIdentity } from '../../../ceremony/contacts/identity.js'
import { notCertified, restore } from '../../../ceremony/recovery/restore.js'
import { Failure } from '../../../wire/base/failure.js'
import { type KeyRecord, recordPublicKey } from '../../../wire/key/record.js'
import { hex } from '../../../wire/base/text.js'
import type { Context } from '../../runtime/context.js'
import { keyRows, keyWords } from '../../views/key.js'
import { givenIn, type PieceOptions, withPieces } from '../../args/pieces.js'
import type { Result } from '../../runtime/result.js'
import { fields } from '../../terminal/style.js'

export type Options = PieceOptions & { readonly key?: string; readonly publicKey?: string }

/** `mpc backup restore FILES...`: restores a share from its pieces into this home, offline. */
export async function run(context: Context, options: Options, files: readonly string[]): Promise<Result> {
  const given = await givenIn(context, options)
  const home = await context.home()
  const card = await context.card()
  const now = context.now()
  const restored = await withPieces(context, files, options, async (pieces, self) => {
    // If every piece has a passphrase, the new holder's identity is not open yet.
    const identity = self?.identity ?? (await context.openIdentity())
    try {
      const trust = (record: KeyRecord, certified: boolean) =>
        trusted(context, options.publicKey, record, certified)
      const order = { name: options.key ?? null, pieces, given, trust, now, rng: context.rng }
      return await context.terminal.busy('Restoring the share', restore({ home, identity, card }, order))
    } finally {
      if (!self) wipeIdentity(identity)
    }
  })
  const { name, rebind, lost, certified, policy } = restored
  const custodian = restored.record.members[restored.index - 1]?.card.name as string
  const command = `mpc identity import ${card.name}.card --rebind FILE --fingerprint ${hex(card.fingerprint)}`
  return {
    data: {
      key: name,
      key_id: hex(restored.record.key_id),
      public_key: hex(recordPublicKey(restored.record)),
      epoch: restored.record.epoch,
      custodian,
      index: restored.index,
      certified,
      rebind,
      refresh_needed: lost,
      policy: policy && { number: policy.number, sha256: hex(policy.sha256) },
    },
    text: [
      `The share of ${custodian} is restored, and matches the public record.`,
      ...(certified
        ? []
        : [
            'The record is NOT certified here. It is trusted because its public key was confirmed. Get the certificate from another custodian',
            `before you split or move the share: mpc share statements FILE --key ${name}   (FILE: from their -o)`,
          ]),
      ...fields([
        ...keyRows(name, restored.record),
        ['rebind', rebind ?? 'none needed: this identity has the seat'],
      ]),
      ...(lost
        ? ['The auxiliary data for signing could not be opened: refresh the key before you sign.']
        : []),
      ...(policy
        ? [
            `The key has a policy, number ${policy.number} or later, which is not here. Nothing is signed without it.`,
            `Another custodian writes it: mpc policy show ${name} --chain -o FILE. Here: mpc policy import --key ${name} FILE`,
          ]
        : []),
      ...(rebind
        ? [
            'Every other custodian must decide whether you are the same person, and import the file above:',
            `  ${command}`,
            `The file has the date ${new Date(now).toISOString()} of this machine's clock. Others refuse it if their clock is`,
            `behind. If the date is wrong, set the clock, move keys/${name} out of this home, and restore again.`,
          ]
        : []),
    ],
    again: `mpc share list --key ${name}`,
    ...(rebind !== null && { next: `give ${rebind} and your card to each other custodian` }),
  }
}

/** Trust in a record without a certificate comes from its public key, which other custodians know. */
async function trusted(
  { terminal }: Context,
  publicKey: string | undefined,
  record: KeyRecord,
  certified: boolean,
): Promise<void> {
  const key = hex(recordPublicKey(record))
  if (publicKey !== undefined) {
    if (publicKey.toLowerCase() === key) return
    throw new Failure(
      'verification',
      'E_PUBLIC_KEY',
      `the record has the public key ${key}, not the given one`,
      {
        hint: 'do not use these pieces; ask the custodians for the public key, in person',
      },
    )
  }
  if (certified) return
  if (!terminal.interactive) throw notCertified()
  terminal.say('No certificate covers this record: anybody could have forged a key and its pieces.')
  terminal.say(...fields([['public key', key]]), '  Its words:', { words: keyWords(record) })
  const question = 'Ask another custodian to read you these 16 words from `mpc key show`.'
  await terminal.confirm(question, 'the same', { flag: '--public-key HEX' })
}
