/**
 * The callers of bench/hostile.ts, in a process of their own and behind everybody else (nice): they stand for other
 * machines, so they must take little from the processes that are measured. Its argument is JSON, `{url, ask, callers}`;
 * it asks until its input ends, then prints how often which status came.
 */
import { setPriority } from 'node:os'

type Ask = { path: string; method?: string; headers?: Record<string, string>; body?: string }

setPriority(10)
let line = ''
process.stdin.setEncoding('utf8')
const statuses: Record<string, number> = {}
process.stdin.on('data', (text: string) => {
  line += text
  if (!line.endsWith('\n')) return
  const { url, ask, callers } = JSON.parse(line) as { url: string; ask: Ask; callers: number }
  for (let i = 0; i < callers; i++) void callAgainAndAgain(url, ask)
})
process.stdin.on('end', () => {
  console.log(JSON.stringify(statuses))
  process.exit(0)
})

async function callAgainAndAgain(url: string, { path, ...init }: Ask): Promise<never> {
  for (;;) {
    const told = await fetch(`${url}${path}`, init).then(
      async (answer) => {
        for await (const _ of answer.body ?? []);
        return String(answer.status)
      },
      (error: Error) => error.message.slice(0, 40),
    )
    statuses[told] = (statuses[told] ?? 0) + 1
  }
}
