/**
 * `--events`: one line of JSON for each event, to a file, a pipe or a descriptor. A line is written synchronously, before
 * its event continues. A full pipe blocks nothing: lines wait, up to a limit. If nothing can be written, the ceremony
 * goes on without events.
 */
import { closeSync, constants, fstatSync, openSync } from 'node:fs'
import type { CeremonyEvent, Emit } from '../../messaging/channel/events.js'
import { Failure } from '../../wire/base/failure.js'
import { hex, rfc3339 } from '../../wire/base/text.js'
import { asciiJson } from './json.js'
import { writeAll } from '../terminal/output.js'

/** The event sink of a ceremony, by its ID. */
export type EmitFor = (ceremony: Uint8Array) => Emit

/** Lines that wait for the reader of a pipe. */
const MOST_WAITING = 10_000

/** @throws Failure `E_EVENTS` (usage) if the file or the descriptor cannot be written */
export function openEvents(target: string | null, now: () => number): EmitFor {
  if (target === null) return () => () => undefined
  const put = linesTo(target)
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
      put(`${asciiJson(line)}\n`)
    }
  }
}

function linesTo(target: string): (line: string) => void {
  let fd: number | null = opened(target)
  const waiting: Uint8Array[] = []
  return (line) => {
    if (fd === null) return
    waiting.push(Buffer.from(line))
    try {
      for (let next = waiting[0]; next; next = waiting[0]) {
        writeAll(fd, next)
        waiting.shift()
      }
    } catch (error) {
      // A pipe accepts a line of this length completely or not at all.
      const isFull = error instanceof Error && 'code' in error && error.code === 'EAGAIN'
      if (!isFull || waiting.length > MOST_WAITING) fd = null
    }
  }
}

function opened(target: string): number {
  const number = /^fd:([0-9]{1,4})$/.exec(target)?.[1]
  try {
    if (number !== undefined) return unblocked(Number(number))
    return openPath(target, constants.O_CREAT)
  } catch (cause) {
    throw new Failure('usage', 'E_EVENTS', `cannot write events to ${target}`, {
      hint: 'give --events a file, or fd:N with N open for writing',
      cause,
    })
  }
}

/** A pipe that is also open for reading here accepts lines before it has a reader. */
function openPath(path: string, more: number): number {
  const flags = constants.O_APPEND | constants.O_NONBLOCK | more
  try {
    return openSync(path, constants.O_WRONLY | flags, 0o600)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENXIO')) throw error
    const fd = openSync(path, constants.O_RDWR | flags)
    if (fstatSync(fd).isFIFO()) return fd
    closeSync(fd)
    throw error
  }
}

/** Reopens an inherited pipe, since O_NONBLOCK is shared with its other owners. */
function unblocked(fd: number): number {
  if (!fstatSync(fd).isFIFO()) return fd
  try {
    return openPath(`/dev/fd/${fd}`, 0)
  } catch {
    return fd
  }
}
