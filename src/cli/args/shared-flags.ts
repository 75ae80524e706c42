/** Flags that several commands take. */
import type { Flag } from '../runtime/command.js'
import { name, names, once, wholeNumber } from '../runtime/parse.js'

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
