/** Checks that a presignature of a home is whole: its public part, its certificate, and its sealed secret. */
import { CodecError, equalBytes } from '../../protocol/core/codec.js'
import { type EpochHere, readPresignature } from '../../storage/pools/presignatures.js'
import { ownVault } from '../../storage/vault/age-vault.js'
import { decodeCertificate } from '../../wire/ceremony/certificate.js'
import { definitionCodec, idOfEncoded } from '../../wire/ceremony/definition.js'
import { publicPresignatureCodec, secretPresignatureCodec } from '../../wire/key/presignature.js'
import type { Owner } from '../keys/key.js'

/**
 * Opens the secret and wipes it; passes over one that another process has voided meanwhile.
 * @param id the name of its folder
 * @throws CodecError, or a Failure of opening, that says what is damaged
 */
export async function checkPresignature(owner: Owner, here: EpochHere, id: Uint8Array): Promise<void> {
  const files = await readPresignature(here, id)
  const sealed = files['secret.age']
  if (sealed === null) return
  if (files['public.cbor'] === null) throw new CodecError('public.cbor', 'it is missing')
  const { definition, ids, entry, points, certificate } = publicPresignatureCodec.decode(files['public.cbor'])
  const run = definitionCodec.decode(definition)
  if (run.kind !== 'presign' || !equalBytes(run.record, here.digest))
    throw new CodecError('definition', 'it is of another epoch, or of another kind')
  if (ids.length !== run.count || points.length !== run.signers.length)
    throw new CodecError('ids', 'they do not fit the definition of the run')
  if (!equalBytes(decodeCertificate(certificate).definition, idOfEncoded(definition)))
    throw new CodecError('certificate', 'it is of another run')
  const isOwn = (named: Uint8Array | undefined): boolean => named !== undefined && equalBytes(named, id)
  if (!isOwn(ids[entry - 1])) throw new CodecError('ids', 'it is another presignature')
  using plaintext = await ownVault(owner).open(sealed, 'presignature')
  const secret = secretPresignatureCodec.decode(plaintext.reveal())
  secret.k.fill(0)
  secret.chi.fill(0)
  if (!isOwn(secret.id)) throw new CodecError('secret.age', 'it is of another presignature')
}
