/** The presignatures that a home holds of a key's epoch in use: kept, and counted for each set of signers. */
import { Secret } from '../../protocol/core/secret.js'
import type { Presignature } from '../../protocol/cggmp24/presign/presignature.js'
import { keepPresignature, listPresignatures } from '../../storage/pools/presignatures.js'
import type { Home } from '../../storage/home/home.js'
import type { Vault } from '../../storage/vault/vault.js'
import { equalBytes } from '../../protocol/core/codec.js'
import { Failure, wellFormed } from '../../wire/base/failure.js'
import { definitionCodec, type Presigning } from '../../wire/ceremony/definition.js'
import {
  type PresignatureFile,
  publicPresignatureCodec,
  secretPresignatureCodec,
} from '../../wire/key/presignature.js'
import type { Key } from '../keys/key.js'
import { cardOf } from '../requests/signer-set.js'

/** What all presignatures of one run have in common. */
export type Certified = Pick<PresignatureFile, 'definition' | 'ids' | 'certificate'>

/** Seals and keeps the presignatures of a run, and uses them up. @returns how many are kept */
export async function keepRun(
  { home, vault }: { readonly home: Home; readonly vault: Vault },
  { name, digest }: Pick<Key, 'name' | 'digest'>,
  made: readonly Presignature[],
  certified: Certified,
): Promise<number> {
  let kept = 0
  for (const [i, presignature] of made.entries()) {
    const id = certified.ids[i] as Uint8Array
    const file = publicFile(presignature, certified, i + 1)
    const sealed = await sealedHalves(presignature, id, vault)
    const files = { 'public.cbor': file, 'secret.age': sealed }
    if (await keepPresignature({ home, name, digest }, id, files)) kept += 1
  }
  return kept
}

function publicFile({ public: known }: Presignature, certified: Certified, entry: number): Uint8Array {
  const points = known.signers.parties.map((party) => {
    const { Delta, S } = known.points.get(party) as NonNullable<ReturnType<typeof known.points.get>>
    return { Delta: Delta.toBytes(), S: S.toBytes() }
  })
  const Gamma = known.Gamma.toBytes()
  return publicPresignatureCodec.encode({ format: 'mpc/presignature/v1', ...certified, entry, Gamma, points })
}

async function sealedHalves(presignature: Presignature, id: Uint8Array, vault: Vault): Promise<Uint8Array> {
  const { k, chi } = presignature.consume()
  try {
    const format = 'mpc/presignature-secret/v1'
    using plaintext = new Secret(
      secretPresignatureCodec.encode({ format, id, k: k.reveal(), chi: chi.reveal() }),
    )
    return await vault.seal(plaintext.reveal(), 'presignature')
  } finally {
    k.wipe()
    chi.wipe()
  }
}

/** The presignatures that are left for one set of signers. */
export type Left = { readonly signers: readonly string[]; readonly left: number }

/**
 * How many presignatures this home holds of an epoch, for each set of signers, by their names.
 * @throws Failure `E_PRESIGNATURE_FILE` (conflict) if one is damaged
 */
export async function poolsOf(
  home: Home,
  { name, digest, seated, rebinds }: Pick<Key, 'name' | 'digest' | 'seated' | 'rebinds'>,
): Promise<readonly Left[]> {
  const counts = new Map<string, number>()
  for (const encoded of await listPresignatures({ home, name, digest })) {
    const { signers, rebinds: by } = runOf(encoded, name)
    // Somebody else sits in a seat now, so nobody offers it any more.
    const isCurrent = by.every((each) => rebinds.some((here) => equalBytes(here.digest, each)))
    if (!isCurrent) continue
    const who = signers.map(({ index }) => cardOf(seated, index).name).join()
    counts.set(who, (counts.get(who) ?? 0) + 1)
  }
  return [...counts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([who, left]) => ({ signers: who.split(','), left }))
}

/** The definition of the run that made a presignature. */
function runOf(encoded: Uint8Array, name: string): Presigning {
  const definition = wellFormed(
    () => definitionCodec.decode(publicPresignatureCodec.decode(encoded).definition),
    (_, cause) => damaged(name, cause),
  )
  if (definition.kind !== 'presign') throw damaged(name)
  return definition
}

const damaged = (name: string, cause?: unknown): Failure =>
  new Failure('conflict', 'E_PRESIGNATURE_FILE', `a presignature of ${name} is damaged`, {
    hint: `remove the folder \`presignatures\` of its epoch, and make others: \`mpc presign --key ${name}\``,
    cause,
  })
