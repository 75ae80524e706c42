/** Sheets as one self-contained HTML page, for A4 and US Letter, with or without colour. */
import { type Captioned, HOW_TO_TYPE, type Sheet, sidesOf } from './sheet.js'

const STYLE = `
@page { margin: 12mm 14mm }
* { box-sizing: border-box }
html { background: #e9e9e6 }
body { margin: 0; color: #111; font: 8.7pt/1.34 "Helvetica Neue", Helvetica, Arial, "Liberation Sans", sans-serif }
article { width: 198mm; min-height: 262mm; margin: 8mm auto; padding: 6mm; background: #fff }
header { border-bottom: 0.6mm solid #111; padding-bottom: 1.6mm }
h1 { font-size: 15pt; line-height: 1.2; margin: 0 }
header p { font-size: 9.5pt; margin: 0.8mm 0 0 }
.warning { margin: 2.4mm 0; padding: 1.6mm 3mm; border: 0.4mm solid #111; font-weight: bold; font-size: 8.8pt }
.secret { border: 0.9mm solid #b00000; color: #b00000 }
.facts { display: grid; grid-template-columns: 1fr 62mm; gap: 5mm }
dl { display: grid; grid-template-columns: 18mm 1fr; gap: 0.5mm 1mm; margin: 0; align-content: start }
dt { color: #444 }
dd { margin: 0; font-size: 7pt; line-height: 1.6; overflow-wrap: anywhere }
dl + dl dd { font-size: 6.3pt; line-height: 1.75 }
.mono, dd, code, .lines { font-family: "DejaVu Sans Mono", Menlo, Consolas, "Liberation Mono", monospace }
.piece { display: flex; gap: 5mm; margin-top: 1.5mm }
.piece > div { flex: 1; min-width: 0 }
figure { margin: 0; text-align: center }
figure svg { display: block; shape-rendering: crispEdges; background: #fff; border: 0.2mm solid #bbb }
figcaption { font-size: 7.4pt; color: #444; margin-top: 0.6mm }
h2 { font-size: 9.4pt; line-height: 1.25; margin: 0 0 0.8mm; break-after: avoid }
section h2 { padding-top: 1.4mm }
small { font-size: 7.4pt; font-weight: normal; color: #444 }
.lines { list-style: none; margin: 0; padding: 0; font-size: 10.4pt; line-height: 4.9mm }
.lines.more { font-size: 9.6pt; line-height: 4.1mm }
.lines.many { font-size: 6.8pt; line-height: 4.5mm; columns: 2; column-gap: 4mm }
.lines li { white-space: pre; break-inside: avoid }
.lines li:nth-child(odd) { background: #f1f1ee }
.lines b { font-weight: normal; color: #555 }
.words { display: grid; grid-template-columns: 1fr 1fr; gap: 0 6mm; margin-top: 2.4mm }
.words ol { margin: 0; padding: 0; list-style: none; columns: 4; column-gap: 1.5mm; font-size: 6.8pt; line-height: 1.45 }
.piece .words { grid-template-columns: 1fr }
.text { columns: 2; column-gap: 6mm; margin-top: 2mm }
p { margin: 0 0 0.9mm; orphans: 2; widows: 2 }
p:has(+ code) { break-after: avoid }
code { display: block; break-inside: avoid; font-size: 7.4pt; background: #f1f1ee; padding: 0.6mm 1.2mm; margin: 0.2mm 0 1mm; overflow-wrap: anywhere }
.checks { display: grid; grid-template-columns: repeat(3, 1fr); gap: 0 6mm; margin-top: 3mm }
.checks div { border-bottom: 0.2mm solid #111; height: 6mm; color: #444; font-size: 7.2pt }
footer { margin-top: 2.4mm; color: #444; font-size: 7.2pt }
.codes { display: flex; flex-wrap: wrap; align-items: end; gap: 3mm 6mm; justify-content: center; margin: 2mm 0 }
@media print {
  html { background: #fff }
  article { margin: 0 auto; padding: 0; width: auto; max-width: 186mm; min-height: 0; break-after: page }
  article:last-child { break-after: auto }
  * { -webkit-print-color-adjust: exact; print-color-adjust: exact }
}
`

