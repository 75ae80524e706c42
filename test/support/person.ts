/** A person at a real terminal: reads the screen as it stands, and types. The screen is judged by xterm's own parser. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import xterm from '@xterm/headless'
import { describe, test } from 'vitest'
import { BIN, MACHINE } from './cli.js'
import { pictureOf } from './picture.js'

const DESK = fileURLToPath(new URL('desk.py', import.meta.url))
const found = spawnSync('python3', ['-c', 'import pty'], { stdio: 'ignore' }).status === 0

/**
 * A suite that needs terminals: skipped by name where none can be made (python3 with its pty module), unless
 * `MPC_REQUIRE_TERMINAL` says it must run.
 */
export function terminalSuite(name: string, suite: () => void): void {
  if (found) describe(name, suite)
  else if (process.env['MPC_REQUIRE_TERMINAL'] === '1') {
    describe(name, () => {
      test('terminals can be made', () => {
        throw new Error('MPC_REQUIRE_TERMINAL is set, and python3 makes no terminal')
      })
    })
  } else describe.skip(`${name} (skipped: no python3 to make terminals)`, suite)
}

export type Desk = {
  readonly columns?: number
  readonly rows?: number
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
}

export class Person {
  /** Everything that the program wrote, control sequences and all. */
  raw = ''
  readonly ended: Promise<number | null>
  readonly columns: number
  readonly #screen: InstanceType<typeof xterm.Terminal>
  readonly #child: ChildProcess
  #over = false
  #look: () => void = () => undefined

  private constructor(child: ChildProcess, columns: number, rows: number) {
    this.columns = columns
    this.#child = child
    this.#screen = new xterm.Terminal({ cols: columns, rows, scrollback: 2000, allowProposedApi: true })
    child.stdout?.on('data', (chunk: Buffer) => {
      this.raw += chunk.toString('utf8')
      this.#screen.write(chunk, () => this.#look())
    })
    this.ended = new Promise((resolve) => {
      child.on('close', (code) => {
        this.#screen.write('', () => {
          this.#over = true
          this.#look()
          resolve(code)
        })
      })
    })
  }

  /** Starts `mpc` in a home, at a terminal. Times are in UTC. */
  static runs(home: string, args: readonly string[], desk: Desk = {}): Person {
    const { columns = 80, rows = 24, env = {}, cwd } = desk
    const command = [DESK, String(rows), String(columns), process.execPath, BIN, ...args]
    const all = {
      ...MACHINE,
      HOME: join(home, '..'),
      MPC_HOME: home,
      TERM: 'xterm',
      TZ: 'UTC',
    }
    const child = spawn('python3', command, {
      cwd,
      env: { ...all, ...env },
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    child.stdin?.on('error', () => undefined)
    return new Person(child, columns, rows)
  }

  /** The rows on the screen now. */
  get screen(): string {
    const { baseY } = this.#screen.buffer.active
    return this.#rows(baseY, baseY + this.#screen.rows)
      .join('\n')
      .trimEnd()
  }

  /** The same as an SVG picture. */
  picture(title: string): string {
    return pictureOf(this.#screen, title)
  }

  /** That, and what has scrolled away; rows that only the terminal broke are put together again. */
  get all(): string[] {
    const lines: string[] = []
    const { active } = this.#screen.buffer
    for (let y = 0; y < active.length; y++) {
      const row = active.getLine(y)
      const text = row?.translateToString(!active.getLine(y + 1)?.isWrapped) ?? ''
      if (row?.isWrapped) lines[lines.length - 1] += text
      else lines.push(text)
    }
    return lines
      .map((line) => line.trimEnd())
      .join('\n')
      .trimEnd()
      .split('\n')
  }

  /** Resolves once this is on the screen. @throws if the program ends before */
  async sees(text: string | RegExp): Promise<void> {
    const isThere = () => {
      const words = this.screen.replaceAll(/\s+/g, ' ')
      return typeof text === 'string' ? words.includes(text) : text.test(words)
    }
    // Once seen is enough: by the time that this goes on, something else may have been drawn.
    const seen = await new Promise<boolean>((resolve) => {
      this.#look = () => {
        if (isThere()) resolve(true)
        else if (this.#over) resolve(false)
      }
      this.#look()
    })
    if (!seen) throw new Error(`it ended without ${text}:\n${this.all.join('\n')}`)
  }

  types(text: string): void {
    this.#child.stdin?.write(text)
  }

  /** Waits for a question, and answers it. */
  async answers(question: string | RegExp, answer: string): Promise<void> {
    await this.sees(question)
    this.types(`${answer}\r`)
  }

  kill(): void {
    this.#child.kill('SIGKILL')
  }

  #rows(from: number, to: number): string[] {
    const { active } = this.#screen.buffer
    return Array.from(
      { length: to - from },
      (_, i) => active.getLine(from + i)?.translateToString(true) ?? '',
    )
  }
}
