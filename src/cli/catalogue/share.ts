/** Codes of stored shares: epochs, statements, retirement, checks. */
import { entry } from './entry.js'

export const shareCodes = {
  E_NO_EPOCH: entry(
    'This home does not hold that epoch of the key.',
    '`mpc share list --key KEY` lists the epochs here, by digest.',
  ),
  E_EPOCH_IN_USE: entry(
    'mpc never destroys the share of the epoch in use.',
    'Refresh or reshare the key first. Then retire the old share.',
  ),
  E_RETIRED: entry(
    'A newer epoch has replaced the one that this ceremony made, and its share was destroyed here.',
    'Use the epoch in use: `mpc share list --key KEY` shows it.',
  ),
  E_STATEMENTS: entry(
    'An old share can be destroyed only when a threshold of custodians have stated that they use the newer epoch.',
    'Ask them for `mpc share statements --key KEY -o FILE`, then run `mpc share retire --statements FILE`.',
  ),
  E_STATEMENT: entry(
    'This is not a statement about shares, or it was altered, or it is about another key.',
    'Ask a custodian to run `mpc share statements --key KEY -o FILE` again.',
  ),
  E_STATEMENT_SEAT: entry(
    'The author of the statement has no seat in that epoch, as far as this home knows.',
    'If a custodian has a new identity, import its card with the rebind: --rebind FILE.',
  ),
  E_SHARE_CHECK: entry(
    'A share, a record, a certificate or the state of a key is missing or wrong.',
    'Restore the files that the error names from a copy of this home. `mpc share list --key KEY` shows what is here.',
  ),
} as const
