/** Leaving a question, stopping at one and coming back, at a shell with jobs: what the shell sees of it. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest'
import { BIN, type Custodian, custodian, newKeygen, scratch } from '../../support/cli.js'
import { type Pane, Tmux, tmuxSuite } from '../../support/tmux.js'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 })

let folder: Awaited<ReturnType<typeof scratch>>
let tmux: Tmux
let alice: Custodian
let pane: Pane
let panes = 0

tmuxSuite('a question at a shell', () => {
  beforeAll(async () => {
    folder = await scratch()
    alice = await custodian(folder.dir, 'alice')
    const bob = await custodian(folder.dir, 'bob')
    await alice.mpc(['identity', 'import', bob.card])
    await alice.mpc(newKeygen('treasury.mpc', { '--members': 'alice,bob' }))
    const path = join(folder.dir, 'mpc')
    await writeFile(path, `#!/bin/sh\nexec '${process.execPath}' '${BIN}' "$@"\n`, { mode: 0o755 })
    tmux = new Tmux(folder.dir, { PATH: `${folder.dir}:${process.env['PATH']}`, MPC_HOME: alice.home })
  })
  afterAll(async () => {
    tmux.close()
    await folder.remove()
  })
  beforeEach(() => {
    pane = tmux.pane(`p${panes++}`)
    pane.types('stty -g > before')
  })

  /** Expects this exit code, and the terminal as before. */
  const sees = async (code: number): Promise<void> => {
    await pane.sees(`exit ${code}.`)
    pane.types('stty -g | cmp - before && echo "as it was"')
    await pane.sees(/^as it was$/m)
  }
  const runs = (command: string): void => pane.types(`${command}; echo "exit $?."`)

  const unlock = () => alice.unlock.join(' ')
  it.each([
    ['a new name', () => 'mpc --home new identity init', 'Your name'],
    ['a new passphrase', () => 'mpc --home new identity init --name dora', 'New passphrase'],
    ['a card to verify', () => 'mpc identity verify bob', 'or no:'],
    ['a ceremony to accept', () => `mpc ceremony sign treasury.mpc ${unlock()}`, 'or no:'],
  ])('Ctrl-D at %s: exit 130, drawn or not, and the terminal as it was', async (_, command, question) => {
    for (const how of ['', ' --plain']) {
      pane.types('clear')
      runs(`${command()}${how}`)
      await pane.sees(question)
      pane.presses('C-d')
      await sees(130)
      expect(pane.all).toContain('E_INTERRUPTED')
      pane = tmux.pane(`p${panes++}`)
      pane.types('stty -g > before')
    }
  })

  it.each(['', ' --plain'])(
    'Ctrl-Z stops it, the shell has its terminal, and after fg the question stands there again%s',
    async (how) => {
      pane.types(`mpc identity verify bob${how}`)
      await pane.sees('or no:')
      pane.types('bo')
      await pane.sees('type "bob" or "no"')
      pane.presses('b')
      pane.presses('C-z')
      await pane.sees(/Stopped/)
      pane.types('stty -g | cmp - before && echo "as it was"')
      const from = (await pane.sees(/^as it was$/m)).length
      pane.types('fg')
      await pane.sees(/or no: b$/m, from - 1)
      pane.types('ob')
      await pane.sees(/verified/, from)
      pane.types('echo "exit $?."')
      await sees(0)
    },
  )

  it('what stops it from elsewhere is no answer either, nor is what was typed meanwhile', async () => {
    pane.types('mpc identity verify bob & echo "pid $!."')
    const [, pid] = /pid (\d+)\./.exec((await pane.sees(/pid \d+\./)).join('\n')) as unknown as [
      string,
      string,
    ]
    // In the background it is stopped as soon as it wants the terminal.
    await pane.sees(/Stopped|pid/)
    pane.types('fg')
    await pane.sees(/or no:\s*$/)
    process.kill(Number(pid), 'SIGSTOP')
    pane.types('')
    const from = (await pane.sees(/Stopped/)).length
    pane.types('fg')
    await pane.sees(/or no:\s*$/, from)
    pane.types('no')
    await pane.sees('E_REFUSED', from)
  })
})
