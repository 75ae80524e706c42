/** Flags that several commands take. */
import type { Flag } from '../runtime/command.js'
import { name, names, once, wholeNumber } from '../runtime/parse.js'

/** For every command that meets others. */
export const allowQuarantined: Flag = {
  flags: '--allow-quarantined <names>',
  text: 'go on with members whom this machine saw break a ceremony',
  parse: once(names),
}

/** For every command that ends by helping others to end. */
export const linger: Flag = {
  flags: '--linger <seconds>',
  text: 'stay this long for the others at the end; 60 if left out',
  parse: once(wholeNumber(0)),
}

/** Of what is severe about a resharing. */
export const confirm: Flag = {
  flags: '--confirm <name>',
  text: "the key's name again: by a dealer of a minority, and by everybody where it replaces another",
  parse: once(name),
}
