/**
 * A terminal's screen as an SVG picture: the cells that a person sees, in the colours and weights that were written.
 */
import type xterm from '@xterm/headless'

type Screen = InstanceType<typeof xterm.Terminal>
type Cell = NonNullable<ReturnType<NonNullable<ReturnType<Screen['buffer']['active']['getLine']>>['getCell']>>

const [WIDTH, HEIGHT, MARGIN, FONT] = [8.4, 18, 14, 14]
const [PAPER, INK] = ['#1b1f27', '#d7dae0']
/** The sixteen colours of a terminal. */
const PALETTE = (
  '#3b4252 #e0626c #8fc16f #e3b85f #5fa3e8 #c07bd8 #56b6c2 #d7dae0 ' +
  '#6c7689 #ff7b86 #a8dd86 #ffd37a #7fbcff #d79bef #7bd4de #ffffff'
).split(' ')

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

function styleOf(cell: Cell): string {
  const colour = cell.isFgPalette() ? (PALETTE[cell.getFgColor()] ?? INK) : INK
  return [
    colour === INK ? '' : ` fill="${colour}"`,
    cell.isBold() ? ' font-weight="bold"' : '',
    cell.isDim() ? ' opacity="0.65"' : '',
  ].join('')
}

/** Runs of cells of one style, as `text` elements. */
function rowOf(screen: Screen, row: number, y: number): string[] {
  const line = screen.buffer.active.getLine(row)
  const runs: { at: number; text: string; style: string }[] = []
  for (let x = 0; x < screen.cols; x++) {
    const cell = line?.getCell(x)
    if (!cell || cell.getWidth() === 0) continue
    const style = styleOf(cell)
    const last = runs.at(-1)
    if (last?.style === style) last.text += cell.getChars() || ' '
    else runs.push({ at: x, text: cell.getChars() || ' ', style })
  }
  const top = MARGIN + y * HEIGHT + FONT
  return runs
    .filter(({ text }) => text.trim() !== '')
    .map(({ at, text, style }) => {
      const start = at + text.length - text.trimStart().length
      const x = (MARGIN + start * WIDTH).toFixed(1)
      const length = (text.trim().length * WIDTH).toFixed(1)
      return `<text x="${x}" y="${top}" textLength="${length}"${style}>${escaped(text.trim())}</text>`
    })
}

/** The visible rows, without the empty ones at the end. @param title what the picture shows, for readers of screens */
export function pictureOf(screen: Screen, title: string): string {
  const { baseY } = screen.buffer.active
  const text = (row: number) => screen.buffer.active.getLine(baseY + row)?.translateToString(true) ?? ''
  let rows = screen.rows
  while (rows > 1 && text(rows - 1).trim() === '') rows--
  const lines = Array.from({ length: rows }, (_, y) => rowOf(screen, baseY + y, y)).flat()
  const columns = Math.max(...Array.from({ length: rows }, (_, y) => text(y).length))
  const [width, height] = [Math.ceil(2 * MARGIN + columns * WIDTH), 2 * MARGIN + rows * HEIGHT]
  const font = `font-family="ui-monospace, Menlo, Consolas, monospace" font-size="${FONT}"`
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${width}" height="${height}" rx="8" fill="${PAPER}"/>`,
    `<g ${font} fill="${INK}" xml:space="preserve">`,
    ...lines,
    '</g>',
    '</svg>',
    '',
  ].join('\n')
}
