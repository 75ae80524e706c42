/** The files that a split or a moved share leaves for others, in a folder of their own. */
import { Secret } from '../../protocol/core/secret.js'
import type { PartyId } from '../../protocol/core/session.js'
import { createDir, listDir } from '../../storage/fs/atomic.js'
import { readEpochFile } from '../../storage/home/epochs.js'
import type { Home } from '../../storage/home/home.js'
import { Failure } from '../../wire/base/failure.js'
import type { Kept } from '../../wire/escrow/kept.js'
import { encodeManifest } from '../../wire/escrow/manifest.js'
import { encodePiece, parsePiece } from '../../wire/escrow/piece.js'
import { encodeRecord } from '../../wire/key/record.js'
import type { Key } from '../keys/key.js'
import { type HolderSeal, sealFor } from './holders.js'

/** Every piece as a file; each is parsed again first, as its holder will. */
export async function sealedPieces(
  key: Key,
  { manifest, blob, pieces }: Kept,
  certificate: Uint8Array,
  holders: readonly HolderSeal[],
  workFactor: number | undefined,
): Promise<Record<string, Uint8Array>> {
  const files: Record<string, Uint8Array> = {}
  for (const holder of holders) {
    const { index } = manifest.holders.find(({ name }) => name === holder.name) as { index: PartyId }
    const value = pieces.get(index) as Secret
    using plaintext = new Secret(
      encodePiece({
        holder: index,
        value: value.reveal(),
        manifest: encodeManifest(manifest),
        record: encodeRecord(key.record),
        certificate,
        blob,
      }),
    )
    parsePiece(plaintext.reveal()).value.wipe()
    files[`${holder.name}.piece`] = await sealFor(holder, plaintext.reveal(), workFactor)
  }
  return files
}

/** The certificate of the epoch in use. @throws Failure `E_KEY_STATE` (conflict) if it is missing here */
export async function certificateOf(home: Home, { name, digest }: Key): Promise<Uint8Array> {
  const certificate = await readEpochFile(home, name, digest, 'certificate.cbor')
  if (certificate !== null) return certificate
  throw new Failure('conflict', 'E_KEY_STATE', `the key ${name} is not certified here`, {
    hint:
      `get FILE from another custodian (\`mpc share statements --key ${name} -o FILE\`), ` +
      `then \`mpc share statements FILE --key ${name}\``,
  })
}

/** @throws Failure `E_OUTPUT_EXISTS` (conflict) if a folder for the pieces cannot be made there */
export async function requireFree(out: string): Promise<void> {
  if ((await listDir(out)).length > 0) throw outputExists(out)
}

/** Writes the folder. @throws Failure `E_OUTPUT_EXISTS` (conflict) */
export async function writeOut(out: string, files: Readonly<Record<string, Uint8Array>>): Promise<void> {
  if (!(await createDir(out, files))) throw outputExists(out)
}

export const outputExists = (out: string): Failure =>
  new Failure('conflict', 'E_OUTPUT_EXISTS', `${out} is there, and not empty`, {
    hint: 'name a folder that is not there yet; nothing was overwritten',
  })
