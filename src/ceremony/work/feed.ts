/** Brings the requests that wait to a board, and keeps them up to date while it is open. */
import { listWaiting } from '../../storage/work/waiting-files.js'
import { Failure } from '../../wire/base/failure.js'
import { hex } from '../../wire/base/text.js'
import type { Request } from '../../wire/ceremony/request.js'
import type { Feed, Holder, Waiting } from '../requests/held-requests.js'
import type { World } from '../world.js'
import type { Desk, KnownKey } from './desk.js'
import { inOrder, keptAbout, keptRequest, stateOf } from './kept.js'

/** Milliseconds from one look at the server and at the files to the next. */
const EVERY = 2000

/** The feed of one command. Other processes of this home read the server too, so the files are looked at each time. */
export function feedOf(world: Pick<World, 'home' | 'clock'>, key: KnownKey, desk: Desk): Feed {
  /** Each request is parsed once; null: it is of another key, or damaged. */
  const known = new Map<string, Request | null>()
  const ended = new Set<string>()

  async function requestHere(id: Uint8Array): Promise<Request | null> {
    const before = known.get(hex(id))
    if (before !== undefined) return before
    const request = await keptRequest(world.home, key, id)
    known.set(hex(id), request)
    return request
  }

  async function look(board: Holder): Promise<void> {
    await ignoringFailures(desk.exchange())
    const waiting: Waiting[] = []
    for (const id of await listWaiting(world.home)) {
      const request = ended.has(hex(id)) ? null : await requestHere(id)
      if (request === null) continue
      const kept = await keptAbout(world.home, request)
      const state = stateOf(kept, key, world.clock.now())
      if (state === 'waiting') waiting.push(kept)
      else if (board.isHeld(request)) {
        if (state === 'signed' || state === 'cancelled')
          board.endHeld(request, kept.result?.signatures ?? null)
        ended.add(hex(id))
      }
    }
    board.hold(waiting.sort((one, other) => inOrder(one.request, other.request)))
  }

  return (board) => {
    let isOpen = true
    let stop = (): void => {}
    const again = async (): Promise<void> => {
      await ignoringFailures(look(board))
      if (isOpen) stop = world.clock.after(EVERY, () => void again())
    }
    void again()
    return () => {
      isOpen = false
      stop()
    }
  }
}

/** The network says for itself that it is gone, and what is on disk is looked at again. */
async function ignoringFailures(done: Promise<void>): Promise<void> {
  try {
    await done
  } catch (error) {
    if (!(error instanceof Failure)) throw error
  }
}
