/** Screens of a rehearsal whose lines come with a name and the time, and one that shows nothing. */
import { Writable } from 'node:stream'
import { stripVTControlCharacters } from 'node:util'
import type { Context } from '../../runtime/context.js'

/** Milliseconds that a state lasts before its members are shown. */
const LASTS = 400

/**
 * A screen whose lines come with a name and the time. A state is shown when it begins; who is here and who is missing,
 * which changes in it, only where that lasts.
 */
export function prefixed(
  { terminal, now }: Context,
  name: string,
  names: readonly string[],
  began: number,
  stops: (() => void)[],
): Writable {
  const width = Math.max(...names.map((each) => each.length))
  let state = ''
  let later: NodeJS.Timeout | undefined
  stops.push(() => clearTimeout(later))
  const show = (line: string): void => {
    const head = `${((now() - began) / 1000).toFixed(2)} s`.padStart(8).concat(`  ${name.padEnd(width)}`)
    const [first, ...rest] = wrapped(line, (terminal.screen.columns ?? Infinity) - head.length - 2)
    terminal.say(`${terminal.style.dim(head)}  ${first}`)
    for (const more of rest) terminal.say(`${' '.repeat(head.length + 4)}${more}`)
  }
  return lines((line) => {
    if (line === '') return
    clearTimeout(later)
    const begun = / \(.*\)$/.test(line) ? line.replace(/ \(.*\)$/, '') : null
    if (begun !== null && begun === state) later = setTimeout(() => show(line), LASTS).unref()
    else show(line)
    state = begun ?? state
  })
}

/** At spaces, as far as there are any; what goes on is shown two columns further in. */
function wrapped(line: string, room: number): string[] {
  const at = stripVTControlCharacters(line).length <= room ? -1 : line.lastIndexOf(' ', room)
  if (at < 1 || line.slice(0, at).trim() === '') return [line]
  return [line.slice(0, at), ...wrapped(line.slice(at + 1).trimStart(), room - 2)]
}

export const nowhere = (): Writable => lines(() => {})

const lines = (each: (line: string) => void): Writable =>
  new Writable({
    decodeStrings: false,
    write(text: string, _encoding, done) {
      for (const line of text.replace(/\n$/, '').split('\n')) each(line)
      done()
    },
  })
