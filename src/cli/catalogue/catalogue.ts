/** Every error code, as `mpc explain` prints it. A test holds the list equal to the codes in the sources. */
import { backupCodes } from './backup.js'
import type { Entry } from './entry.js'
import { EXITS } from './exits.js'
import { machineCodes } from './machine.js'
import { peopleCodes } from './people.js'
import { policyCodes } from './policy.js'
import { presigningCodes } from './presigning.js'
import { runningCodes } from './running.js'
import { shareCodes } from './share.js'

export const CATALOGUE: Readonly<Record<string, Entry>> = {
  ...machineCodes,
  ...peopleCodes,
  ...runningCodes,
  ...backupCodes,
  ...shareCodes,
  ...policyCodes,
  ...presigningCodes,
}

/** The exit codes under which an error code occurs. */
export const exitsOf = (code: string): number[] =>
  Object.entries(EXITS).flatMap(([exit, { codes }]) => (codes.includes(code) ? [Number(exit)] : []))
