/** A piece typed from paper. Each line is checked at once and asked again if it is wrong. */
import { Failure } from '../../wire/base/failure.js'
import { MOST_LINES, readCodeLine, readPaperLine } from '../../wire/paper/lines.js'
import type { Terminal } from '../terminal/terminal.js'

/** The bytes on the page. A scanner may also type the text of its QR code. */
export async function typePiece(terminal: Terminal): Promise<Uint8Array> {
  terminal.say(
    'Type the lines of the page, and press Enter after each. Blanks and capitals do not matter.',
    'Your typing stays on this screen. Clear it afterwards.',
  )
  const parts: Uint8Array[] = []
  for (let number = 1; number <= MOST_LINES; number++) {
    const typed = await terminal.ask(`Line ${number}:`, { flag: 'a file with the lines' }, (line) =>
      problemOf(line, number),
    )
    const code = number === 1 ? readCodeLine('piece', typed) : null
    if (code) return code
    const line = readPaperLine(typed, number)
    if ('problem' in line) throw new Error('a line was taken that is not as it was printed')
    parts.push(line.bytes)
    if (line.last) return joined(parts)
  }
  throw new Failure('usage', 'E_INPUT_SIZE', `a page has at most ${MOST_LINES} lines`)
}

function problemOf(typed: string, number: number): string | null {
  try {
    if (number === 1 && readCodeLine('piece', typed)) return null
  } catch (error) {
    if (error instanceof Failure) return error.message
    throw error
  }
  const line = readPaperLine(typed, number)
  return 'problem' in line ? `Line ${number} ${line.problem}.` : null
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = Uint8Array.from(Buffer.concat(parts))
  for (const part of parts) part.fill(0)
  return whole
}
