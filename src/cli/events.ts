/**
 * `--events`: what happens, one line of JSON each, to a file or a descriptor. Written synchronously, so that a line is
 * out before what it tells of goes on. Where it cannot be written, the ceremony goes on without it.
 */
import { fstatSync, openSync, writeSync } from 'node:fs'
import type { CeremonyEvent, Emit } from '../messaging/events.js'
import { Failure } from '../wire/failure.js'
import { hex, rfc3339 } from '../wire/text.js'
import { asciiJson } from './json.js'

/** Makes, for a ceremony (its definition id), what tells of it. */
export type EmitFor = (ceremony: Uint8Array) => Emit

/** @throws Failure `E_EVENTS` (usage) if the file or the descriptor cannot be written */
export function openEvents(target: string | null, now: () => number): EmitFor {
  if (target === null) return () => () => undefined
  let fd: number | null = descriptor(target)
  return (ceremony) => {
    let attempt: string | null = null
    return (event: CeremonyEvent) => {
      attempt = event.attempt ?? attempt
      const { event: name, since, ...rest } = event
      const line = {
        event: name,
        time: rfc3339(now()),
        ceremony: hex(ceremony),
        ...rest,
        ...(since !== undefined && { since: rfc3339(since) }),
        attempt,
      }
      try {
        if (fd !== null) writeAll(fd, Buffer.from(`${asciiJson(line)}\n`))
      } catch {
        fd = null
      }
    }
  }
}

function writeAll(fd: number, bytes: Uint8Array): void {
  for (let written = 0; written < bytes.length; ) written += writeSync(fd, bytes, written)
}

function descriptor(target: string): number {
  const number = /^fd:([0-9]{1,4})$/.exec(target)?.[1]
  try {
    if (number === undefined) return openSync(target, 'a', 0o600)
    fstatSync(Number(number))
    return Number(number)
  } catch (cause) {
    throw new Failure('usage', 'E_EVENTS', `cannot write events to ${target}`, {
      hint: 'give --events a file, or fd:N with N an open descriptor',
      cause,
    })
  }
}
