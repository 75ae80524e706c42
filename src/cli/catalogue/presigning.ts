/** Codes of presignatures. */
import { entry } from './entry.js'

export const presigningCodes = {
  E_NO_PRESIGNATURES: entry(
    'The key is of a scheme that needs no presignatures.',
    'Sign without: `mpc sign`.',
  ),
  E_NO_RECEIPT: entry(
    'A signer did not confirm the presignatures of a run, so none of that run is kept here.',
    'Run `mpc presign` again, at all of the signers.',
  ),
  E_PRESIGNATURE_FILE: entry(
    'A file of a presignature is damaged.',
    'Remove the folder `presignatures` of that epoch, and make others: `mpc presign`.',
  ),
}
