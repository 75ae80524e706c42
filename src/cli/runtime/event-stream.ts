/**
 * `--events`: what happens, one line of JSON each, to a file, a pipe or a descriptor. Written synchronously, so that a line
 * is out before what it tells of goes on. A pipe that nobody reads keeps nobody waiting: what it does not take is kept for
 * later, up to a bound. Where nothing can be written, the ceremony goes on without it.
 */
import { closeSync, constants, fstatSync, openSync } from 'node:fs'
import type { CeremonyEvent, Emit } from '../../messaging/channel/events.js'
import { Failure } from '../../wire/base/failure.js'
import { hex, rfc3339 } from '../../wire/base/text.js'
import { asciiJson } from './json.js'
import { writeAll } from '../terminal/output.js'

/** Makes, for a ceremony (its definition id), what tells of it. */
export type EmitFor = (ceremony: Uint8Array) => Emit

/** Lines that wait for whoever reads a pipe. */
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
      // A pipe takes a line of this length as a whole or not at all.
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
      hint: 'give --events a file, or fd:N with N an open descriptor',
      cause,
    })
  }
}

/** A pipe takes lines before anybody reads it, if it is open for reading here too. */
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

/** A pipe that was handed down is opened anew: whether it blocks is also for those who share it. */
function unblocked(fd: number): number {
  if (!fstatSync(fd).isFIFO()) return fd
  try {
    return openPath(`/dev/fd/${fd}`, 0)
  } catch {
    return fd
  }
}
