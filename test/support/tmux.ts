/**
 * People at the panes of a real tmux: a shell each, into which they paste lines and type answers; what they see is what
 * tmux says is on the screen.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { describe, test } from 'vitest'

const found = spawnSync('tmux', ['-V'], { stdio: 'ignore' }).status === 0

/** A suite in tmux: skipped by name where there is none, unless `MPC_REQUIRE_TERMINAL` says it must run. */
export function tmuxSuite(name: string, suite: () => void): void {
  if (found) describe(name, suite)
  else if (process.env['MPC_REQUIRE_TERMINAL'] === '1') {
    describe(name, () => {
      test('tmux is installed', () => {
        throw new Error('MPC_REQUIRE_TERMINAL is set, and there is no tmux in PATH')
      })
    })
  } else describe.skip(`${name} (skipped: no tmux in PATH)`, suite)
}

const SHELL = ['bash', '--noprofile', '--norc', '-i']

/** A tmux server of its own. */
export class Tmux {
  readonly #socket = `mpc-test-${process.pid}`

  constructor(
    readonly folder: string,
    readonly env: Readonly<Record<string, string>> = {},
  ) {}

  /** A shell in a terminal of its own. */
  pane(name: string, { columns = 80, rows = 24 } = {}): Pane {
    const shell = { PATH: process.env['PATH'] ?? '', HOME: this.folder, PS1: '$ ', HISTFILE: '/dev/null' }
    const all = { ...shell, TZ: 'UTC', ...this.env }
    const settings = Object.entries(all).map(([key, value]) => `${key}=${value}`)
    const size = ['-x', String(columns), '-y', String(rows)]
    const inside = ['env', '-i', ...settings, 'TERM=screen', ...SHELL]
    this.run('-f', '/dev/null', 'new-session', '-d', '-s', name, ...size, '-c', this.folder, ...inside)
    return new Pane(this, name)
  }

  close(): void {
    spawnSync('tmux', ['-L', this.#socket, 'kill-server'], { stdio: 'ignore' })
  }

  run(...args: readonly string[]): string {
    return execFileSync('tmux', ['-L', this.#socket, ...args], { encoding: 'utf8' })
  }
}

/** Milliseconds between looks at a screen. */
const LOOK = 50

export class Pane {
  constructor(
    readonly tmux: Tmux,
    readonly name: string,
  ) {}

  /** Types this, and Enter. */
  types(text: string): void {
    if (text !== '') this.tmux.run('send-keys', '-t', this.name, '-l', text)
    this.tmux.run('send-keys', '-t', this.name, 'Enter')
  }

  /** Presses a key that is no text, by tmux's name for it: `C-z`, `Left`. */
  presses(key: string): void {
    this.tmux.run('send-keys', '-t', this.name, key)
  }

  /** The text on the screen now. */
  get screen(): string {
    return this.tmux.run('capture-pane', '-p', '-t', this.name).trimEnd()
  }

  /** That, and what has scrolled away; rows that only the terminal broke are put together again. */
  get all(): string {
    return this.tmux.run('capture-pane', '-p', '-J', '-S', '-', '-t', this.name).trimEnd()
  }

  /** Resolves with the lines from this one on, once this is among them. */
  async sees(text: string | RegExp, from = 0): Promise<readonly string[]> {
    for (let left = 60_000 / LOOK; left > 0; left--) {
      const lines = this.all.split('\n').slice(from)
      const seen = lines.map((line) => line.trimEnd()).join('\n')
      if (typeof text === 'string' ? seen.includes(text) : text.test(seen)) return lines
      await new Promise((resolve) => setTimeout(resolve, LOOK))
    }
    throw new Error(`${this.name} never saw ${text}:\n${this.all}`)
  }
}