/** The page. All text is escaped here. */
export function htmlOf(title: string, sheets: readonly Sheet[]): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="robots" content="noindex">
<title>${escape(title)}</title>
<style>${STYLE}</style>
</head>
<body>
${sheets.map(sheetHtml).join('\n')}
</body>
</html>
`
}

export const escape = (text: string): string => text.replaceAll(/[&<>"']/g, (c) => `&#${c.codePointAt(0)};`)

function sheetHtml(sheet: Sheet): string {
  const { title, subtitle, warning, facts, digests, words, code, codes, lines, sections, checks, footer } =
    sheet
  // Millimetres: the width of Letter, and the gap between the frames of the codes.
  const sides = sidesOf(codes, 184, 6)
  return `<article>
<header><h1>${escape(title)}</h1><p>${escape(subtitle)}</p></header>
<p class="warning${warning.secret ? ' secret' : ''}">${escape(warning.text)}</p>
<div class="facts">${listHtml(digests)}${listHtml(facts)}</div>
${code ? `<div class="piece"><div>${linesHtml(lines)}${lines.length > 0 ? '' : wordsHtml(words)}</div>${figure(code, lines.length > 0 ? 62 : 74)}</div>` : ''}
${codes.length > 0 ? `<div class="codes">${codes.map((each, i) => figure(each, sides[i] as number)).join('\n')}</div>` : ''}
${lines.length > 0 || !code ? wordsHtml(words) : ''}
<div class="text">${sections
    .map(
      ({ heading, body }) =>
        `<section><h2>${escape(heading)}</h2>${body
          .map((each) =>
            typeof each === 'string' ? `<p>${escape(each)}</p>` : `<code>${escape(each.command)}</code>`,
          )
          .join('\n')}</section>`,
    )
    .join('\n')}</div>
${checks > 0 ? `<div class="checks">${'<div>Checked on / by</div>'.repeat(checks)}</div>` : ''}
<footer>${escape(footer)}</footer>
</article>`
}

/** @param most the largest width in millimetres; a code with few modules is smaller */
function figure({ caption, code }: Captioned, most: number): string {
  const side = Math.min(most, code.size)
  return `<figure><svg viewBox="0 0 ${code.size} ${code.size}" style="width:${side}mm;height:${side}mm" role="img" aria-label="${escape(caption)}"><path d="${code.path}"/></svg><figcaption>${escape(caption)}</figcaption></figure>`
}

const listHtml = (facts: Sheet['facts']): string =>
  `<dl>${facts.map(([name, value]) => `<dt>${escape(name)}</dt><dd>${escape(value)}</dd>`).join('\n')}</dl>`

const wordsHtml = (words: Sheet['words']): string =>
  `<div class="words">${words
    .map(
      ([name, all]) =>
        `<div><h2>${escape(name)}</h2><ol class="mono">${all.map((word, i) => `<li>${i + 1} ${escape(word)}</li>`).join('')}</ol></div>`,
    )
    .join('\n')}</div>`

function linesHtml(lines: readonly string[]): string {
  if (lines.length === 0) return '<p>Too long to type: keep the code undamaged.</p>'
  const items = lines.map(
    (line, i) =>
      `<li><b>${String(i + 1).padStart(2)}</b>${lines.length > 17 ? ' ' : '  '}${escape(line)}</li>`,
  )
  const size = lines.length <= 12 ? '' : lines.length <= 17 ? ' more' : ' many'
  return `<h2>To type <small>${escape(HOW_TO_TYPE)}</small></h2><ol class="lines${size}">${items.join('\n')}</ol>`
}
