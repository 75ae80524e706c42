import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Command } from 'commander'
import { describe, expect, test } from 'vitest'
import { CATALOGUE } from '../../../src/cli/catalogue/catalogue.js'
import { EXITS } from '../../../src/cli/catalogue/exits.js'
import { shortHelp } from '../../../src/cli/program/help.js'
import { COMMANDS } from '../../../src/cli/program/program.js'
import { declareGlobals } from '../../../src/cli/runtime/globals.js'
import { ROOT } from '../../support/cli.js'

const [terms, instead] = readFileSync(join(ROOT, 'ceremonies', 'glossary.md'), 'utf8')
  .split('## Say instead')
  .map((part) =>
    [...part.matchAll(/^\| (\S.*?) *\| (\S.*?) *\|$/gm)]
      .map(([, left, right]): [string, string] => [left as string, right as string])
      .filter(([left]) => !/^(?:term|not|-+)$/.test(left)),
  ) as [[string, string][], [string, string][]]

/** Every text of help and of `mpc explain`, by its place, without commands, flags and codes. */
const TEXTS: readonly (readonly [string, string])[] = [
  ['short help', shortHelp()] as const,
  ...declareGlobals(new Command()).options.map(({ flags, description }) => [flags, description] as const),
  ...COMMANDS.flatMap(({ name, summary, operands, flags }) => [
    [name, summary] as const,
    ...[...(operands ?? []).map((each) => ({ ...each, flags: each.name })), ...flags].map(
      (each) => [`${name} ${each.flags}`, each.text] as const,
    ),
  ]),
  ...[...Object.entries(CATALOGUE), ...Object.entries(EXITS)].flatMap(([code, { meaning, next }]) => [
    [code, meaning] as const,
    [code, next] as const,
  ]),
].map(([place, text]) => [place, text.replaceAll(/`[^`]*`|--[a-z-]+|E_[A-Z_]+/g, '…')])

/** Letters alone, so that all spellings of a term are alike. */
const bare = (text: string): string => text.toLowerCase().replaceAll(/[^a-z]/g, '')

/** Spellings of a term in a text that are neither the term nor its plural; a sentence may begin with a capital. */
function otherSpellings(text: string, term: string): string[] {
  const plural = /[^aeiou]y$/.test(term) ? `${term.slice(0, -1)}ies` : `${term}s`
  const letters = (word: string) => [...bare(word)].join('[ -]?')
  const either = new RegExp(`(?<![\\w-])(?:${letters(term)}|${letters(plural)})(?![\\w-])`, 'gi')
  return [...text.matchAll(either)].flatMap(({ 0: spelling, index }) => {
    const begins = /(?:^|[.:\n] *)$/.test(text.slice(0, index))
    const plain = begins ? spelling.charAt(0).toLowerCase() + spelling.slice(1) : spelling
    return plain === term || plain === plural ? [] : [spelling]
  })
}

describe('the glossary', () => {
  test('holds terms and the words that stand for none', () => {
    expect(terms.length).toBeGreaterThan(40)
    expect(instead.length).toBeGreaterThan(10)
    expect(TEXTS.length).toBeGreaterThan(400)
    expect(otherSpellings('Re-share it', 'reshare')).toEqual(['Re-share'])
    expect(otherSpellings('the ceremony-files of a Custodian', 'ceremony file')).toEqual(['ceremony-files'])
    expect(otherSpellings('Custodians sign. Custodian', 'custodian')).toEqual([])
    expect(otherSpellings('Custodian, a Custodian', 'custodian')).toEqual(['Custodian'])
  })

  test('gives every term one spelling in help and in `mpc explain`', () => {
    const wrong = terms.flatMap(([term]) =>
      TEXTS.flatMap(([place, text]) => otherSpellings(text, term).map((each) => `${place}: ${each}`)),
    )
    expect(wrong).toEqual([])
  })

  test('names words that help and `mpc explain` do not use', () => {
    const wrong = instead.flatMap(([words, say]) =>
      words
        .split(', ')
        .flatMap((word) =>
          TEXTS.filter(([, text]) => new RegExp(`\\b${word}s?\\b`, word === 'id' ? '' : 'i').test(text)).map(
            ([place]) => `${place}: say "${say}", not "${word}"`,
          ),
        ),
    )
    expect(wrong).toEqual([])
  })
})
