/** The report of `npm run bench` for people: a table for each thing that was measured, milliseconds throughout. */

export function tables(report) {
  const { node, cpus, startup, handshake, keygen, sign, ecdsa } = report
  const parts = [`Node ${node}, ${cpus} processors; milliseconds`]
  if (startup) parts.push(table('Start', [startup], [''], Object.keys(startup)))
  const over = ['memory', 'nats']
  if (handshake) parts.push(table('Handshake among', Object.values(handshake), Object.keys(handshake), over))
  const against = [...over, 'noble', 'ratio']
  if (keygen) parts.push(table('Key generation', Object.values(keygen), Object.keys(keygen), against))
  if (sign) parts.push(table('Signing', Object.values(sign), Object.keys(sign), against))
  if (ecdsa) parts.push(...ecdsaTables(ecdsa))
  return `${parts.join('\n\n')}\n`
}

function ecdsaTables({ level, primes, parties }) {
  return [
    `ECDSA (${level}), one party in one thread. Before it: ${primes.a_party} primes of ${primes.bits} bits; one took ${primes.one}.`,
    ...Object.entries(parties).map(([size, { steps, between, ...a }]) => {
      const rows = Object.entries(steps)
      const columns = ['ms', 'cpu', 'exponentiations', 'ratio']
      const rest = Object.entries(between).map(([name, ms]) => [name, { ms }])
      const all = [...rows, ...rest]
      const made = table(
        size,
        all.map(([, row]) => row),
        all.map(([name]) => name),
        columns,
      )
      return `${made}\n  a counterparty: aux ${a.aux_a_counterparty}, presign ${a.presign_a_counterparty} (aim: 600); ratio (aim): 1.15`
    }),
  ]
}

function table(title, rows, names, columns) {
  const lines = [
    [title, ...columns],
    ...rows.map((row, i) => [names[i], ...columns.map((c) => row[c] ?? '')]),
  ]
  const width = (c) => Math.max(...lines.map((line) => String(line[c]).length))
  return lines
    .map(([name, ...cells]) =>
      [name.padEnd(width(0)), ...cells.map((cell, c) => String(cell).padStart(width(c + 1)))]
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
