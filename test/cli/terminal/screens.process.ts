import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest'
import { custodian, custodians, type Custodian, newKeygen, scratch } from '../../support/cli.js'
import { type Broker, brokers } from '../../support/nats.js'
import { type Desk, Person, terminalSuite } from '../../support/person.js'
import { expectScreens, keepPicture } from '../../support/screens.js'

// Several processes with a terminal each: on a busy machine they are slow, and no less right.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 })

const DIGEST_WORDS = /Type "([a-z]+ [a-z]+)"/
const COLOUR = /\u001b\[(?:3[0-9]|9[0-9]|1|2)m/

let server: Broker
let folder: Awaited<ReturnType<typeof scratch>>
const people: Person[] = []

/** Starts `mpc` at somebody's desk; Ctrl-C is typed, not sent. */
function at(who: Custodian, desk: Desk, args: readonly string[]): Person {
  const env = { MPC_NATS_URL: server.url, ...desk.env }
  const person = Person.runs(who.home, [...args, ...who.unlock], { ...desk, cwd: folder.dir, env })
  people.push(person)
  return person
}

/** The two words that a question asks for. */
const words = (person: Person): string =>
  DIGEST_WORDS.exec(person.screen.replaceAll(/\s+/g, ' '))?.[1] as string

/** Types the words that stand in the question. */
async function accepts(person: Person, question: string): Promise<void> {
  await person.sees(question)
  await person.sees(DIGEST_WORDS)
  person.types(`${words(person)}\r`)
}

/** Rows that the terminal had to break: of these none may be prose. */
function brokenProse(person: Person): string[] {
  const isLong = (line: string) => line.split(' ').some((word) => word.length > person.columns - 15)
  return person.all.filter(
    (line) => line.length > person.columns && !line.startsWith('Next:') && !isLong(line),
  )
}

terminalSuite('what people see', () => {
  let alice: Custodian
  let bob: Custodian
  let carol: Custodian

  beforeAll(async () => {
    server = await brokers.relay()
    folder = await scratch()
    ;[alice, bob, carol] = (await Promise.all(
      ['alice', 'bob', 'carol'].map((name) => custodian(folder.dir, name)),
    )) as [Custodian, Custodian, Custodian]
    // Alice has compared no card yet; the others have, all of them.
    for (const other of [bob, carol]) await alice.mpc(['identity', 'import', other.card])
    for (const one of [bob, carol]) {
      for (const other of [alice, bob, carol]) {
        if (other === one) continue
        await one.mpc(['identity', 'import', other.card, '--fingerprint', other.fingerprint])
      }
    }
    await alice.mpc(newKeygen('treasury.mpc'))
    await writeFile(join(folder.dir, 'contract.txt'), CONTRACT)
  })
  afterEach(() => {
    for (const person of people.splice(0)) person.kill()
  })
  afterAll(async () => {
    await server.down()
    await folder.remove()
  })

  it('of a key generation, at 80 and 120 columns and on a small terminal', async () => {
    const keygen = ['keygen', '--definition', 'treasury.mpc']
    const [a, b, c] = [
      at(alice, { columns: 80, rows: 24 }, keygen),
      at(bob, { columns: 120, rows: 40 }, keygen),
      at(carol, { columns: 40, rows: 12 }, keygen),
    ]
    await a.sees('or no:')
    const shown = { alice: a.screen, bob: '', carol: '' }
    await accepts(a, 'Do you accept')
    await a.sees('☐ bob')
    const alone = a.screen

    await b.sees('or no:')
    shown.bob = b.screen
    await accepts(b, 'Do you accept')
    await a.sees('☑ bob')
    const one = a.screen

    await c.sees('Enter shows more')
    shown.carol = c.screen
    for (let page = 0; !c.screen.includes('or no:'); page++) {
      expect(page).toBeLessThan(5)
      const before = c.screen
      c.types('\r')
      await new Promise<void>((resolve) => {
        const look = () => (c.screen === before ? setTimeout(look, 10) : resolve())
        look()
      })
      await c.sees(/Enter shows more, q stops: *$|or no:/)
    }
    await accepts(c, 'Do you accept')
    await a.sees('Did bob read')
    const asked = a.screen
    await b.sees(/has seen the words.*☑ carol/)
    const others = b.screen
    keepPicture(b, 'keygen', 'Bob at a key generation: the ceremony, the six words, and who is here')
    await a.answers('Did bob read', 'bob')
    await a.answers('Did carol read', 'carol')
    expect(await Promise.all([a, b, c].map(({ ended }) => ended))).toEqual([0, 0, 0])

    expectScreens('keygen-80x24', {
      'alice is shown the ceremony': shown.alice,
      'she is the first': alone,
      'bob has come': one,
      'all are here, and she has verified nobody': asked,
      'the end': a.all.join('\n'),
    })
    expectScreens('keygen-120x40', {
      'bob is shown the ceremony': shown.bob,
      'he has verified everybody, and alice compares words': others,
      'the end': b.all.join('\n'),
    })
    expectScreens('keygen-40x12', {
      'carol is shown the ceremony, by the page': shown.carol,
      'the end': c.all.join('\n'),
    })
    expect([a, b, c].flatMap(brokenProse)).toEqual([])
  })

  it('of a signature: all of what is signed can be seen before', async () => {
    const ask = ['sign', '--key', 'treasury', '--in', 'contract.txt', '--signers', 'alice,bob']
    const a = at(alice, { columns: 80, rows: 24 }, [...ask, '--reason', 'as we said on Monday'])
    const b = at(bob, { columns: 120, rows: 40 }, ['sign', '--key', 'treasury', '--next'])
    await a.sees('or "no":')
    const asked = a.screen
    await b.sees('Waiting for somebody')
    const waits = b.screen
    a.types('view\r')
    await a.sees('Enter shows more, q stops:')
    const viewed = a.screen
    a.types('q\r')
    await a.sees(/q stops: q .*or "no": *$/)
    await accepts(a, 'Sign it?')
    await a.sees('Waiting for bob')
    const waiting = a.screen
    await b.sees('or "no":')
    const joined = b.screen
    keepPicture(b, 'approval', 'Bob is shown what Alice asks him to sign')
    await accepts(b, 'Sign it?')
    expect(await Promise.all([a.ended, b.ended])).toEqual([0, 0])
    expectScreens('sign-80x24', {
      'alice is shown what she asks for': asked,
      'she views all of it': viewed,
      'bob has not answered yet': waiting,
      'the end': a.all.join('\n'),
    })
    expectScreens('sign-120x40', {
      'nobody has asked yet': waits,
      'bob is shown what alice asks for': joined,
      'the end': b.all.join('\n'),
    })
    expect([a, b].flatMap(brokenProse)).toEqual([])
  })

  it('without colour, in plain lines, and on a very small terminal', async () => {
    const [dora, emil, fay] = (await custodians(folder.dir, 'dora', 'emil', 'fay')) as [
      Custodian,
      Custodian,
      Custodian,
    ]
    const made = await dora.mpc([...newKeygen('k.mpc', { '--members': 'dora,emil,fay' }), '--json'])
    const id = made.json.data.definition_id as string
    const keygen = ['keygen', '--definition', 'k.mpc']
    const d = at(dora, { env: { NO_COLOR: '1' } }, keygen)
    const e = at(emil, { columns: 200, rows: 40 }, [...keygen, '--plain'])
    await accepts(d, 'Do you accept')
    await d.sees('☐ emil')
    const alone = d.screen
    await accepts(e, 'Do you accept')
    await e.sees('dora: here, fay: missing')
    const plain = e.screen
    const f = at(fay, { columns: 30, rows: 8 }, [...keygen, '--accept', id])
    expect(await Promise.all([d, e, f].map(({ ended }) => ended))).toEqual([0, 0, 0])
    expectScreens('keygen-no-color', { 'she is the first': alone, 'the end': d.all.join('\n') })
    expectScreens('keygen-plain', {
      'one is missing': withoutProgress(plain, false),
      'the end': withoutProgress(e.all.join('\n'), true),
    })
    expectScreens('keygen-30x8', { 'the end': f.all.join('\n') })
    expect(d.raw).not.toMatch(COLOUR)
    expect(e.raw).not.toContain('\u001b')
    expect([d, e, f].flatMap(brokenProse)).toEqual([])
  })
})

/** Of what is said of progress, how much is seen depends on how fast it passes. */
function withoutProgress(screen: string, all: boolean): string {
  const isProgress = (line: string) => /^(?:Making|Collecting|Done|Everybody is here|Waiting)/.test(line)
  // The other one may be seen before or after a line is written.
  const isTransient = (line: string) => isProgress(line) && (all || !/dora: here, fay: missing/.test(line))
  return screen
    .split('\n')
    .filter((line) => !isTransient(line))
    .map((line) => line.replace(/^Waiting.*$/, 'Waiting for the others (dora: here, fay: missing)'))
    .filter((line, i, lines) => line !== lines[i - 1])
    .join('\n')
}

const CONTRACT = Array.from({ length: 40 }, (_, i) => `${i + 1}. nobody pays anything to anybody\n`).join('')
