/** Flags that several commands take. */
import type { Flag } from '../runtime/command.js'
import { any, hash, name, names, once, wholeNumber } from '../runtime/parse.js'

/** For commands that meet other members. */
export const allowQuarantined: Flag = {
  flags: '--allow-quarantined <names>',
  text: 'go on with members in quarantine, separated by commas',
  parse: once(names),
}

/** For commands that help others to finish. */
export const linger: Flag = {
  flags: '--linger <seconds>',
  text: 'how long to serve the others at the end; default: 60',
  parse: once(wholeNumber(0)),
}

/** For reshares with severe effects. */
export const confirm: Flag = {
  flags: '--confirm <name>',
  text: 'the name of the key again; needed for a minority reshare, and to replace another ceremony',
  parse: once(name),
}

/** Flags of the commands that take part in a ceremony agreed on by a file. */
export const takingPart: readonly Flag[] = [
  { flags: '--definition <file>', text: 'the ceremony file', parse: once(any) },
  {
    flags: '--join <id>',
    text: 'the ID of the ceremony, 64 hex digits; another member sends the file',
    parse: once(hash),
  },
  { flags: '--accept <id>', text: 'the ID that you have checked and accept', parse: once(hash) },
  allowQuarantined,
  linger,
]
