import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const SRC = fileURLToPath(new URL('../../src', import.meta.url))

/** What makes a result depend on when, where or by whom it was made, and the files that may use it. */
const BANNED: { what: string; pattern: RegExp; places: Record<string, string> }[] = [
  {
    what: "the machine's clock",
    pattern: /\bDate\.now\(|\bnew Date\(\)/,
    places: {
      'base/clock.ts': 'the one clock, handed in everywhere else',
      'lake/scratch.ts': 'compared with the time of a file, which is of the same clock',
      'lake/s3-store.ts': 'the time at which a copy of an object was used, on the file itself',
      'db/embedded/cluster.ts': 'the name of a draft folder',
      'db/embedded/hold.ts': 'the time of a file',
      'monitoring/tracing.ts': 'the moments of a span, which other programs put beside theirs',
      'remote-mlflow/tracking.ts': 'how long an answer of the other server is believed',
    },
  },
  {
    what: 'an unseeded random number',
    pattern: /\bMath\.random\(/,
    places: { 'db/embedded/lock.ts': 'the name of a draft file' },
  },
  {
    what: 'the environment',
    pattern: /\bprocess\.env\b/,
    places: {
      'server.ts': "OpenTelemetry's own variables",
      'app.ts': 'a trainer is given those variables that the project names',
      'cli/with-app.ts': 'handed to the table of settings',
      'cli/output.ts': 'colours, by the common variables',
      'cli/commands/doctor.ts': 'says where a setting comes from',
      'ingest/ingest.ts': 'the address of a source in PostgreSQL, whose variable the project names',
      'lake/s3-client.ts': "the AWS SDK's own variables",
      'db/embedded/cluster.ts': "the system's programs are found by PATH",
      'db/embedded/binaries.ts': 'the place of caches, by XDG',
      'training/git.ts': 'git is found by PATH, and is not told which repository a hook belongs to',
    },
  },
  {
    what: 'a stream that makes its file later, even after it was given up',
    pattern: /\bcreateWriteStream\((?!\))/,
    places: {},
  },
  {
    what: 'code made of text, or an address that a caller could choose',
    pattern: /(?<![.\w])eval\(|\bnew Function\(|(?<![.\w])fetch\(/,
    places: {
      'remote-mlflow/rest.ts': 'the one door to another MLflow server',
      'monitoring/alerts/webhook.ts': 'the one door to webhooks, whose addresses are a setting',
      'cli/commands/demo.ts': 'asks the server that it has just started',
      'cli/console-link.ts': 'asks the server at the address of the settings whether it is of this project',
    },
  },
]

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((f) => f.endsWith('.ts'))

describe.each(BANNED)('$what', ({ pattern, places }) => {
  const users = files.filter((file) => pattern.test(withoutComments(readFileSync(join(SRC, file), 'utf8'))))

  it('is used only where a reason is written down', () => {
    expect(users.filter((file) => !(file in places))).toEqual([])
  })

  it('is used in each of these places', () => {
    expect(Object.keys(places).filter((file) => !users.includes(file))).toEqual([])
  })
})

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '')
}
