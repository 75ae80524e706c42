/** Parsers for flag values. They run before the command does anything; an invalid value is exit 2. */
import { InvalidArgumentError } from 'commander'
import { nearest } from '../../wire/base/did-you-mean.js'
import { parseSpan } from '../../wire/base/duration.js'
import { NAME, NAME_RULE } from '../../wire/base/text.js'

export function name(text: string): string {
  if (!NAME.test(text)) throw new InvalidArgumentError(`A name has ${NAME_RULE}.`)
  return text
}

export const names = (text: string): string[] => text.split(',').map((each) => name(each.trim()))

/** Names or card files, separated by commas. */
export function people(text: string): string[] {
  const all = text.split(',').map((each) => each.trim())
  if (all.some((each) => !NAME.test(each) && !each.includes('.') && !each.includes('/'))) {
    throw new InvalidArgumentError('Give names (a-z, 0-9 and -) or card files.')
  }
  return all
}

export function paths(text: string): string[] {
  const all = text.split(',')
  if (all.includes('')) throw new InvalidArgumentError('Give files, separated by commas.')
  return all
}

export type Address = { readonly host: string; readonly port: number }

/** `HOST:PORT`; an IPv6 address needs brackets. */
export function address(text: string): Address {
  const [, bracketed, plain, port] =
    /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9.-]+)):([0-9]{1,5})$/.exec(text) ?? []
  const host = bracketed ?? plain
  if (host === undefined || Number(port) > 65_535) {
    throw new InvalidArgumentError('Give HOST:PORT, such as 127.0.0.1:4222 or [::1]:4222.')
  }
  return { host, port: Number(port) }
}

export const hostPort = ({ host, port }: Address): string =>
  `${host.includes(':') ? `[${host}]` : host}:${port}`

export function wholeNumber(least: number, most = Number.POSITIVE_INFINITY): (text: string) => number {
  return (text) => {
    if (!/^[0-9]{1,9}$/.test(text) || Number(text) < least || Number(text) > most) {
      const range = most < Number.POSITIVE_INFINITY ? `from ${least} to ${most}` : `of at least ${least}`
      throw new InvalidArgumentError(`Give a whole number ${range}.`)
    }
    return Number(text)
  }
}

/** A duration such as `30s`, `5m`, `2h` or `7d`, in milliseconds. */
export function span(text: string): number {
  const parsed = parseSpan(text)
  if (parsed === null) throw new InvalidArgumentError('Give a duration, such as 30s, 5m, 2h or 7d.')
  return parsed
}

/** 32 bytes as 64 hex digits in either case; returned in lower case. */
export function hash(text: string): string {
  if (!/^[0-9a-fA-F]{64}$/.test(text)) throw new InvalidArgumentError('Give 64 hex digits.')
  return text.toLowerCase()
}

/** Several of them, separated by commas or in repeated flags. */
export function hashes(text: string, before: readonly string[] = []): string[] {
  const all = [...before, ...text.split(',').map((each) => hash(each.trim()))]
  if (new Set(all).size < all.length) throw new InvalidArgumentError('One value occurs twice.')
  return all
}

/** `sha256:` and 64 hex digits, of which it returns the digits; or `policy`. */
export function approval(text: string): string {
  if (text === BY_POLICY) return text
  if (!text.startsWith('sha256:'))
    throw new InvalidArgumentError('Give sha256: and 64 hex digits, or policy.')
  return hash(text.slice('sha256:'.length))
}

/** The approval of whatever the policy lets be signed unattended. */
export const BY_POLICY = 'policy'

export function oneOf<T extends string>(words: readonly T[]): (text: string) => T {
  return (text) => {
    const found = words.find((word) => word === text)
    if (found === undefined) {
      const guess = nearest(text, words)
      // On its own line, like commander's suggestions for flags.
      throw new InvalidArgumentError(
        `Use one of ${words.join(', ')}.${guess ? `\n(Did you mean ${guess}?)` : ''}`,
      )
    }
    return found
  }
}

/** Allows a flag once, so that mpc never chooses between two values. */
export function once<T>(parse: (text: string) => T): (text: string, before?: T) => T {
  return (text, before) => {
    if (before !== undefined) throw new InvalidArgumentError('The flag occurs twice.')
    return parse(text)
  }
}

/** Allows a flag several times. */
export function repeatable<T>(parse: (text: string) => T): (text: string, before?: readonly T[]) => T[] {
  return (text, before = []) => [...before, parse(text)]
}

export type LetterOf = { readonly who: string; readonly at: string | null }

/** A letter of a custodian, by number or round: `bob@2`, `bob@open`, or `bob` for the default. */
export function letterOf(text: string): LetterOf {
  const [, who, at] = /^([a-z0-9-]+)(?:@([a-z0-9.]{1,64}))?$/.exec(text) ?? []
  if (who === undefined) throw new InvalidArgumentError('Give NAME@LETTER, such as bob@2 or bob@open.')
  return { who: name(who), at: at ?? null }
}

export type NamedFd = { readonly who: string; readonly fd: number }

/** A descriptor by name: `sister:3`. */
export function namedFd(text: string): NamedFd {
  const [, who, fd] = /^([a-z0-9-]+):([0-9]{1,5})$/.exec(text) ?? []
  if (who === undefined) throw new InvalidArgumentError('Give NAME:N, such as sister:3.')
  return { who: name(who), fd: Number(fd) }
}

export const any = (text: string): string => text
