/** How flags are read. What a flag says is checked before anything is done; a bad one is exit 2. */
import { InvalidArgumentError } from 'commander'
import { nearest } from '../../wire/base/did-you-mean.js'
import { parseSpan } from '../../wire/base/duration.js'
import { NAME, NAME_RULE } from '../../wire/base/text.js'

/** A name of a member or a key. */
export function name(text: string): string {
  if (!NAME.test(text)) throw new InvalidArgumentError(`A name has ${NAME_RULE}.`)
  return text
}

/** Names separated by commas. */
export const names = (text: string): string[] => text.split(',').map((each) => name(each.trim()))

/** The same, where a card file may stand for whom it is of: what is no name is a file. */
export function people(text: string): string[] {
  const all = text.split(',').map((each) => each.trim())
  if (all.some((each) => !NAME.test(each) && !each.includes('.') && !each.includes('/'))) {
    throw new InvalidArgumentError('Give names (a-z, 0-9 and -) or card files.')
  }
  return all
}

/** Files separated by commas. */
export function paths(text: string): string[] {
  const all = text.split(',')
  if (all.includes('')) throw new InvalidArgumentError('Give files, separated by commas.')
  return all
}

export type Address = { readonly host: string; readonly port: number }

/** Where to listen, `HOST:PORT`; an IPv6 address stands in brackets. */
export function address(text: string): Address {
  const [, bracketed, plain, port] =
    /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9.-]+)):([0-9]{1,5})$/.exec(text) ?? []
  const host = bracketed ?? plain
  if (host === undefined || Number(port) > 65_535) {
    throw new InvalidArgumentError('Give HOST:PORT, such as 127.0.0.1:4222 or [::1]:4222.')
  }
  return { host, port: Number(port) }
}

/** As `address` reads it. */
export const hostPort = ({ host, port }: Address): string =>
  `${host.includes(':') ? `[${host}]` : host}:${port}`

/** A whole number from `least` up. */
export function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    if (!/^[0-9]{1,9}$/.test(text) || Number(text) < least) {
      throw new InvalidArgumentError(`Give a whole number of at least ${least}.`)
    }
    return Number(text)
  }
}

/** A span of time, `30s`, `5m`, `2h`, `7d`, in milliseconds. */
export function span(text: string): number {
  const parsed = parseSpan(text)
  if (parsed === null) throw new InvalidArgumentError('Give a duration, such as 30s, 5m, 2h or 7d.')
  return parsed
}

/** 32 bytes as 64 hex digits, lower or upper case. */
export function hash(text: string): string {
  if (!/^[0-9a-fA-F]{64}$/.test(text)) throw new InvalidArgumentError('Give 64 hex digits.')
  return text.toLowerCase()
}

/** Such digests, separated by commas; the flag may also be given several times, and all of them count. */
export function hashes(text: string, before: readonly string[] = []): string[] {
  const all = [...before, ...text.split(',').map((each) => hash(each.trim()))]
  if (new Set(all).size < all.length) throw new InvalidArgumentError('One value occurs twice.')
  return all
}

/** `sha256:` and 64 hex digits; gives the digits. */
export function approval(text: string): string {
  if (!text.startsWith('sha256:')) throw new InvalidArgumentError('Give sha256: and 64 hex digits.')
  return hash(text.slice('sha256:'.length))
}

/** One of a few words. */
export function oneOf<T extends string>(words: readonly T[]): (text: string) => T {
  return (text) => {
    const found = words.find((word) => word === text)
    if (found === undefined) {
      const guess = nearest(text, words)
      // On a line of its own, as commander puts its guesses for flags.
      throw new InvalidArgumentError(
        `Use one of ${words.join(', ')}.${guess ? `\n(Did you mean ${guess}?)` : ''}`,
      )
    }
    return found
  }
}

/** Takes a flag once: of two different values neither is chosen silently. */
export function once<T>(parse: (text: string) => T): (text: string, before?: T) => T {
  return (text, before) => {
    if (before !== undefined) throw new InvalidArgumentError('The flag occurs twice.')
    return parse(text)
  }
}

/** Takes a flag as often as it is given. */
export function repeatable<T>(parse: (text: string) => T): (text: string, before?: readonly T[]) => T[] {
  return (text, before = []) => [...before, parse(text)]
}

export type LetterOf = { readonly who: string; readonly at: string | null }

/** One letter of somebody, `bob@2` or `bob@open`: its number or its round; with `bob` alone it is not said which. */
export function letterOf(text: string): LetterOf {
  const [, who, at] = /^([a-z0-9-]+)(?:@([a-z0-9.]{1,64}))?$/.exec(text) ?? []
  if (who === undefined) throw new InvalidArgumentError('Give NAME@LETTER, such as bob@2 or bob@open.')
  return { who: name(who), at: at ?? null }
}

export type NamedFd = { readonly who: string; readonly fd: number }

/** A descriptor for somebody, `sister:3`. */
export function namedFd(text: string): NamedFd {
  const [, who, fd] = /^([a-z0-9-]+):([0-9]{1,5})$/.exec(text) ?? []
  if (who === undefined) throw new InvalidArgumentError('Give NAME:N, such as sister:3.')
  return { who: name(who), fd: Number(fd) }
}

/** Any text. */
export const any = (text: string): string => text
