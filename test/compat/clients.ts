import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { type Missing, testWith } from '../helpers/needs.ts'

/** The lines of the MLflow client that we test with, and the variable that names a Python with each. */
export const MLFLOW_CLIENTS = [
  { version: '2.16.2', variable: 'WEIR_PYTHON_MLFLOW2', requirements: 'test/compat/requirements-mlflow2.txt' },
  { version: '3.17.2', variable: 'WEIR_PYTHON_MLFLOW3', requirements: 'test/compat/requirements-mlflow3.txt' },
]
export type Client = (typeof MLFLOW_CLIENTS)[number]

/** The lines of Feast: that of the stack we replace, and the newest that could be installed. */
export const FEAST_CLIENTS: Client[] = [
  { version: '0.56.0', variable: 'WEIR_PYTHON_FEAST56', requirements: 'test/compat/requirements-feast56.txt' },
  { version: '0.67.0', variable: 'WEIR_PYTHON_FEASTNEW', requirements: 'test/compat/requirements-feastnew.txt' },
]

/** A client of the open inference protocol. */
export const TRITON_CLIENTS: Client[] = [
  { version: '2.73.0', variable: 'WEIR_PYTHON_TRITON', requirements: 'test/compat/requirements-triton.txt' },
]

/** One test for each line of a client, `$version` in the title. A line that is not here says so. */
export function testEachClient(
  clients: readonly Client[],
  title: string,
  body: (client: Client) => Promise<void>,
  timeout?: number,
): void {
  for (const client of clients) {
    testWith(title.replace('$version', client.version), missingClient(client), () => body(client), timeout)
  }
}

export function missingClient({ variable, version, requirements }: Client): Missing {
  if (process.env[variable]) return undefined
  return { what: `${variable} names no Python with the client ${version} (${requirements})` }
}

/** Runs a script of this folder against a server and gives the JSON document on its last line. */
export async function runPython(
  client: Client,
  script: string,
  options: { args?: string[]; uri: string; cwd: string },
): Promise<Record<string, unknown>> {
  const python = process.env[client.variable]
  if (!python) throw new Error(`${client.variable} must name a Python with ${client.requirements}`)
  const env = {
    ...process.env,
    MLFLOW_TRACKING_URI: options.uri,
    MLFLOW_HTTP_REQUEST_MAX_RETRIES: '0',
    GIT_PYTHON_REFRESH: 'quiet',
    NO_PROXY: '127.0.0.1',
  }
  const file = fileURLToPath(new URL(script, import.meta.url))
  const run = promisify(execFile)(python, [file, ...(options.args ?? [])], { env, cwd: options.cwd, maxBuffer: 1e8 })
  const { stdout } = await run
  return JSON.parse(stdout.trim().split('\n').at(-1)!) as Record<string, unknown>
}
