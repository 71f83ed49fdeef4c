/**
 * `npm run bench` runs every benchmark, `npm run bench -- forest predict` the named ones. Each prints ratios against a
 * peer or a limit measured in the same run, and writes bench/results/<name>.json.
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
const asked = process.argv.slice(2)
const unknown = asked.filter((name) => !all.includes(name))
if (unknown.length > 0) {
  console.error(`no such benchmark: ${unknown.join(', ')}; there are ${all.join(', ')}`)
  process.exit(2)
}

execFileSync(process.execPath, [fileURLToPath(new URL('../scripts/build.mjs', import.meta.url))], { stdio: 'inherit' })
const machine = `${cpus()[0]?.model ?? 'unknown'}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}`
console.log(machine)
mkdirSync(`${here}/results`, { recursive: true })

for (const name of asked.length > 0 ? asked : all) {
  const { run } = (await import(`./${name}.ts`)) as { run: () => Promise<BenchResult[]> }
  console.log(`\n${name}`)
  const results = await run()
  for (const r of results) {
    const notes = [r.spread && `rounds ${r.spread.map(round).join(' to ')}`, r.note].filter(Boolean)
    const note = notes.length > 0 ? `  (${notes.join('; ')})` : ''
    console.log(
      `  ${r.name}: ours ${round(r.ours)} ${r.unit}, peer ${round(r.peer)} ${r.unit}, ratio ${round(r.ratio)}${note}`,
    )
  }
  writeFileSync(`${here}/results/${name}.json`, `${JSON.stringify({ machine, results }, null, 2)}\n`)
}

function round(x: number): string {
  return Math.abs(x) >= 100 ? x.toFixed(0) : x.toPrecision(4)
}
