/** Characters that could hide, move or repaint others on a screen. */

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i)

/** Characters that could hide, move or repaint others, by block; the code finds them by property. */
export const hostile: Record<string, readonly number[]> = {
  'C0 controls, among them ESC, CR, LF, BEL and backspace': range(0, 0x1f),
  'DEL and the C1 controls, among them CSI': range(0x7f, 0x9f),
  'blanks that are not the space': [0xa0, 0x1680, ...range(0x2000, 0x200a), 0x202f, 0x205f, 0x3000],
  'the soft hyphen': [0xad],
  'the combining grapheme joiner': [0x34f],
  'the Arabic letter mark': [0x61c],
  'Hangul fillers': [0x115f, 0x1160, 0x3164, 0xffa0],
  'Khmer inherent vowels': [0x17b4, 0x17b5],
  'Mongolian variation selectors': range(0x180b, 0x180f),
  'zero-width space and joiners': [0x200b, 0x200c, 0x200d, 0x2060, 0xfeff],
  'bidirectional marks, embeddings, overrides and isolates': [
    0x200e,
    0x200f,
    ...range(0x202a, 0x202e),
    ...range(0x2066, 0x2069),
  ],
  'invisible operators and deprecated formats': [...range(0x2061, 0x2065), ...range(0x206a, 0x206f)],
  'line and paragraph separators': [0x2028, 0x2029],
  'enclosing marks': [0x488, 0x489, ...range(0x20dd, 0x20e0), 0x20e2, 0x20e3, 0x20e4],
  'the empty braille pattern': [0x2800],
  'variation selectors': range(0xfe00, 0xfe0f),
  'interlinear annotation and object replacement': range(0xfff9, 0xfffc),
  'the Khitan filler': [0x16fe4],
  'shorthand and musical formats, the empty note head': [
    ...range(0x1bca0, 0x1bca3),
    ...range(0x1d173, 0x1d17a),
    0x1d159,
  ],
  'language tag and tag characters': [0xe0001, ...range(0xe0020, 0xe007f)],
  'more variation selectors': range(0xe0100, 0xe01ef),
  'private use': [0xe000, 0xf8ff, 0xf0000, 0x10fffd],
  'what is no character': [0xfdd0, 0xfffe, 0xffff, 0x1fffe, 0x10ffff],
  'lone surrogates': [0xd800, 0xdbff, 0xdc00, 0xdfff],
}

const betweenLetters = (codes: readonly number[]): string[] =>
  // No message can hold lone surrogates.
  codes.filter((code) => code < 0xd800 || code > 0xdfff).map((code) => `a${String.fromCodePoint(code)}b`)

/** Each of them between two letters. */
export const hostileTexts: readonly string[] = betweenLetters(Object.values(hostile).flat())
/** One of each block. */
export const hostileSamples: readonly string[] = Object.values(hostile).flatMap((codes) =>
  betweenLetters(codes.slice(0, 1)),
)

/** Any of them; of what we write ourselves only the line break is meant. */
export const HOSTILE = new RegExp(
  `[${[...new Set(hostileTexts.map((text) => [...text][1] as string))]
    .filter((c) => c !== '\n')
    .map((c) => `\\u{${(c.codePointAt(0) as number).toString(16)}}`)
    .join('')}]`,
  'u',
)
