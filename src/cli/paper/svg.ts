/** A sheet as one self-contained SVG, in millimetres, for A4 and US Letter with common margins. */
import { escape } from './html.js'
import { type Captioned, HOW_TO_TYPE, type Section, type Sheet, sidesOf } from './sheet.js'

const WIDTH = 186
const HEIGHT = 250
const MARGIN = 4
const GAP = 6
const HALF = (WIDTH - GAP) / 2
const LEADING = 1.32
const SANS = 'Helvetica, Arial, sans-serif'
const MONO = 'DejaVu Sans Mono, Menlo, Consolas, monospace'
/** Widths of characters as fractions of the font size: the mean, and the one of monospace; generous, as fonts differ. */
const MEAN = 0.48
const EVERY = 0.61

type Text = {
  readonly size: number
  readonly mono?: boolean
  readonly bold?: boolean
  readonly fill?: string
}

export function svgOf(sheet: Sheet): string {
  const { title, subtitle, warning, facts, digests, words, code, codes, lines, sections, checks, footer } =
    sheet
  const out: string[] = []
  let y = 0
  const put = (x: number, width: number, text: string, style: Text, hang = 0): void => {
    for (const [i, line] of wrap(text, width, style).entries()) {
      y += style.size * LEADING
      out.push(textAt(x + (i === 0 ? 0 : hang), y, line, style))
    }
  }
  put(0, WIDTH, title, { size: 5.2, bold: true })
  put(0, WIDTH, subtitle, { size: 3.4 })
  y += 2
  out.push(`<path d="M0 ${round(y)}h${WIDTH}" stroke="#111" stroke-width="0.6"/>`)
  y += 2
  const [from, colour] = [y, warning.secret ? '#b00000' : '#111']
  put(3, WIDTH - 6, warning.text, { size: warning.secret ? 3.5 : 3.2, bold: true, fill: colour })
  y += 2
  out.push(
    `<rect x="0.5" y="${round(from)}" width="${WIDTH - 1}" height="${round(y - from)}" fill="none" stroke="${colour}" stroke-width="${warning.secret ? 0.9 : 0.4}"/>`,
  )
  y += 2
  for (const [x, all] of [
    [0, digests],
    [WIDTH - 62, facts],
  ] as const) {
    for (const [i, [name, value]] of all.entries()) {
      const line = y + (i + 1) * 4
      out.push(textAt(x, line, name, { size: 2.9, fill: '#444' }))
      out.push(textAt(x + 18, line, value, { size: 2.3, mono: true }))
    }
  }
  y += Math.max(digests.length, facts.length) * 4 + 2.5
  if (code) {
    const side = lines.length > 0 ? 62 : 74
    out.push(...codeAt(WIDTH - side, y, side, code))
    const [size, step, rows] =
      lines.length <= 12 ? [3.6, 5, 12] : lines.length <= 17 ? [3.3, 4.1, 17] : [2.5, 4.4, 16]
    for (const [i, line] of lines.entries()) {
      const [column, row] = [Math.floor(i / rows), i % rows]
      const text = `${String(i + 1).padStart(2)}  ${line}`
      out.push(textAt(column * 60, y + 4 + (row + 0.8) * step, text, { size, mono: true }))
    }
    const heading = lines.length > 0 ? 'To type' : 'Too long to type: keep the code undamaged.'
    out.push(textAt(0, y + 3, heading, { size: 3.1, bold: true }))
    if (lines.length > 0) out.push(textAt(20, y + 3, HOW_TO_TYPE, { size: 2.5, fill: '#444' }))
    y += Math.max(side + 4, 5 + step * Math.min(rows, lines.length))
  }
  const sides = sidesOf(codes, WIDTH, GAP)
  for (const row of [0, 2].filter((at) => at < sides.length)) {
    const [left, right = 0] = sides.slice(row, row + 2) as [number, number?]
    out.push(...codeAt(0, y + 3, left, codes[row] as Captioned))
    if (right > 0) out.push(...codeAt(left + GAP, y + 3, right, codes[row + 1] as Captioned))
    y += Math.max(left, right) + 8
  }
  y += 1
  const wordsTop = y
  for (const [i, [name, all]] of words.entries()) {
    y = wordsTop
    const x = i * (HALF + GAP)
    put(x, HALF, name, { size: 3, bold: true })
    const style = { size: 2.2, mono: true }
    for (const [k, word] of all.entries()) {
      const [column, row] = [Math.floor(k / 4), k % 4]
      out.push(textAt(x + (column * HALF) / 4, y + (row + 1) * 3.1, `${k + 1} ${word}`, style))
    }
    y += 4 * 3.1
  }
  const textTop = y + 1
  let lowest = textTop
  for (const [i, column] of inColumns(sections).entries()) {
    y = textTop
    for (const { text, style, before, indent } of column) {
      y += before
      put(i * (HALF + GAP) + indent, HALF - indent, text, style, indent)
    }
    lowest = Math.max(lowest, y)
  }
  for (let i = 0; i < checks; i++) {
    const x = (i * (WIDTH + GAP)) / checks
    out.push(textAt(x, lowest + 4, 'Checked on / by', { size: 2.4, fill: '#444' }))
    out.push(
      `<path d="M${round(x)} ${round(lowest + 9)}h${round((WIDTH + GAP) / checks - GAP)}" stroke="#111" stroke-width="0.2"/>`,
    )
  }
  out.push(textAt(0, lowest + 14, footer, { size: 2.5, fill: '#444' }))
  const [width, height] = [WIDTH + 2 * MARGIN, Math.max(lowest + 16, HEIGHT) + 2 * MARGIN].map(round)
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}mm" height="${height}mm" viewBox="${-MARGIN} ${-MARGIN} ${width} ${height}">
<title>${escape(title)}</title>
<rect x="${-MARGIN}" y="${-MARGIN}" width="100%" height="100%" fill="#fff"/>
${out.join('\n')}
</svg>
`
}

type Block = { readonly text: string; readonly style: Text; readonly before: number; readonly indent: number }

/** All paragraphs in two columns of similar height. A heading never ends a column. */
function inColumns(sections: readonly Section[]): readonly (readonly Block[])[] {
  const blocks = sections.flatMap(({ heading, body }): Block[] => [
    { text: heading, style: { size: 3, bold: true }, before: 1.7, indent: 0 },
    ...body.map((each) =>
      typeof each === 'string'
        ? { text: each, style: { size: 2.7 }, before: 0.4, indent: 0 }
        : { text: each.command, style: { size: 2.3, mono: true }, before: 0.4, indent: 2 },
    ),
  ])
  const heightOf = (all: readonly Block[]): number =>
    all.reduce((sum, { text, style, before, indent }) => {
      return sum + before + wrap(text, HALF - indent, style).length * style.size * LEADING
    }, 0)
  const half = heightOf(blocks) / 2
  let cut = blocks.findIndex((_, i) => heightOf(blocks.slice(0, i + 1)) >= half) + 1
  while (blocks[cut - 1]?.style.bold) cut--
  return [blocks.slice(0, cut), blocks.slice(cut)]
}

function textAt(x: number, y: number, text: string, { size, mono, bold, fill = '#111' }: Text): string {
  const weight = bold ? ' font-weight="bold"' : ''
  return `<text x="${round(x)}" y="${round(y)}" font-family="${mono ? MONO : SANS}" font-size="${size}" fill="${fill}" xml:space="preserve"${weight}>${escape(text)}</text>`
}

const codeAt = (
  x: number,
  y: number,
  side: number,
  { caption, code: { size, path } }: Captioned,
): string[] => [
  `<g transform="translate(${round(x)} ${round(y)}) scale(${side / size})" shape-rendering="crispEdges"><path d="${path}"/></g>`,
  textAt(x, y + side + 3, caption, { size: 2.7, fill: '#444' }),
]

/** Breaks a text into lines; a word longer than a line is cut. */
function wrap(text: string, width: number, { size, mono, bold }: Text): string[] {
  const most = Math.floor(width / (size * (mono ? EVERY : bold ? MEAN * 1.08 : MEAN)))
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ').flatMap((each) => each.match(new RegExp(`.{1,${most}}`, 'g')) ?? [''])) {
    if (line !== '' && line.length + 1 + word.length > most) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}

const round = (value: number): number => Math.round(value * 100) / 100
