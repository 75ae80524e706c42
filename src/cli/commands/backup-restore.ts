import { wipeIdentity } from '../../ceremony/identity.js'
import { restore } from '../../ceremony/restore.js'
import { recordPublicKey } from '../../wire/record.js'
import { hex } from '../../wire/text.js'
import type { Context } from '../context.js'
import { keyRows } from '../shown.js'
import { givenIn, type PieceOptions, withPieces } from '../pieces.js'
import type { Result } from '../result.js'
import { fields } from '../style.js'

export type Options = PieceOptions & { readonly key?: string }

/** `mpc backup restore FILES...`: a share from its pieces, into this home; no network. */
export async function run(context: Context, options: Options, files: readonly string[]): Promise<Result> {
  const given = await givenIn(options)
  const home = await context.home()
  const card = await context.card()
  const restored = await withPieces(context, files, options, async (pieces, self) => {
    // Where every piece opened by a passphrase, the identity that is to hold the share was not needed yet.
    const identity = self?.identity ?? (await context.openIdentity())
    try {
      const order = { name: options.key ?? null, pieces, given, now: context.now(), rng: context.rng }
      return await context.terminal.busy('Restoring the share', restore({ home, identity, card }, order))
    } finally {
      if (!self) wipeIdentity(identity)
    }
  })
  const { name, rebind, lost } = restored
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
      rebind,
      refresh_needed: lost,
    },
    text: [
      `The share of ${custodian} is here again, and proved against the public record.`,
      ...fields([
        ...keyRows(name, restored.record),
        ['rebind', rebind ?? 'none: this identity sits in the seat'],
      ]),
      ...(lost ? ['What signing needs beside the share did not open: refresh the key before you sign.'] : []),
      ...(rebind
        ? [
            'Each other custodian decides whether you are the same person, with the file above:',
            `  ${command}`,
          ]
        : []),
    ],
    ...(rebind !== null && { next: `give ${rebind} and your card to each other custodian` }),
  }
}
