/** Codes of shares after their birth: which epochs a home holds, who went over, what is destroyed. */
import { entry } from './entry.js'

export const shareCodes = {
  E_NO_EPOCH: entry(
    'This home holds no such epoch of the key.',
    '`mpc share list --key KEY` lists those that it holds, by digest.',
  ),
  E_EPOCH_IN_USE: entry(
    'The share of an epoch that is in use is never destroyed.',
    'Refresh or reshare the key; then the old shares can be.',
  ),
  E_RETIRED: entry(
    'The epoch that this ceremony made was replaced since, and its share was destroyed here.',
    'Use the epoch that is in use: `mpc share list --key KEY` shows it.',
  ),
  E_STATEMENTS: entry(
    'Old shares are destroyed only once as many custodians of the newer epoch as must sign say that they went over to it.',
    'Get it from them as a file: `mpc share statements --key KEY -o FILE`; then `mpc share retire --statements FILE`.',
  ),
  E_STATEMENT: entry(
    'This is not what custodians say of their shares, or it was altered, or is of another key.',
    'Ask for it again: `mpc share statements --key KEY -o FILE`, in the home of a custodian.',
  ),
  E_STATEMENT_SEAT: entry(
    'Who made the statement sits in no seat of the epoch that it is about, as far as is known here.',
    'If a custodian has a new identity, import its card with the rebind: --rebind FILE.',
  ),
  E_SHARE_CHECK: entry(
    'A share, a record, a certificate or the state of a key is not what it should be.',
    'Put back what the error names from a copy of this home: `mpc share list --key KEY` shows what is there.',
  ),
} as const
