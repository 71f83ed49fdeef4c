/**
 * `npm run bench` runs every benchmark, `npm run bench -- forest serving` the named ones; of one that has rows (serving) those
 * that are named behind it: `npm run bench -- serving start batch`. Each prints ratios against a peer or a limit measured in the
 * same run, and writes bench/results/<name>.json; single rows are not written.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { fileURLToPath } from 'node:url'
import type { BenchResult } from './harness.ts'

const here = fileURLToPath(new URL('.', import.meta.url))
const NOT_BENCHMARKS = ['main.ts', 'harness.ts', 'processes.ts']

const all = readdirSync(here)
  .filter((f) => f.endsWith('.ts') && !NOT_BENCHMARKS.includes(f) && !f.includes('-server'))
  .map((f) => f.replace(/\.ts$/, ''))
type Bench = { run(rows?: readonly string[]): Promise<BenchResult[]>; rows?: readonly string[] }
const load = (name: string) => import(`./${name}.ts`) as Promise<Bench>

const asked: { name: string; rows: string[] }[] = []
for (const word of process.argv.slice(2)) {
  const before = asked.at(-1)
  const rows = before ? ((await load(before.name)).rows ?? []) : []
  // A row and a benchmark may have one name: behind a benchmark that has it, it is the row.
  if (before && rows.includes(word)) before.rows.push(word)
  else if (all.includes(word)) asked.push({ name: word, rows: [] })
  else {
    const there = before && rows.length > 0 ? `; rows of ${before.name} are ${rows.join(', ')}` : ''
    console.error(`no such benchmark: ${word}; there are ${all.join(', ')}${there}`)
    process.exit(2)
  }
}

execFileSync(process.execPath, [fileURLToPath(new URL('../scripts/build.mjs', import.meta.url))], { stdio: 'inherit' })
const machine = `${cpus()[0]?.model ?? 'unknown'}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}`
console.log(machine)
mkdirSync(`${here}/results`, { recursive: true })

for (const { name, rows } of asked.length > 0 ? asked : all.map((name) => ({ name, rows: [] }))) {
  const { run } = await load(name)
  console.log(`\n${name}`)
  const results = await run(rows)
  for (const r of results) {
    const notes = [r.spread && `rounds ${r.spread.map(round).join(' to ')}`, r.note].filter(Boolean)
    const note = notes.length > 0 ? `  (${notes.join('; ')})` : ''
    console.log(
      `  ${r.name}: ours ${round(r.ours)} ${r.unit}, peer ${round(r.peer)} ${r.unit}, ratio ${round(r.ratio)}${note}`,
    )
  }
  if (rows.length > 0) continue
  writeFileSync(`${here}/results/${name}.json`, `${JSON.stringify({ machine, results }, null, 2)}\n`)
}

function round(x: number): string {
  return Math.abs(x) >= 100 ? x.toFixed(0) : x.toPrecision(4)
}
