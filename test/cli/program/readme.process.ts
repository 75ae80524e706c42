/**
 * A new user's first key, from the README alone: its lines pasted, in its order, into the panes of a real tmux; what
 * people see, under review; and how long it takes them at a person's pace.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { BIN } from '../../support/cli.js'
import { freePort } from '../../support/nats.js'
import { sectionOf } from '../../support/readme.js'
import { expectScreens } from '../../support/screens.js'
import { type Pane, Tmux, tmuxSuite } from '../../support/tmux.js'

/** For a try; nobody would take a long one. */
const PASSPHRASE = 'mVzRgNpK'
const TWO_WORDS = /Type "([a-z]+ [a-z]+)"/

/** Seconds: 40 words of five letters a minute are typed, 240 read; a line is copied in 5, pasted once more in 3. */
const PACE = { typed: 60 / (40 * 5), read: 60 / 240, pasted: 5, again: 3 }

/** Words of prose: nobody reads hex. */
const wordsIn = (text: string): number => (text.match(/\b[A-Za-z]+\b/g) ?? []).length

/** Somebody at a terminal, and the seconds that they take. They know at sight what they read before. */
class Reader {
  readonly pasted: number[] = []
  readonly typed: number[] = []
  readonly read: number[] = []
  #seen = 0

  constructor(
    readonly pane: Pane,
    readonly known: Set<string>,
  ) {}

  pastes(line: string): void {
    this.pasted.push(this.known.has(line) ? PACE.again : PACE.pasted)
    this.known.add(line)
    this.pane.types(line)
  }

  /** Waits for a question, reads what has come, and answers. */
  async answers(question: string | RegExp, answer: string | ((seen: string) => string)): Promise<void> {
    const seen = await this.reads(question)
    const text = typeof answer === 'string' ? answer : answer(seen)
    this.typed.push((text.length + 1) * PACE.typed)
    this.pane.types(text)
  }

  /** Types the words that stand in a question. */
  accepts(question: string | RegExp): Promise<void> {
    return this.answers(question, (seen) => TWO_WORDS.exec(seen.replaceAll(/\s+/g, ' '))?.[1] as string)
  }

  async reads(text: string | RegExp): Promise<string> {
    const lines = await this.pane.sees(text, this.#seen)
    this.#seen += lines.length
    for (const line of lines) {
      if (this.known.has(line) || line.startsWith('$')) continue
      this.known.add(line)
      this.read.push(wordsIn(line) * PACE.read)
    }
    return lines.join('\n')
  }
}

const total = (seconds: readonly number[]): number => seconds.reduce((sum, each) => sum + each, 0)

tmuxSuite('from the README to a signature', () => {
  let folder: string
  let tmux: Tmux

  beforeAll(async () => {
    // Of a length that is the same everywhere, so that lines are folded in one way.
    folder = await mkdtemp('/tmp/mpc-readme-')
    // `npx mpc` in a clone runs its bin/mpc.js; npm would look around for updates first.
    const npx = `#!/bin/sh\nshift\nnpm_command=exec exec ${process.execPath} ${BIN} "$@"\n`
    await mkdir(join(folder, 'bin'))
    await writeFile(join(folder, 'bin', 'npx'), npx, { mode: 0o755 })
    // Another port than the usual one: other tests, or people, may be using that.
    const url = `nats://127.0.0.1:${await freePort()}`
    const PATH = `${join(folder, 'bin')}:${process.env['PATH'] ?? ''}`
    tmux = new Tmux(folder, { MPC_NATS_URL: url, PATH })
  })
  afterAll(async () => {
    tmux.close()
    await rm(folder, { recursive: true, force: true })
  })

  it('takes one person who plays all three less than five minutes', async () => {
    const { prose, lines } = sectionOf('A key in five minutes')
    expect(lines).toHaveLength(8)
    const [relay, ...rest] = lines as [string, ...string[]]
    const [forAlice, forBob, forCarol, define, keygen, sign, join] = rest as [
      string,
      ...[string, string, string, string, string, string],
    ]
    const known = new Set<string>()
    const server = new Reader(tmux.pane('server'), known)
    const a = new Reader(tmux.pane('alice'), known)
    const b = new Reader(tmux.pane('bob'), known)
    const c = new Reader(tmux.pane('carol'), known)
    server.pastes(`${relay} --listen \${MPC_NATS_URL#nats://}`)
    await server.reads('Listening on')
    for (const [who, line] of [
      [a, forAlice],
      [b, forBob],
      [c, forCarol],
    ] as const) {
      who.pastes(line)
      await who.answers('New passphrase', PASSPHRASE)
      await who.answers('Repeat the passphrase:', PASSPHRASE)
      await who.reads(/^\$$/m)
    }
    a.pastes(define)
    await a.reads('The others:')
    await a.pane.sees(/\n\$$/)
    for (const who of [a, b, c]) {
      who.pastes(keygen)
      await who.accepts('or no:')
      await who.answers(/Passphrase of [a-z]+:/, PASSPHRASE)
    }
    for (const [who, others] of [
      [a, ['bob', 'carol']],
      [b, ['alice', 'carol']],
      [c, ['alice', 'bob']],
    ] as const) {
      for (const other of others) await who.answers(`Did ${other} read exactly these`, other)
    }
    for (const who of [a, b, c]) await who.reads('Next: npx mpc sign --key treasury')
    // A line that comes before the shell asks for it is shown twice.
    for (const who of [a, b, c]) await who.pane.sees(/\n\$$/)
    a.pastes(sign)
    await a.accepts('or "no":')
    await a.answers('Passphrase of alice:', PASSPHRASE)
    b.pastes(join)
    await b.answers('Passphrase of bob:', PASSPHRASE)
    await b.accepts('or "no":')
    await a.reads('The signature, in hex:')
    await b.reads('The signature, in hex:')
    const everybody = [server, a, b, c]
    const took = (who: Reader): number => total([...who.pasted, ...who.typed, ...who.read])
    const readme = wordsIn(prose) * PACE.read
    // Of five minutes the machine takes the rest, and less than that where it does nothing else.
    expect(readme + total(everybody.map(took))).toBeLessThan(265)

    await a.pane.sees('Next: npx mpc verify')
    await a.pane.sees(/\n\$$/)
    a.pastes(/(?<=Next: ).*/.exec(a.pane.all.split('Signed by')[1] as string)?.[0] as string)
    await a.reads('the signature is valid')
    for (const who of [a, b, c]) await who.pane.sees(/\n\$$/)
    const seen = (who: Reader): string => who.pane.all.replaceAll(folder, '~/mpc')
    for (const [name, who] of Object.entries({ alice: a, bob: b, carol: c })) {
      expectScreens(`first-key-${name}`, { 'all that there was to see': seen(who) })
    }
  }, 180_000)
})
